"""What beats words: marks of success, commands that are repeated, lines that only speak of failures."""

from typing import Final

PASS_MARK: Final = (
    rb"^(?:\s*(?:ok\b|OK\b|PASS(?:ED)?\b|passed\b|\xe2\x9c\x93|\xe2\x9c\x94|\xe2\x88\x9a|\xe2\x9c\x85|\[ *(?:OK|PASSED|ok|PASS|RUN|\+) *\])"
    rb"|(?!.*[Ff]ail)\S.* [Pp]assed\.?$"
    # Headings of what follows, and advice.
    rb"|[\s=*_#-]*(?:FAILURES|failures|Failures|ERRORS|Errors|Summary of all failing tests|short test summary info)!*:?[\s=*_#-]*$"
    rb"|There (?:was|were) \d* ?(?:failure|error)s?:$"
    rb"|\[ERROR\] (?:-> \[Help|To see the full stack|Re-run Maven|For more information|\[Help|Please refer to|After correcting|$)"
    rb"|=*\d*==ABORTING$|Use \"--rerun-failed)"
    rb"|(?:\.\.\.?\s?|\s|\[|\()(?:ok|OK|PASSED|PASS|SUCCESS|success|\xe2\x9c\x93|\xe2\x9c\x94)[\])]?\s*(?:[\(\[][^()]*[\)\]])?\s*\.?$"
    rb"|\.\.\.?\s?(?:passed|Passed|done|yes|no|found)[\])]?\s*\.?$"
    rb"|\bpasse[ds] (?:now|on retry|on attempt|after)\b|# (?:TODO|SKIP|todo|skip)\b"
)
"""A line that says that something went well, or nothing of its own, beats every word in it."""

ECHO: Final = rb"^\s*(?:(?:\$|%|PS [^>]*>) \S|\+{1,4} ?(?!Exception Group)\w|> (?![A-Z])\S)"
"""A command that a shell prints before it runs it. (What Gradle says after ">" begins with a capital.)"""

LOWERED: Final = (
    rb"^\s*(?:\[?(?:INFO|DEBUG|TRACE|info|debug)\]?[\s:]|Installing|Downloading|Downloaded|Unpacking|Setting up|Selecting|Get:|Hit:|Fetching|Fetched|Collecting"
    rb"|Compiling|Building|Copying|Creating|Adding|Linking|Using|Preparing|Processing|Reading|Cloning|Receiving|remote:|adding|creating|copying|removing|running|building|checking|inflating|extracting"
    rb"|ld |ar |ranlib |gcc |g\+\+ |cc |c\+\+ |clang|javac |python\S* |rm |cp |mv |mkdir |ln |install |libtool|CC |CXX |LD |GEN |AR |\[ *%\]|\[/\] |Scanning|--? (?:Looking|Performing|Check|Found|Detecting|Could NOT find)"
    rb"|checking (?:for|whether|if)|\* \[new|Requirement already|  ?Running setup|travis_|export |declare |set |source |drwx|-rw)"
    rb"|\b(?:no|without|zero|ignore[sd]?|ignoring|skip(?:s|ped|ping)?|expected|allow(?:ed)?|handles?|handling|should|raises?|throws?|returns?|catch(?:es)?|tests?|when|if|rescue[ds]?|with) (?:any |an? |the |on )?(?:errors?|failures?|failed|exceptions?|warnings?|fail|invalid|unknown|missing|bad)\b"
    rb"|-W(?:no-)?error|--(?:no-)?(?:fail|error|warn|abort|exit)|-errors?\b|\berrors?(?: =|=)|[:=] ?(?:0|none|no|null)\b"
)
"""A line of work, or one that speaks of failures as such: only a heavy word counts there."""

NONE: Final = rb"(?i)\b(?:no|0) (?:\w+ )?(?:errors?|failures?|failed|problems?|warnings?|issues?|offenses|tests? failed)\b|\b(?:errors?|failures?|failed|warnings?|problems?)\s?[:=]\s?(?:(?:0|none)\b|no(?=$|[\s]*[,;)\]]))"
"""A count of nothing. It is looked for in lines, with their digits."""

CLOSING: Final = rb"^(?:Done\. Your build exited with|ERROR: Job failed|The build has been terminated|Job (?:failed|succeeded)|Cleaning up|Post job cleanup)"
"""What a CI says at the very end is no anchor: it comes after the clean-up."""
