"""Words that failures have in common, whatever tool says them, and lines that say that a step ended badly."""

from typing import Final

from loopflow.logs.recognisers.rows import Word

SUMMARY_WEIGHT: Final = 59
"""Of a count of failures: what failed is told elsewhere, so it is high, but no verb at the beginning lowers it."""

_ALONE = rb"(?<![\w./\\$-])"
# What is left where a number was: after one of these, before one of those.
_COUNT = rb"(?i)(?:^|  |[(\[=|>,:] ?) ?(?:[a-z]+ )?(?:fail|error|broken|crashed|problem|offen|violation|mismatch|leak|defect|not ok|unexpected)"
_COUNT_AFTER = (
    rb"(?i)\b(?:fail(?:ed|ures?|ing|s)?|errors?|errored|broken|not ok|unexpected)\b\s?[:=]\s?(?:$|[,;)\]\s|])"
)
_STATE = (
    rb"(?i)(?:exit|return|terminated|status|code|errorlevel|rc\b|ended|finished|http|response|failed with).{0,40}?"
    rb"[ :=\"(/-](?:[\s).,;:\]\"'!]|$)|internal server|bad gateway|service unavail|gateway time"
)
# Where the number of a state was. It begins with a sign, and looks back from there, which is fast: signs are few.
_STATE_OF_HTTP = (
    rb"[ :=\"](?:(?![A-Za-z_])(?<=[PpSsEeDd/.].)(?i:(?<=http.)|(?<=http[/.].)|(?<=http/\..)|(?<=status.)|(?<=code.)"
    rb"|(?<=response.)|(?<=returned.))|(?<=\")  |(?<=[LlDdEeYy].)(?i:(?<=internal )server|(?<=bad )gateway"
    rb"|(?<=service )unavail|(?<=gateway )time))"
)
_DONE = rb"(?![\w/\\$-]|\.\w)"


def _word(weight: int, pattern: bytes, stems: str) -> Word:
    """Return the row for a word on its own: neither part of a name nor of a path."""
    return Word(weight, rb"(?i)" + _ALONE + rb"(?:" + pattern + rb")" + _DONE, stems)


