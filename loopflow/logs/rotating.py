"""Digests and originals in a directory of the user's: a few files for each run, of which the newest stay.

`build.log.20250301235959.digest.txt`, `.json` and `.log.gz` are those of one run; a second run in the same second is
`-2`. A text that is too long is split into `.digest.1.txt`, `.digest.2.txt`. Only files of such a name that begin as
ours do are ever removed, and nothing through a link: the directory is opened once, and held.
"""

import errno
import fcntl
import os
import re
import shutil
import stat
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, Final, NamedTuple, Self

from loopflow.analysis.names import escape_name
from loopflow.errors import LoopflowError, UsageError, describe_os_error
from loopflow.io.writing import AtomicFile, sweep_left_behind
from loopflow.logs.model import Digest
from loopflow.logs.render.json import render_json
from loopflow.logs.splitting import split_text

STANDARD_INPUT: Final = "standard input"
"""The name of a log that comes there."""
LOCK: Final = ".loopflow-logs.lock"
_STAMP: Final = "%Y%m%d%H%M%S"
_FILE: Final = re.compile(
    r"(?P<name>[A-Za-z0-9_][A-Za-z0-9._-]{0,79})\.(?P<stamp>\d{14})(?:-(?P<number>[2-9]|[1-9]\d{1,4}))?"
    r"\.(?P<kind>digest(?:\.[1-9]\d{0,5})?\.txt|json|log\.gz)",
    re.ASCII,
)
_FIRST_LINE: Final = re.compile(
    rb"\[(?:log [^\n]{1,2000}: )?[\d,]{1,20} lines?\b[^\n]{0,4000}\]\n|\[part \d{1,6} of \d{1,6} of [^\n]{1,200}\]\n"
)
_OUR_JSON: Final = b'{\n "schema": 1,\n "sources": [\n'
_GZIP: Final = b"\x1f\x8b"
_LOOKED_AT: Final = 8_192
_LONGEST_NAME: Final = 80
_MOST_AT_ONCE: Final = 10_000
_WAITS: Final = 100
_PAUSE: Final = 0.1
_PRIVATE: Final = 0o600
"""Of an original: nothing in it is redacted."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """Where digests go, how large a text may be in bytes, and how many runs stay."""

    directory: "OutputDirectory"
    most_bytes: int
    most_runs: int


class _RunKey(NamedTuple):
    """What names the files of a run. They sort by time."""

    stamp: str
    number: int
    name: str

    @property
    def stem(self) -> str:
        """What each of its files begins with."""
        return f"{self.name}.{self.stamp}{f'-{self.number}' if self.number > 1 else ''}"


class OutputDirectory:
    """A directory that is open, and made if it was not there. `shown` is its name for people.

    Raises UsageError where it cannot be made or is none; a link to one is none, and below `root`, if that is given, no
    part of the way may be a link: what a config says could lead out of its repository.
    """

    def __init__(self, path: str, shown: str, root: str = "") -> None:
        self.path = path
        self.shown = shown
        hint = "name a directory that can be made"
        if root and os.path.realpath(path) != os.path.join(os.path.realpath(root), os.path.relpath(path, root)):
            raise UsageError(f"the output directory {shown} is behind a link", hint)
        try:
            os.makedirs(path, exist_ok=True)
            self.handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            why = "it is a link" if os.path.islink(path) else describe_os_error(error)
            raise UsageError(f"the output directory {shown} cannot be made: {why}", hint) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.handle)

    def require_same(self) -> None:
        """Raise OSError if something else lies at the path by now: files are written by it."""
        if not os.path.samestat(os.stat(self.path, follow_symlinks=False), os.fstat(self.handle)):
            raise OSError(errno.ESTALE, "another directory took its place")


def rotate(rotation: Rotation, digest: Digest, originals: Sequence[BinaryIO], now: datetime) -> str:
    """Write the files of a run, then remove those of the oldest; return the name of the first with its text.

    Raises LoopflowError where that is impossible.
    """
    directory = rotation.directory
    try:
        with _locked(directory.handle):
            directory.require_same()
            key = _choose_key(directory.handle, name_run(digest), now.astimezone(UTC).strftime(_STAMP))
            sweep_left_behind(directory.path, lambda name: _FILE.fullmatch(name) is not None)
            try:
                return _write_all(rotation, key, digest, originals)
            finally:
                _prune(directory.handle, rotation.most_runs, key)
    except OSError as error:
        what = f"not all of it is kept in {directory.shown}: {describe_os_error(error)}"
        raise LoopflowError(what, "check the directory and the disk") from error


def name_run(digest: Digest) -> str:
    """Return a name of safe characters for files about these logs."""
    source = digest.sources[0]
    program = source.name if source.name == STANDARD_INPUT else source.name.split(" ")[0]
    name = os.path.basename(source.path or program)
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", name, flags=re.ASCII).strip(".-_")
    return safe[:_LONGEST_NAME] or "log"


@contextmanager
def _locked(directory: int) -> Iterator[None]:
    """Keep other runs out while names are chosen. Raises OSError, where others take too long too."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    handle = os.open(LOCK, flags, 0o666, dir_fd=directory)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, f"{LOCK} is no regular file")
        _wait_for(handle)
        yield
    finally:
        os.close(handle)


