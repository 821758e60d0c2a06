"""Many listed files, for whoever looks at names and needs few of the records."""

from array import array
from collections.abc import Iterator, Sequence
from typing import overload

from loopflow.model.selection import FileRef, make_refs

_AT_ONCE = 1_000


class FileTable(Sequence[FileRef]):
    """Listed files in half the memory of a list: only paths are objects, a `FileRef` is made when asked for."""

    __slots__ = ("_blobs", "_length", "modes", "paths")

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.modes = array("H")  # octal 160000 at most
        self._blobs = bytearray()
        self._length = 0

    def extend(self, refs: Sequence[FileRef]) -> None:
        """Add files of one repository: all ids are equally long."""
        if not self._length:
            self._length = next((len(ref.blob) // 2 for ref in refs if ref.blob), 0)
        none = "00" * self._length
        self.paths += [ref.path for ref in refs]
        self.modes.extend([ref.mode for ref in refs])
        self._blobs += bytes.fromhex("".join([ref.blob or none for ref in refs]))

    def find(self, path: str) -> FileRef | None:
        """Return the file that is listed at `path`, if one is."""
        try:
            return self[self.paths.index(path)]
        except ValueError:
            return None

    def sorted(self) -> "FileTable":
        """Return the table in the order of its paths as text, which mostly is git's."""
        if sorted(self.paths) == self.paths:
            return self
        table = FileTable()
        table.extend(sorted(self))
        return table

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[FileRef]:
        for at in range(0, len(self.paths), _AT_ONCE):
            yield from self._part(at, at + _AT_ONCE)

    @overload
    def __getitem__(self, at: int) -> FileRef: ...
    @overload
    def __getitem__(self, at: slice) -> list[FileRef]: ...
    def __getitem__(self, at: int | slice) -> FileRef | list[FileRef]:
        if isinstance(at, slice):
            return [self[each] for each in range(len(self))[at]]
        at = range(len(self))[at]
        return self._part(at, at + 1)[0]

    def _part(self, start: int, end: int) -> list[FileRef]:
        size, paths = self._length, self.paths[start:end]
        ids = self._blobs[start * size : end * size].hex()
        blobs = [ids[at : at + 2 * size] for at in range(0, len(ids), 2 * size or 1)] or [""] * len(paths)
        return make_refs(paths, self.modes[start:end], [blob if blob.strip("0") else None for blob in blobs])
