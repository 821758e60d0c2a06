"""How lines belong together where no tool is known, and the lines of loggers."""

from typing import Final

from loopflow.logs.model import Priority
from loopflow.logs.recognisers.rows import Recogniser

RECOGNISERS: Final = (
    # The name of a test in the list of all: why it failed is told elsewhere.
    Recogniser(
        "test name",
        "^(?:\\S+::\\S.* (?:FAILED|ERROR)\\s*(?:\\[ *%\\])?$|\\[gw\\] \\[ *%\\] (?:FAILED|ERROR) |\\S.* \\.\\.\\. (?:FAIL|FAILED|ERROR)$"
        "|\\s.*\\(FAILED - \\)$|\\[  FAILED  \\] \\w|\\s*/? *Test +#: .*\\*\\*\\*|\\S.*= \\. s = [FE]$"
        "|\\s*FAIL +\\S+\\.[jt]sx?$|\\s*(?:✕|×|✖) \\S.*(?: \\(? ?m?s\\)?| > .*)$| {4,}\\) \\S)".encode(),
        "failed|error|... fail|^fail|^ fail|***|= . s = |✕|×|✖|    ) ",
        60,
        confirm=rb"\s*\d+\) |(?! {4,}\))",
        goes_on="\\s+→".encode(),
        at_most=Priority.HIGH,
    ),
    Recogniser(
        "warning",
        rb"^(?:\S.{0,200}?: warning(?: [A-Z]+)?: |\s+: +warning  |(?:PHP )?Warning: |warning(?:\[\w+\])?: |npm (?:WARN|warn)|\s*\S+\.py:: \w*Warning: )",
        "warning|npm warn",
        8,
        goes_on=rb"\s+\S|\d+ +\|",
        most=20,
        at_most=Priority.MEDIUM,
    ),
    Recogniser(
        "level",
        rb"^(?:\S{1,80}\s+){0,6}?(?:[\[(<|]?(?:ERROR|FATAL|SEVERE|CRITICAL|CRIT|EMERG|ALERT)[\])>|:]*(?:\s|$)|\[(?:error|crit|alert|emerg)\] )",
        "error|fatal|severe|crit|emerg|alert",
        40,
        goes_on=rb"\s|$|Caused by|at |\.\.\. \d+ more|Traceback|[\w.$]+(?:Error|Exception)\b|During handling|The above",
        at_most=Priority.HIGH,
    ),
)

FRAME: Final = (
    rb"\s|$|at \S|\.\.\. |[|>^~+\-@\xe2]|E  |Caused by|During handling|The above exception|File \"|note:|help:|hint:|from \S+:\d+"
    rb"|[Ee]xpected|[Aa]ctual|[Rr]eceived|[Gg]ot:|[Ww]ant:|diff |={3,}|_{3,}|\d+\)|\(|\[\d+\]|#\d+ |\d+: |[\w./\\-]+:\d+|[\w.$]+(?:Error|Exception)\b|Stack trace|stack:|Reason|reason|Message|message|Details"
)
"""A line that goes on what was said before, in the generic case."""

PLAIN: Final = 3
BEFORE: Final = 3
MOST: Final = 400
