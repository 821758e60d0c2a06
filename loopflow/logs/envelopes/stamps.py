r"""Stamps before each line.

Where the forms come from: GitHub Actions puts seven digits of a second and "Z " before each line of a job's log, and
`gh run view --log` the job and the step before that, each ended by a tab (cli/cli, `pkg/cmd/run/view`; a mark of byte
order begins each step's file, hence also stands there). GitLab Runner with FF_TIMESTAMPS (on by default since 18.7)
writes microseconds, two digits for the process, O or E for its stream, and " " or "+", which says that the line goes
on where the stream's last one stopped: after "\r", or after 8 KiB without an end (gitlab-runner,
`helpers/runner_wrapper/api`, package timestamper). Such a part stays a line of its own: what "\r" separated belongs
on two lines here. syslog's form is that of RFC 3164, 4.1, which `journalctl -o short` (journalctl(1)) follows;
`short-iso` has a stamp of ISO 8601 instead.
"""

from loopflow.logs.envelopes.heads import Head

_DAY = rb"\d{4}-\d\d-\d\d"
_CLOCK = rb"\d\d:\d\d:\d\d"
_ZONE = rb"(?:Z|[+-]\d\d:?\d\d)"
_MARK = rb"(?:\xef\xbb\xbf)?"
_END = rb"(?: |(?=\n|\Z))"
_GITHUB = _MARK + rb"(?P<stamp>" + _DAY + rb"T" + _CLOCK + rb"\.\d{7}Z)" + _END
_ISO = _DAY + rb"[T ]" + _CLOCK + rb"(?:[.,]\d{1,9})?(?: ?" + _ZONE + rb")?"
_PROCESS = rb"(?P<name>(?P<component>[^\s:\[\]|]{1,100})(?:\[\d{1,10}\])?):" + _END
_SYSLOG = rb"[A-Z][a-z]{2} [ 0-3]\d " + _CLOCK

STAMPS = (
    Head(
        "gh",
        "github",
        "stamp",
        rb"(?P<component>[^\t\n]{1,200})\t(?P<step>[^\t\n]{1,200})\t"
        + _MARK
        + rb"(?P<stamp>"
        + _DAY
        + rb"T"
        + _CLOCK
        + rb"\.\d{1,9}Z)"
        + _END,
    ),
    Head("github", "github", "stamp", _GITHUB),
    Head(
        "gitlab",
        "gitlab",
        "stamp",
        rb"(?P<stamp>" + _DAY + rb"T" + _CLOCK + rb"\.\d{6}Z) (?P<name>[0-9a-f]{2}[OE])[ +]",
    ),
    Head(
        "syslog",
        "syslog",
        "stamp",
        rb"(?P<stamp>" + _SYSLOG + rb"|" + _ISO + rb") \S{1,100} " + _PROCESS,
        any_program=True,
    ),
    Head("iso", "stamps", "stamp", _MARK + rb"\[(?P<stamp>" + _ISO + rb")\]:?" + _END, any_program=True),
    Head("plain", "stamps", "stamp", _MARK + rb"(?P<stamp>" + _ISO + rb"):?" + _END, any_program=True),
    Head(
        "go", "stamps", "stamp", rb"(?P<stamp>\d{4}/\d\d/\d\d " + _CLOCK + rb"(?:\.\d{1,9})?)" + _END, any_program=True
    ),
    Head("clock", "stamps", "stamp", rb"\[(?P<stamp>" + _CLOCK + rb"(?:[.,]\d{1,9})?)\]" + _END, any_program=True),
    Head("bare", "stamps", "stamp", rb"(?P<stamp>" + _CLOCK + rb"(?:[.,]\d{1,9})?)" + _END, any_program=True),
)