WORDS: Final = (
    # Crashes, and what a runtime says when it gives up.
    Word(100, rb"Traceback \(most recent call last\)|^Traceback:", "traceback"),
    Word(100, rb"panicked at|^panic: |^\s*goroutine \d* ?\[running\]|kernel panic|Kernel panic", "panic|goroutine"),
    Word(100, rb"(?:Address|Thread|Memory|UndefinedBehavior|Leak)Sanitizer(?::|\b.*(?:error|SUMMARY))", "sanitizer"),
    Word(100, rb"runtime error: |fatal error: (?!-)|Fatal error: |FATAL ERROR", "runtime error|fatal error"),
    Word(100, rb"(?i)core dumped|segmentation fault|\bSIG(?:SEGV|ABRT|BUS|ILL|FPE)\b|bus error", "core dumped|segmentation fault|sigsegv|sigabrt|sigbus|sigill|sigfpe|bus error"),
    Word(100, rb"(?i)(?:uncaught|unhandled)[\w ]{0,24}(?:error|exception|rejection|promise)", "uncaught|unhandled"),
    Word(100, rb"(?i)out of memory|OutOfMemory|oom-kill|cannot allocate memory|heap limit", "out of memory|outofmemory|oom-kill|cannot allocate memory|heap limit"),
    Word(100, rb"(?i)data corrupt|corrupt(?:ed|ion)\b.*\bdetected|detected\b.*\bcorrupt", "corrupt"),
    Word(100, rb"(?i)stack overflow|StackOverflow|double free|use-after-free|heap corruption|stack smashing", "overflow|double free|use-after|corruption|smashing"),
    Word(90, rb"(?i)internal compiler error|INTERNAL ERROR|assertion (?:`.*' )?failed|\bassert(?:ion)?\b.*\bfailed", "internal compiler error|internal error|assert"),
    Word(85, rb"(?<![\w.])(?:[A-Za-z_$][\w$]*[.:]+)*[A-Z][A-Za-z_]*(?:Error|Exception|Failure|Fault|Panic)\b(?=: |\n|$)", "error|exception|failure|fault|panic"),
    Word(80, rb"(?i)\bundefined (?:reference|symbol)|undefined symbols|multiple definition of|unresolved external|cannot find -l", "undefined|multiple definition|unresolved|cannot find -l"),
    Word(80, rb"(?i)\b(?:syntax|parse|type|name|reference|link|lex|compile|compilation|build|linker|scan|import|load|render|schema|semantic|check) error\b|\bcompilation failed|build failed because", " error|compilation failed|build failed because"),
    Word(80, rb"^(?:\s*|.{0,48}[\s\]>)])(?:error|ERROR|Error|fatal|FATAL|Fatal)(?:\([\w-]*\)|\[[\w-]*\]|\s[A-Z]{1,6})?\s?:(?!:)", "error|fatal"),
    Word(80, rb"(?<=[\d:)\]\w])\s?:\s?(?:fatal |syntax )?error\b(?:\s[A-Z]+)?\s?:", "error"),
    Word(80, rb"^\s*(?:Fehler|FEHLER|erreur|Erreur|ERREUR|errore|Errore|error fatal)\s?:|: (?i:fehler|erreur|errore)\s?:", "fehler|erreur|errore|error fatal"),
    Word(80, "错误|錯誤|エラー|ошибка:|Ошибка:|ОШИБКА|오류:".encode(), "错误|錯誤|エラー|ошибка|Ошибка|ОШИБКА|오류"),
    Word(80, rb"^not ok\b", "not ok"),
    Word(75, rb"^\s*(?:FAIL|FAILED|FAILURE|ERROR|BROKEN|Failed|Failure)\b\s?[:\[(!>-]?", "fail|error|broken"),
    Word(70, rb"(?<![\w-])FAIL(?:ED|URE)?(?:S|!)?(?![\w-])", "fail"),
    Word(70, rb"(?i)\b(?:failed|failing|errored|broken) (?:test|spec|example|scenario|check|assertion|case|target|step|task)s?\b", "fail|errored|broken"),
    Word(70, "(?:^|\\s)(?:✗|✘|✕|✖|❌)(?:\\s|$)".encode(), "✗|✘|✕|✖|❌"),
    Word(65, rb"(?i)\b(?:test|build|job|task|step|check|suite|spec|compile|install(?:ation)?|command|script|process|request|validation|assertion|deploy(?:ment)?|migration|verification|signature|download|fetch|clone|merge|lint)s? (?:has |have |was |is )?(?:failed|failing|errored|aborted|crashed)\b", "fail|errored|aborted|crashed"),
    Word(60, rb"(?i)\berror(?:ed)?\b\s?(?:[:!]|\bin\b|\bat\b|\bwhile\b|\bwhen\b|\bduring\b|\boccur|\boccured|\breading\b|\bloading\b|\brunning\b|\bexecuting\b|\bparsing\b|\bcreating\b|\binstalling\b|\bdownloading\b)", "error"),
    Word(60, rb"(?i)\b(?:an?|the following|fatal|unexpected|unknown|critical|serious) (?:\w+ )?(?:errors?|exceptions?) (?:was |were |has |have )?(?:occurr?ed|encountered|raised|thrown|found|happened)", "error|exception"),
    Word(60, rb"(?i)\bfatal\b\s?[:!]|^fatal\b", "fatal"),
    Word(60, rb"\b[Ff]ailed\b\s?: ?[^\s\d]", "failed"),
    Word(60, rb"(?i)\bexpected\b.{1,200}\b(?:but )?(?:got|received|found|was|to (?:be|equal|have|match|contain|include))\b|^\s*(?:expected|actual|received)\b\s?:", "expected|actual|received"),
    Word(60, rb"(?i)command not found|no such (?:module|package|command|target|method|field)|is not recognized as|unknown (?:command|option|flag|argument|target|property|identifier|type)|unrecognized (?:option|argument|command)", "command not found|no such|not recognized|unknown|unrecognized"),
    Word(60, rb"(?i)\b(?:could|can|did|does|do|was|is)(?: ?not|n't|'t) (?:find|resolve|open|load|import|compile|locate|connect|read|access|create|determine|parse|be (?:found|resolved|loaded|opened|located|parsed|compiled|applied|read|imported|installed)|install|start|execute|match|satisf)|\bcannot (?:find|resolve|open|load|import|compile|locate|connect|read|access|create|parse|be |use|assign|convert|infer|install|start|execute|borrow|move|instantiate|stat|remove|write)", "not |'t "),
    Word(55, rb"(?i)\b(?:module|package|file|class|symbol|command|program|library|header|target|function|method|key|dependency|revision|branch|tag|page|template|artifact|import|name|variable|image|resource|version)\b[^:]{0,80}\b(?:not found|does not exist|is (?:missing|undefined|not defined)|doesn't exist)", "not found|exist|missing|undefined|not defined"),
    _word(50, rb"(?:version|dependency|merge|peer dep|lock ?file|hash|checksum|digest|size|type)\w* (?:conflict|mismatch)\w*|mismatched \w+|conflict(?:ing|s)? (?:dependenc|requirement|version|in)\w*", "conflict|mismatch"),
    # The levels of loggers.
    Word(40, rb"(?:^|[\s\[(|<\"'=/:.-])(?:ERROR|FATAL|SEVERE|CRITICAL|EMERG|ALERT|PANIC|CRIT)(?=$|[\s\])|>\"',:.-])", "error|fatal|severe|crit|emerg|alert|panic"),
    Word(40, rb"(?i)[\[<(|\"=](?:error|fatal|severe|critical|err|crit|emerg)[\])>|\",]", "err|fatal|severe|crit|emerg"),
    # What goes wrong outside.
    _word(40, rb"permission denied|access (?:is )?denied|operation not permitted|not permitted|unauthorized|forbidden|authentication failed|no space left(?: on device)?|disk full|read-only file system|broken pipe|connection (?:was )?(?:refused|reset|closed|aborted|lost|timed out)|no route to host|network is unreachable|(?:host|server) (?:is )?(?:unreachable|down)|name resolution|unknown host|certificate (?:verify failed|has expired)|handshake fail\w*", "denied|not permitted|unauthorized|forbidden|authentication failed|no space left|disk full|read-only file|broken pipe|connection was|connection refused|connection reset|connection closed|connection aborted|connection lost|connection timed out|no route to|unreachable|host is|host down|server is|server down|name resolution|unknown host|certificate verify|certificate has|handshake fail"),
    _word(40, rb"timed ?out|time-?out|deadline exceeded|hung|dead-?lock(?:ed)?|stuck|no output has been received|exceeded the maximum", "timed|timeout|time-out|time out|deadline|hung|deadlock|dead-lock|stuck|no output|exceeded"),
    _word(40, rb"killed|aborted|aborting|crash(?:ed|es|ing)?|terminated (?:by|with|abnormally)\b.*|stopp(?:ed|ing) unexpectedly|died|giving up|gave up|refus(?:ed|ing)", "killed|abort|crash|terminated|unexpectedly|died|giving up|gave up|refus"),
    _word(40, rb"fail(?:ed|s|ure|ures|ing)?", "fail"),
    _word(35, rb"exceptions?|throws?|thrown|raised?|errno|fault", "exception|throw|raise|errno|fault"),
    _word(35, rb"no such file or directory|does(?: not|n't) exist|not found|is missing|missing|undefined|undeclared|unresolved|unsatisfied|unsupported|unexpected|unable|illegal|invalid|incompatible|inconsistent|malformed|corrupt(?:ed)?|mismatch(?:ed)?|conflict(?:s|ing)?|violat(?:ed|es|ion|ions)|leak(?:s|ed)?|nil|rejected|unreachable|unknown", "no such|exist|not found|missing|undefined|undeclared|unresolved|unsatisfied|unsupported|unexpected|unable|illegal|invalid|incompatible|inconsistent|malformed|corrupt|mismatch|conflict|violat|leak|nil|rejected|unreachable|unknown"),
    _word(30, rb"cannot|can't|couldn't|could not|won't|unable to|must (?:be|not|have)|should (?:be|have|not)|wrong|bad|not (?:allowed|valid|supported|available|defined|installed|recognized|implemented|an?)|no (?:matching|suitable|default|tests?|module|rule|such)\b.*|too (?:many|few|long|large|old|small)", "cannot|can't|couldn't|could not|won't|unable|must |should |wrong|bad|not |no |too "),
    Word(30, rb"(?i)(?<![\w./\\$'\"-])errors?(?![\w/\\$-]|\.\w)", "error"),
    Word(8, rb"(?i)(?<![\w./\\$-])warn(?:ing|ings)?(?![\w/\\$]|\.\w)|\bdeprecat(?:ed|ion|ions)|\bobsolete\b|\bWARN\b|DeprecationWarning|avertissement|Warnung", "warn|deprecat|obsolete|avertissement"),
    # Numbers that decide.
    Word(SUMMARY_WEIGHT, rb"(?i)\b[1-9]\d*(?:,\d+)* (?:tests? |specs? |examples? |steps? |scenarios? |suites? |assertions? |unexpected |test )?(?:fail(?:ed|ures?|ing|s)?|errors?|errored|broken|crashed|problems?|offen[cs]es?|violations?|mismatch(?:es)?|leak(?:s|ed)|defects?|not ok|unexpected)\b", "fail|error|broken|crashed|problem|offen|violation|mismatch|leak|defect|not ok|unexpected", digits=_COUNT),
    Word(SUMMARY_WEIGHT, rb"(?i)\b(?:fail(?:ed|ures?|ing|s)?|errors?|errored|broken|not ok|unexpected)\b\s?[:=]\s?[1-9]\d*", "fail|error|broken|not ok|unexpected", digits=_COUNT_AFTER),
    Word(40, rb"(?i)(?:exit(?:ed|s|ing)?|return(?:ed|s)?|terminated|status|code|errorlevel|rc|ended|finished)\b[^\d\n]{0,24}\b(?:(?:status|code|rc|with|value)\b[^\d\n]{0,8})?-?[1-9]\d{0,9}\b(?!\.\d)", "exit|exit code|exited|status code|return code|returned|errorlevel|non-zero|rc=", digits=_STATE),
    Word(40, rb"(?i)(?:HTTP/\d(?:\.\d)?\"?|HTTP|status|code|response|returned)[ :=\"]{1,3}5\d\d\b|\" 5\d\d \d|\b5\d\d (?:Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time)", "http|status|code|response|returned|internal server|bad gateway|service unavail|gateway time", digits=_STATE_OF_HTTP, number=rb"5(?<![^ \":=>(].)\d\d(?!\d)"),
    Word(8, rb"(?i)(?:HTTP/\d(?:\.\d)?\"?|HTTP|status|response)[ :=\"]{1,3}4\d\d\b|\" 4\d\d \d", "http|status|response", digits=_STATE_OF_HTTP, number=rb"4(?<![^ \":=].)\d\d(?!\d)"),
)  # fmt: skip

