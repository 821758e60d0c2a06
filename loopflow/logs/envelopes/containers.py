r"""What container runtimes keep of a process's output: one record a line, a long line in several of them.

Docker's json-file driver writes `{"log":"...\n","stream":"stderr","time":"..."}`, and `attrs` where labels are asked
for; a `log` without "\n" at its end goes on in the next record of its stream (moby, `daemon/logger/jsonfilelog`:
records are cut at 16 KiB). The container runtime interface of Kubernetes writes "TIME STREAM TAGS TEXT", where the
first tag is F for a full line or P for a part (kubernetes/design-proposals-archive, `node/kubelet-cri-logging.md`).
"""

import json
import re
from collections import OrderedDict
from typing import Any

from loopflow.logs.envelopes.batch import Batch, Line, rebuilt, set_stamps, set_streams

BUFFERS = 64
"""How many streams may have an unfinished line at once."""

LONGEST = 8 * 1024 * 1024
"""How long a joined line may get, in bytes; what comes then is a line of its own."""

_CRI = (
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([FP])"
    rb"(?::\S{0,80})?(?: |(?=\n|\Z))"
)
_CRI_LINE = re.compile(_CRI)
_CRI_SPLIT = re.compile(rb"\n(?:" + _CRI + rb")?")
_DOCKER_HEAD = b'{"'
_DECODER = json.JSONDecoder()


class Partials:
    """Unfinished lines by stream, oldest first. A part is text of one kind throughout: bytes or str."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str, str], tuple[Line, list[Any], int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def add(self, key: tuple[str, str], line: Line, made: list[Line], *, ends: bool) -> None:
        """Put a part behind what is held of its stream; lines that are finished by it go to `made`.

        A line has the stamp of its first part, and the place of its last.
        """
        first, parts, size = self._held.pop(key, (line, [], 0))
        parts.append(line.text)
        size += len(line.text)
        if ends or size >= LONGEST:
            made.append(self._whole(first, parts, line.origin))
            return
        self._held[key] = (first, parts, size)
        if len(self._held) > BUFFERS:
            _, (first, parts, _) = self._held.popitem(last=False)
            made.append(self._whole(first, parts, line.origin))

    def flush(self) -> list[Line]:
        """Everything that is held, and forget it."""
        lines = [self._whole(first, parts, 0) for first, parts, _ in self._held.values()]
        self._held.clear()
        return lines

    def _whole(self, first: Line, parts: list[Any], origin: int) -> Line:
        return first._replace(text=type(parts[0])().join(parts), origin=origin)


class CriLayer:
    """Lines of the container runtime interface."""

    key = "cri"
    name = "cri"

    def __init__(self) -> None:
        self._partials = Partials()

    def apply(self, batch: Batch) -> Batch:
        """Whole lines at once by a pattern; a block with parts of lines one by one."""
        if not batch.count:
            return batch
        parts = _CRI_SPLIT.split(b"\n" + batch.text[:-1])
        stamps, streams, flags, texts = (parts[at::4] for at in (1, 2, 3, 4))
        if b"P" not in flags and not self._partials:
            batch.text = b"\n".join(texts) + b"\n"
            set_stamps(batch, range(batch.count), stamps)
            set_streams(batch, range(batch.count), streams, component=False)
            return batch
        made: list[Line] = []
        for at, (stamp, stream, flag, text) in enumerate(zip(stamps, streams, flags, texts, strict=True)):
            if stamp is None:
                made.append(Line(text, at))
                continue
            line = Line(text, at, stream.decode(), stamp.decode())
            outer = batch.streams[at] if batch.streams else ""
            self._partials.add((outer, line.stream), line, made, ends=flag == b"F")
        return rebuilt(batch, made)

    def flush(self) -> list[Line]:
        """Parts whose last one did not come."""
        return self._partials.flush()


def is_cri(line: bytes) -> bool:
    """Whether a line is one of the container runtime interface."""
    return _CRI_LINE.match(line) is not None


class DockerLayer:
    """Records of Docker's json-file driver."""

    key = "docker"
    name = "docker"

    def __init__(self) -> None:
        self._partials = Partials()

    def apply(self, batch: Batch) -> Batch:
        """Record by record; a line that is none stays."""
        made: list[Line] = []
        for at, raw in enumerate(batch.text.split(b"\n")[: batch.count]):
            record = docker_record(raw)
            if record is None:
                made.append(Line(raw, at))
            else:
                self._add(batch, record, at, made)
        return rebuilt(batch, made)

    def _add(self, batch: Batch, record: dict[str, Any], at: int, made: list[Line]) -> None:
        stream, stamp, log = record.get("stream", ""), _stamp(record["time"]), record["log"]
        if not self._partials and log.find("\n") == len(log) - 1 >= 0:
            made.append(Line(log[:-1], at, stream, stamp))
            return
        key = (batch.streams[at] if batch.streams else "", stream)
        *whole, rest = log.split("\n")
        for text in whole:
            self._partials.add(key, Line(text, at, stream, stamp), made, ends=True)
        if rest:
            self._partials.add(key, Line(rest, at, stream, stamp), made, ends=False)

    def flush(self) -> list[Line]:
        """Parts whose end did not come."""
        return self._partials.flush()


def docker_record(line: bytes) -> dict[str, Any] | None:
    """Read a record of json-file, or None where a line is something else."""
    if not line.startswith(_DOCKER_HEAD) or not line.endswith(b"}") or b'"log"' not in line:
        return None
    try:
        record = _DECODER.decode(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(record.get("log"), str) or not record.keys() <= {"log", "stream", "time", "attrs"}:
        return None
    return record if isinstance(record.get("time"), str) and record.get("stream", "") in _STREAMS else None


def _stamp(text: str) -> str:
    """Give a time as it is printed beside lines; nothing where it is none, but whatever somebody put there."""
    return text if len(text) <= _LONGEST_STAMP and text.isascii() and text.isprintable() else ""


_LONGEST_STAMP = 64
_STREAMS = ("", "stdout", "stderr")
