"""The .gitattributes files of what is measured: from disk for the work tree, else from the index or the commit.

They are looked for above what is measured, whether or not they are selected themselves. On disk they count as they are,
tracked or not; what git does not read there, such as a link, or a list that a sparse checkout leaves out, it looks for
in the index. A pipe, for which git would wait, and what lies behind a link are not read either.
"""

import codecs
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from loopflow.analysis.attributes import Attributes
from loopflow.analysis.names import directories_above, escape_name
from loopflow.errors import GitError
from loopflow.io.file import Listed
from loopflow.io.git.attributes import FILE, MOST_BYTES, ask_attributes
from loopflow.io.git.repository import Git
from loopflow.io.read.document import blob_id
from loopflow.io.read.opening import NotOpened, Opener
from loopflow.model import FileRef, FileTokens, Repository, Worktree, is_regular

_MOST_TOGETHER = 256_000_000
"""Bytes of lists that are held at once, which is far more than anybody writes."""

_SKIPPED = re.compile(rb"\0[^\n]*|\r(?=\n)")


class _Place(NamedTuple):
    """A repository, or a plain directory, at `root` (absolute). Paths below it begin with `prefix`."""

    prefix: str
    root: str
    repository: Repository | None


def find_attributes(git: Git, listed: Listed, files: Iterable[FileTokens]) -> Attributes:
    """Return the attributes of `files` and of the directories that they lie in, each by its own repository's lists.

    Raises GitError where a list cannot be read from git, or git does not say.
    """
    places = _find_places(git, listed)
    given: dict[str, Mapping[str, bool]] = {}
    for prefix, paths in _by_place(places, [file.path for file in files]).items():
        lists = _Lists(git, listed, places[prefix]).read(_directories(paths))
        found = ask_attributes(git, places[prefix].root, lists, paths)
        given |= {prefix + path: said for path, said in found.items()} if prefix else found
    return Attributes(given)


def _find_places(git: Git, listed: Listed) -> dict[str, _Place]:
    """Return where paths begin, by prefix: at each tree that was asked for, and at repositories below those."""
    places: dict[str, _Place] = {}
    for tree in listed.trees:
        prefix = os.path.join(os.path.relpath(tree.root, listed.root).replace(os.sep, "/"), "").removeprefix("./")
        places[prefix] = _Place(prefix, tree.root, tree.repository)
    for prefix in {listing.prefix for listing in listed.everything}.difference(places):
        root = os.path.normpath(os.path.join(listed.root, prefix))
        places[prefix] = _Place(prefix, root, git.find_repository(root) if prefix else None)
    return places


def _by_place(places: Collection[str], paths: list[str]) -> dict[str, list[str]]:
    """Return the paths below each place, relative to it: the innermost that a path lies in."""
    if len(places) == 1:
        return {"": paths}
    below: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        prefix = max((place for place in ("", *directories_above(path)) if place in places), key=len)
        below[prefix].append(path.removeprefix(prefix))
    return below


def _directories(paths: Iterable[str]) -> list[str]:
    """Return the directories above `paths`, each with its slash, "" for the root."""
    found = {"": None}
    for place in dict.fromkeys(path[: path.rfind("/") + 1] for path in paths):
        while place not in found:
            found[place] = None
            place = place[: place.rfind("/", 0, -1) + 1]  # noqa: PLW2901  upwards, until one is known
    return list(found)


class _Lists:
    """The .gitattributes files of one place."""

    def __init__(self, git: Git, listed: Listed, place: _Place) -> None:
        self._git = git
        self._repository = place.repository
        self._root = place.root
        self._is_on_disk = isinstance(listed.request.source, Worktree)
        self._stored = {
            name: item._replace(path=name)
            for listing in listed.everything
            if listing.prefix == place.prefix
            for item in listing.items
            if item.path.endswith(FILE) and isinstance(item, FileRef) and item.blob and is_regular(item.mode)
            for name in [listing.name(item)]
        }

    def read(self, directories: Sequence[str]) -> dict[str, bytes]:
        """Return the contents of those that are in one of `directories`. Raises GitError for one that git lacks."""
        found: dict[str, bytes] = {}
        size = 0
        for place, data in self._read_all(directories):
            found[place] = data
            size += len(data)
            if size > _MOST_TOGETHER:
                what = f"the {FILE} files of {escape_name(self._root)} are too large: {_MOST_TOGETHER:,} bytes together"
                raise GitError(what, "do not trust them")
        return found

    def _read_all(self, directories: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        left = dict.fromkeys(directories)
        for place, data in self._read_disk(directories):
            del left[place]
            yield place, data
        missing = [self._stored[place + FILE] for place in left if place + FILE in self._stored]
        if self._repository and missing:
            for path, data in self._git.read_small(self._repository, missing, MOST_BYTES):
                yield path.removesuffix(FILE), data

    def _read_disk(self, directories: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield those on disk that are what is asked for: in the work tree all, else what is the same as in git."""
        places = directories if self._is_on_disk else [place for place in directories if place + FILE in self._stored]
        root = os.path.join(self._root, "")
        with Opener(self._root) as opener:
            for place in places:
                if os.access(f"{root}{place}{FILE}", os.F_OK):  # the cheapest question: there are thousands of places
                    data = _read(opener, place + FILE)
                    if data is not None and self._is_on_disk:
                        yield place, _as_in_git(data)
                    elif data is not None and self._is_stored(place + FILE, data):
                        yield place, data

    def _is_stored(self, path: str, data: bytes) -> bool:
        stored, repository = self._stored[path], self._repository
        return repository is not None and blob_id(data, repository.object_format) == stored.blob


def _read(opener: Opener, path: str) -> bytes | None:
    """Return the content of a file that git would read, None for any other."""
    with suppress(NotOpened, OSError):
        handle, status = opener.open(path)
        with os.fdopen(handle, "rb") as file:
            return file.read() if status.st_size < MOST_BYTES else None
    return None


def _as_in_git(data: bytes) -> bytes:
    """Return what says as an object what `data` says as a file.

    Of files alone, git skips a byte order mark, what follows a NUL in a line, and the CR at a line's end.
    """
    return _SKIPPED.sub(b"", data.removeprefix(codecs.BOM_UTF8))
