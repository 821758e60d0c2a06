"""Layers of lines that are JSON: loggers, and journald.

`journalctl -o json` writes a field that is no UTF-8 as an array of its bytes, one that is longer than 4096 bytes as
null (unless `--all`), and values of a field that occurs several times as an array (systemd's "Journal JSON format" and
systemd.journal-fields(7)). Fields with "_" in front are what the journal itself knows of the process; of them only the
unit and the time are used, as of those of syslog and of the place in the source. All others are printed.
"""

from collections.abc import Callable
from typing import Any

from loopflow.logs.envelopes.batch import Batch, Line, spliced
from loopflow.logs.envelopes.levels import syslog_level
from loopflow.logs.envelopes.parsing import parsed, written
from loopflow.logs.envelopes.records import record, stamp_of
from loopflow.logs.model import Priority

_KNOWN = frozenset(
    {"MESSAGE", "PRIORITY", "MESSAGE_ID", "INVOCATION_ID", "USER_INVOCATION_ID", "JOB_ID", "JOB_TYPE", "TID"}
    | {"CODE_FILE", "CODE_LINE", "CODE_FUNC", "SYSLOG_FACILITY", "SYSLOG_IDENTIFIER", "SYSLOG_PID"}
    | {"SYSLOG_TIMESTAMP", "SYSLOG_RAW"}
)


class JsonLayer:
    """Records of loggers."""

    key = "json"
    name = "json"

    def apply(self, batch: Batch) -> Batch:
        """Record by record; a line that is none stays."""
        return _by_line(batch, logger_lines)

    def flush(self) -> list[Line]:
        """Nothing is held."""
        return []


class JournalLayer:
    """Records of the journal: the message alone, so that a trace in many records is one again."""

    key = "journald"
    name = "journald"

    def apply(self, batch: Batch) -> Batch:
        """Record by record; a line that is none stays."""
        return _by_line(batch, journal_lines)

    def flush(self) -> list[Line]:
        """Nothing is held."""
        return []


def _by_line(batch: Batch, read: Callable[[bytes, int], list[Line] | None]) -> Batch:
    if not batch.text.startswith(b"{") and b"\n{" not in batch.text:
        return batch
    lines = batch.text.split(b"\n")[: batch.count]
    found = ((at, read(raw, at)) for at, raw in enumerate(lines) if raw.startswith(b"{"))
    records = [(at, made) for at, made in found if made]
    return spliced(batch, lines, records) if records else batch


def logger_lines(raw: bytes, at: int = 0) -> list[Line] | None:
    """Make the lines of a logger's record, or None where it is none."""
    found = parsed(raw)
    try:
        made = record(found) if found else None
    except RecursionError:  # read, but too deep to be written
        return None
    return _leveled(made.lines, made.level, Line("", at, "", made.stamp, None, made.component)) if made else None


def _leveled(texts: list[str], level: Priority | None, like: Line) -> list[Line]:
    """Lines of one record. The first has its level; those below it too where that says that they do not matter."""
    if len(texts) == 1:
        return [Line(texts[0], like.origin, like.stream, like.stamp, level, like.component)]
    below = level if level is Priority.VERBOSE else None
    return [like._replace(text=text, level=below if at else level) for at, text in enumerate(texts)]


def journal_lines(raw: bytes, at: int = 0) -> list[Line] | None:
    """Make the lines of a journal's record, or None where it is none or its message was left out."""
    if b'"MESSAGE"' not in raw or (b'"__' not in raw and b'"_' not in raw):
        return None
    found = parsed(raw)
    if found is None or not any(name.startswith("_") for name in found):
        return None
    try:
        return _journal_lines(found, at)
    except RecursionError:  # read, but too deep to be written
        return None


def _journal_lines(found: dict[str, Any], at: int) -> list[Line] | None:
    message = _field(found.get("MESSAGE"))
    if not message:
        return None
    stamp = stamp_of(_field(found.get("__REALTIME_TIMESTAMP") or found.get("_SOURCE_REALTIME_TIMESTAMP"))) or ""
    names = (_field(found.get(name)) for name in ("_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER", "_COMM"))
    component = next((name for name in names if name and name.isprintable()), "")
    pid = _field(found.get("_PID") or found.get("SYSLOG_PID"))
    stream = f"{component}[{pid}]" if pid.isdigit() else component
    level = syslog_level(_field(found.get("PRIORITY")))
    first, *more = message.strip("\n").split("\n")
    others = ((name, _field(value)) for name, value in found.items() if name not in _KNOWN and name[:1] != "_")
    behind = "".join(f" {name}={text}" for name, text in others if text)
    lines = [first + behind.replace("\n", " "), *more]
    return _leveled(lines, level[1] if level else None, Line("", at, stream, stamp, None, component))


def _field(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    """Give a field as text: an array is bytes, or several values."""
    if value is None:
        return ""
    if not isinstance(value, list):
        return written(value)
    if value and all(type(item) is int and 0 <= item < 0x100 for item in value):  # noqa: PLR2004 - a byte
        return bytes(value).decode("utf-8", "replace")
    return "\n".join(_field(item) if isinstance(item, (str, list)) else written(item) for item in value)
