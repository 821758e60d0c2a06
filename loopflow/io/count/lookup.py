"""What a run knows before it reads anything, and what it learns.

A file on disk is known by its state, one in git by its blob id. Both are looked up in the page of its directory, which
one read brings in; ids that are not there are looked up by themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from threading import Lock

from loopflow.analysis.filetype import file_type
from loopflow.io.cache.database import Cache
from loopflow.io.cache.page_format import BINARY, LOSSY, NO_STAMP, Content, Entry, Numbers, Page, pack, unpack
from loopflow.io.read.opening import NotOpened, Opener
from loopflow.model import (
    Candidates,
    Extent,
    FileRef,
    FileTokens,
    Reason,
    Skipped,
    Stamp,
    Worktree,
    make_file_tokens,
)


@dataclass(slots=True)
class Known:
    """What needs no reading, and what is known of the rest: states on disk, blob ids, and contents by blob id."""

    results: list[FileTokens | Skipped] = field(default_factory=list)
    unread: list[FileRef] = field(default_factory=list)
    stamps: dict[str, Stamp] = field(default_factory=dict)
    blobs: dict[str, str] = field(default_factory=dict)
    contents: dict[str, Content] = field(default_factory=dict)


class CacheUpdate:
    """What a run has learned and not yet written to the cache. Threads add to it."""

    def __init__(self, cache: Cache, candidates: Candidates) -> None:
        self.names = _by_directory(candidates.files)
        self.pages = cache.pages(candidates.root, self.names)
        self._cache = cache
        self._root = candidates.root
        self._covers = candidates.covers
        self._lock = Lock()
        self._contents: dict[str, dict[str, Content]] = {"": {}}
        self._entries: dict[str, dict[str, Entry]] = {}

    @property
    def size(self) -> int:
        """How many contents wait to be written."""
        return sum(map(len, list(self._contents.values())))

    def add_contents(self, contents: Mapping[str, Content], apart: str = "") -> None:
        """Add what blob ids count as; `apart` names the only engine that counts them so, if it is not all of them."""
        with self._lock:
            self._contents.setdefault(apart, {}).update(contents)

    def add_file(self, path: str, stamp: Stamp, blob: str, content: Content) -> None:
        """Add which content a file had in the state `stamp`; a binary one on disk has no `blob`."""
        if self._covers is Extent.DIFFERENCE and stamp == NO_STAMP:
            return  # it may be of a commit long ago, and a page is for the files there are
        directory, _, name = path.rpartition("/")
        entry = Entry(self._cache.settled(stamp), content.numbers, blob, content.facts)
        with self._lock:
            self._entries.setdefault(directory, {})[name] = entry

    def save(self) -> None:
        """Write everything to the cache. Where something is new, a run over everything forgets files that are gone."""
        with self._lock:
            contents, self._contents = self._contents, {"": {}}
            update, self._entries = self._entries, {}
            for directory, entries in update.items():
                start = _name_start(directory)
                names = {ref.path[start:] for ref in self.names[directory]}
                known = unpack(self.pages.get(directory, b"")).entries()
                kept = {
                    name: entry for name, entry in known.items() if self._covers is not Extent.TREE or name in names
                }
                # What was only seen in git says nothing about the file on disk: a state of that stays.
                kept |= {name: new for name, new in entries.items() if new.stamp != NO_STAMP or name not in kept}
                self.pages[directory] = pack(kept)
            pages = {directory: self.pages[directory] for directory in update}
        self._cache.save(contents.pop(""), self._root, pages)
        for apart, others in contents.items():
            self._cache.save(others, self._root, {}, apart)


def look_up(candidates: Candidates, cache: Cache, update: CacheUpdate, *, with_text: bool) -> Known:
    """Return what needs no reading; with text, that is only what has none."""
    lookup = _LookUp(cache, update, with_text=with_text)
    on_disk = isinstance(candidates.source, Worktree)
    with Opener(candidates.root) as opener:
        for directory, refs in update.names.items():
            start = _name_start(directory)
            names = [ref.path[start:] for ref in refs]
            page = unpack(update.pages.get(directory, b""), with_stamps=on_disk)
            if on_disk:
                lookup.by_state(refs, names, opener.stamps(directory, names), page)
            else:
                lookup.by_id(refs, names, page)
    lookup.by_id_alone()
    known, unread = lookup.known, lookup.unread
    known.unread = [ref for ref in candidates.files if ref.path in unread]
    return known


class _LookUp:
    """Looks candidates up, one directory after the other."""

    def __init__(self, cache: Cache, update: CacheUpdate, *, with_text: bool) -> None:
        self.known = Known()
        self.unread: set[str] = set()
        self._cache = cache
        self._update = update
        self._with_text = with_text
        self._ids: list[tuple[FileRef, bool]] = []

    def by_state(
        self, refs: Sequence[FileRef], names: Sequence[str], stamps: Sequence[Stamp | NotOpened], page: Page
    ) -> None:
        """Look the files of a directory on disk up by their states."""
        if stamps == page.stamps and names == page.names and self._take_all(refs, page):
            return
        known, entries = self.known, page.entries()
        for ref, name, stamp in zip(refs, names, stamps, strict=True):
            state, numbers, blob, facts = entries.get(name, _NOTHING)
            if state == stamp and self._settle(ref.path, blob, numbers, facts):
                continue
            if isinstance(stamp, NotOpened):
                known.results.append(stamp.skip(ref))
                continue
            self.unread.add(ref.path)
            known.stamps[ref.path] = stamp
            if blob:
                known.contents[blob] = Content.of(numbers, facts)
                if state == stamp:
                    known.blobs[ref.path] = blob

    def by_id(self, refs: Sequence[FileRef], names: Sequence[str], page: Page) -> None:
        """Look the files of a directory in git up by the ids that it held last; leave others for `by_id_alone`."""
        if [ref.blob for ref in refs] == page.blobs and self._take_all(refs, page):
            return
        entries = page.entries()
        for ref, name in zip(refs, names, strict=True):
            _, numbers, blob, facts = entries.get(name, _NOTHING)
            if blob != ref.blob:
                self._ids.append((ref, name not in entries))
            elif not self._settle(ref.path, blob, numbers, facts):
                self._leave(ref.path, blob, Content.of(numbers, facts))

    def _take_all(self, refs: Sequence[FileRef], page: Page) -> bool:
        """Note the results for a directory in which nothing has changed, if its files are all ordinary texts.

        That is the usual case, and does without a step for each file.
        """
        if self._with_text or any(page.flags):
            return False
        paths = [ref.path for ref in refs]
        lossy = repeat(False)  # noqa: FBT003  the flags say so
        self.known.results += make_file_tokens(
            paths, map(file_type, paths), page.tokens, page.sizes, page.blobs, lossy, page.facts
        )
        return True

    def by_id_alone(self) -> None:
        """Look up the ids that are left, and note where they were found."""
        contents = self._cache.contents({ref.blob for ref, _ in self._ids if ref.blob})
        for ref, is_new in self._ids:
            blob = ref.blob or ""
            content = contents.get(blob)
            if content and is_new:
                self._update.add_file(ref.path, NO_STAMP, blob, content)
            if not (content and self._settle(ref.path, blob, content.numbers, content.facts)):
                self._leave(ref.path, blob, content)

    def _leave(self, path: str, blob: str, content: Content | None) -> None:
        self.unread.add(path)
        self.known.blobs[path] = blob
        if content:
            self.known.contents[blob] = content

    def _settle(self, path: str, blob: str, numbers: Numbers, facts: str) -> bool:
        """Note the result for a file whose content is known, unless its text is wanted; return whether it is done."""
        tokens, size, flags = numbers
        if flags & BINARY:
            self.known.results.append(Skipped(path, Reason.BINARY))
        elif self._with_text:
            return False
        else:
            self.known.results.append(FileTokens(path, file_type(path), tokens, size, blob, flags == LOSSY, facts))
        return True


_NOTHING = Entry(NO_STAMP, (0, 0, 0), "")


def _by_directory(refs: Sequence[FileRef]) -> dict[str, list[FileRef]]:
    groups: dict[str, list[FileRef]] = {}
    for ref in refs:
        groups.setdefault(ref.path.rpartition("/")[0], []).append(ref)
    return groups


def _name_start(directory: str) -> int:
    return len(directory) + 1 if directory else 0
