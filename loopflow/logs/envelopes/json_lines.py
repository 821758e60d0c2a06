"""Layers of lines that are JSON: loggers, and journald.

`journalctl -o json` writes a field that is no UTF-8 as an array of its bytes, one that is longer than 4096 bytes as
null (unless `--all`), and values of a field that occurs several times as an array (systemd's "Journal JSON format" and
systemd.journal-fields(7)). Fields with "_" in front are what the journal itself knows of the process; of them only the
unit and the time are used, as of those of syslog and of the place in the source. All others are printed.
"""

from collections.abc import Callable
from typing import Any

from loopflow.logs.envelopes.batch import Batch, Line, Record, encoded, spliced
from loopflow.logs.envelopes.levels import syslog_level
from loopflow.logs.envelopes.parsing import parsed, written
from loopflow.logs.envelopes.records import record, stamp_of

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
        return _by_line(batch, logger_record)

    def flush(self) -> list[Line]:
        """Nothing is held."""
        return []


class JournalLayer:
    """Records of the journal: the message alone, so that a trace in many records is one again."""

    key = "journald"
    name = "journald"

    def apply(self, batch: Batch) -> Batch:
        """Record by record; a line that is none stays."""
        return _by_line(batch, journal_record)

    def flush(self) -> list[Line]:
        """Nothing is held."""
        return []


def _by_line(batch: Batch, read: Callable[[bytes], Record | None]) -> Batch:
    before, *pieces = (b"\n" + batch.text).split(b"\n{")
    texts, records, at = [before], [], before.count(b"\n")
    for piece in pieces:  # a line that may be a record, without what it begins with, and the lines up to the next one
        raw, end, others = piece.partition(b"\n")
        made = read(b"{" + raw)
        if made:
            records.append((at, made))
            texts += b"\n", encoded("\n".join(made.lines)), end, others
        else:
            texts += b"\n{", piece
        at += 1 + piece.count(b"\n")
    return spliced(batch, b"".join(texts)[1:], records) if records else batch


def logger_record(raw: bytes) -> Record | None:
    """Make the lines of a logger's record, or None where it is none."""
    found = parsed(raw)
    try:
        return record(found) if found else None
    except RecursionError:  # read, but too deep to be written
        return None


def journal_record(raw: bytes) -> Record | None:
    """Make the lines of a journal's record, or None where it is none or its message was left out."""
    if b'"MESSAGE"' not in raw or (b'"__' not in raw and b'"_' not in raw):
        return None
    found = parsed(raw)
    if found is None or not any(name.startswith("_") for name in found):
        return None
    try:
        return _journal_record(found)
    except RecursionError:  # read, but too deep to be written
        return None


def _journal_record(found: dict[str, Any]) -> Record | None:
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
    return Record(lines, level[1] if level else None, component, stamp, stream)


def _field(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    """Give a field as text: an array is bytes, or several values."""
    if value is None:
        return ""
    if not isinstance(value, list):
        return written(value)
    if value and all(type(item) is int and 0 <= item < 0x100 for item in value):  # noqa: PLR2004 - a byte
        return bytes(value).decode("utf-8", "replace")
    return "\n".join(_field(item) if isinstance(item, (str, list)) else written(item) for item in value)