def _wait_for(handle: int) -> None:
    for _ in range(_WAITS):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE)
        except OSError:  # where there are no locks
            return
        else:
            return
    raise OSError(errno.EBUSY, "another run does not end its work there")


def _choose_key(directory: int, name: str, stamp: str) -> _RunKey:
    """Return the first key of which there is no file, whatever kind of file that would be."""
    taken = {found.group("stamp", "number") for each in os.listdir(directory) if (found := _match(each, name))}
    for number in range(1, _MOST_AT_ONCE):
        if (stamp, str(number) if number > 1 else None) not in taken:
            return _RunKey(stamp, number, name)
    raise OSError(errno.EEXIST, f"there are {_MOST_AT_ONCE:,} runs of one second")


def _match(file: str, name: str) -> re.Match[str] | None:
    found = _FILE.fullmatch(file)
    return found if found and found["name"].lower() == name.lower() else None  # there are disks that fold case


def _write_all(rotation: Rotation, key: _RunKey, digest: Digest, originals: Sequence[BinaryIO]) -> str:
    where = rotation.directory.path
    parts = list(_name_parts(digest, rotation.most_bytes, key.stem))
    for name, text in parts:
        _write(where, name, [text.encode("utf-8", "replace")])
    _write(where, f"{key.stem}.json", [render_json(digest).encode("utf-8", "replace")])
    if originals:
        with AtomicFile(f"{key.stem}.log.gz", where, mode=_PRIVATE) as file:
            for original in originals:  # gzip files one after the other are one
                shutil.copyfileobj(original, file)
    return parts[0][0]


def _write(directory: str, name: str, pieces: Iterable[bytes]) -> None:
    with AtomicFile(name, directory) as file:
        for piece in pieces:
            file.write(piece)


def _name_parts(digest: Digest, most: int, stem: str) -> Iterator[tuple[str, str]]:
    """Yield the files of a text. Each begins with a line of ours: by it the file is known when it is old."""
    head = f"{digest.head}\n"
    text = digest.text if not digest.is_whole else head + digest.text
    parts = split_text(text, most, is_log=digest.is_whole)
    for number, part in enumerate(parts, 1):
        ours = f"[part {number} of {len(parts)} of {stem}]\n" if number > 1 else ""
        yield f"{stem}.digest{f'.{number}' if len(parts) > 1 else ''}.txt", ours + part


def _prune(directory: int, most: int, mine: _RunKey) -> None:
    """Remove the files of all runs but the newest, by the time in their names; of the own one never: clocks go back."""
    runs: defaultdict[_RunKey, list[str]] = defaultdict(list)
    for file in os.listdir(directory):
        if (found := _FILE.fullmatch(file)) and _is_time(found["stamp"]):
            runs[_RunKey(found["stamp"], int(found["number"] or 1), found["name"])].append(file)
    ours = {key: known for key, files in runs.items() if key != mine and (known := _find_ours(directory, files))}
    for key in sorted(ours, reverse=True)[max(most - 1, 0) :]:
        for file in ours[key]:
            with suppress(OSError):
                os.unlink(file, dir_fd=directory)


def find_newest(directory: str) -> list[str]:
    """Return the files of the newest run that is kept in a directory, the parts of its text first and in order.

    Raises OSError where it cannot be listed.
    """
    found = [each for each in map(_FILE.fullmatch, os.listdir(directory)) if each and _is_time(each["stamp"])]
    keys = [_RunKey(each["stamp"], int(each["number"] or 1), each["name"]) for each in found]
    newest = max(keys, default=None)
    files = [each for each, key in zip(found, keys, strict=True) if key == newest]
    return [
        each.string
        for each in sorted(
            files, key=lambda each: (not each["kind"].startswith("digest"), len(each.string), each.string)
        )
    ]


def _is_time(stamp: str) -> bool:
    try:
        datetime.strptime(stamp, _STAMP)  # noqa: DTZ007  it is asked whether it is one
    except ValueError:
        return False
    return True


def _find_ours(directory: int, files: Sequence[str]) -> list[str]:
    """Return which files of a run are ours. An original says nothing of itself: it goes with a digest that does."""
    begins = {file: _read_begin(directory, file) for file in files}
    told = [file for file, begin in begins.items() if not file.endswith(".gz") and _is_ours(file, begin)]
    packed = [file for file, begin in begins.items() if file.endswith(".gz") and begin.startswith(_GZIP)]
    return [*told, *packed] if told else []


def _is_ours(file: str, begin: bytes) -> bool:
    return begin.startswith(_OUR_JSON) if file.endswith(".json") else _FIRST_LINE.match(begin) is not None


def _read_begin(directory: int, file: str) -> bytes:
    """Return how a regular file begins, nothing of anything else."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    except OSError:
        return b""
    try:
        return os.read(handle, _LOOKED_AT) if stat.S_ISREG(os.fstat(handle).st_mode) else b""
    except OSError:
        return b""
    finally:
        os.close(handle)


def open_output(path: str, here: str, root: str = "") -> OutputDirectory:
    """Open the directory that digests go to: of the command line below `here`, of a config below its `root`."""
    return OutputDirectory(os.path.normpath(os.path.join(root or here, path)), escape_name(path), root)