ANCHORS: Final = (
    Word(40, rb"BUILD FAIL(?:URE|ED)|^\s*FAILURE: Build failed|Build FAILED|\*\* (?:BUILD|TEST|ARCHIVE) FAILED \*\*", "build fail", is_anchor=True),
    Word(40, rb"^g?n?make(?:\[\])?: \*\*\* |^gmake.*\*\*\*|mingw32-make.*\*\*\*", "*** ", is_anchor=True),
    Word(40, rb"##\[error\]\s?Process completed with exit code|::error::Process completed", "process completed", is_anchor=True),
    Word(40, rb"^The command \".*\" (?:exited with [1-9]|failed and exited)", "the command", digits=_STATE, is_anchor=True),
    Word(40, rb"(?i)\b(?:exited with|exit status|exit code|returned a non-zero code|returned non-zero exit status|failed with (?:exit )?code)[: ]{0,2}(?:code )?-?[1-9]\d*", "exited with|exit status|exit code|non-zero|failed with", digits=_STATE, is_anchor=True),
    Word(40, rb"^npm ERR! (?:code ELIFECYCLE|Test failed|errno)|error Command failed|^ELIFECYCLE|ERR_PNPM|^lerna ERR!|^rake aborted!|^ninja: build stopped|^Test(?:s)? failed\.?$|^error: (?:test failed|could not compile|aborting due to)|^FAIL\s+\S+\s+[\d.]*s$|^Failed tests?:|^BUILD FAILED|^\*\*\* Error code", "elifecycle|npm err!|command failed|err_pnpm|lerna err|rake aborted|build stopped|test failed|tests failed|could not compile|aborting due|^fail|*** error", is_anchor=True),
)  # fmt: skip
