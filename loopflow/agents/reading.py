"""Texts into facts: read once, counted in sections, and kept in the cache under the id of the blob.

Texts themselves are let go as soon as their facts are known; what is cut or shown is read again.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from loopflow.agents.facts_of_text import VERSION, TextFacts, find_facts, find_large_facts
from loopflow.errors import TooLargeError, UncountableError, UnreadableError
from loopflow.io.cache.database import Cache
from loopflow.io.cache.page_format import Content
from loopflow.io.file import read
from loopflow.io.git.repository import Git
from loopflow.io.read.document import LargeText
from loopflow.io.read.opening import NotOpened, Opener
from loopflow.model import Document, FileRef, Reason, Repository, Skipped, Source, Worktree
from loopflow.tokens.protocol import TokenCounter

if TYPE_CHECKING:
    from collections.abc import Iterator

_APART = f"agents-{VERSION}"
"""What facts of texts are kept under: those that files of a profile have lie elsewhere, by the same ids."""
_HELD_BYTES = 65_536
_AT_ONCE = 4_000_000
"""Bytes of texts that are held before they are counted."""
_MOST_SETTINGS = 1_000_000


class Origin(NamedTuple):
    """Where texts come from: a source of a repository, or a plain directory at `root`."""

    git: Git
    source: Source
    root: str
    repository: Repository | None

    @property
    def on_disk(self) -> bool:
        """Whether the work tree is read."""
        return isinstance(self.source, Worktree)


class Library:
    """The facts of texts by path, read and counted when they are first wanted."""

    def __init__(self, origin: Origin, counter: TokenCounter, cache: Cache) -> None:
        self.origin = origin
        self.counter = counter
        self._cache = cache
        self._facts: dict[str, TextFacts | Skipped] = {}
        self._known: dict[str, TextFacts] = {}
        self._fresh: dict[str, Content] = {}
        self._heads: dict[str, bytes] = {}
        self._counted: dict[str, int] = {}

    def at(self, origin: Origin) -> "Library":
        """Return a library of another moment that knows what this one does by the ids of blobs."""
        other = Library(origin, self.counter, self._cache)
        other._known, other._fresh, other._counted = self._known, self._fresh, self._counted
        return other

    def load(self, refs: Iterable[FileRef]) -> None:
        """Find out the facts of `refs`; those that are known cost nothing."""
        wanted = [ref for ref in dict.fromkeys(refs) if ref.path not in self._facts]
        if not self.origin.on_disk:
            self._look_up([ref.blob for ref in wanted if ref.blob])
            self._facts |= {ref.path: self._known[ref.blob] for ref in wanted if ref.blob in self._known}
            wanted = [ref for ref in wanted if ref.path not in self._facts]
        waiting: list[Document] = []
        size = 0
        for item in self._read(wanted) if wanted else ():
            if not isinstance(item, Document):
                self._facts[item.path] = item.facts if isinstance(item, _Counted) else item
                continue
            waiting.append(item)
            size += item.size
            if size > _AT_ONCE:
                self._settle(waiting)
                waiting, size = [], 0
        if waiting:
            self.counter.expect(size, is_all=True)
        self._settle(waiting)

    def facts(self, ref: FileRef) -> TextFacts | Skipped:
        """Return the facts of one text, or why there are none."""
        if ref.path not in self._facts:
            self.load([ref])
        return self._facts[ref.path]

    def _settle(self, documents: Sequence[Document]) -> None:
        """Find out the facts of texts that were read."""
        if self.origin.on_disk:
            self._look_up([document.digest for document in documents])
        unique = {document.digest: document for document in documents if document.digest not in self._known}
        self.counter.expect(sum(document.size for document in unique.values()))  # it may load while blocks are parsed
        try:
            found = list(find_facts(list(unique.values()), self.counter))
        except UncountableError as error:
            if len(documents) > 1:  # one of them: the others count
                for document in documents:
                    self._settle([document])
                return
            self._facts[documents[0].ref.path] = Skipped(documents[0].ref.path, Reason.UNCOUNTED, str(error))
            return
        for facts in found:
            self._keep(facts, self.counter.apart(unique[facts.digest].text))
        for document in documents:
            self._facts[document.ref.path] = self._known[document.digest]
            if not document.lossy:
                self._heads[document.digest] = document.text[:_HELD_BYTES].encode()[:_HELD_BYTES]

    def _count_large(self, text: LargeText) -> "_Counted | Skipped":
        try:
            facts = find_large_facts(text, self.counter)
        except UncountableError as error:
            kinds = ((TooLargeError, Reason.TOO_LARGE), (UnreadableError, Reason.UNREADABLE))
            reason = next((reason for kind, reason in kinds if isinstance(error, kind)), Reason.UNCOUNTED)
            return Skipped(text.ref.path, reason, str(error))
        self._keep(facts)
        return _Counted(text.ref.path, facts)

    def _look_up(self, blobs: Sequence[str]) -> None:
        unknown = [blob for blob in dict.fromkeys(blobs) if blob not in self._known]
        for blob, content in self._cache.contents(unknown, _APART).items() if unknown else ():
            with suppress(ValueError, TypeError, KeyError, IndexError):  # written by another version
                self._known[blob] = TextFacts.unpack(blob, content)

    def _keep(self, facts: TextFacts, apart: str = "") -> None:
        self._known[facts.digest] = facts
        if not apart:  # else it is the answer of one engine alone
            self._fresh[facts.digest] = facts.pack()

    def save(self) -> None:
        """Keep what was found for the next run."""
        if self._fresh:
            self._cache.save(self._fresh, self.origin.root, {}, _APART)
            self._fresh.clear()

    def remember(self, digest: str, question: str, answer: Callable[[], int]) -> int:
        """Return a number that depends on a blob and a question alone; `answer` finds it where it is not known."""
        blob = _digest(f"{digest}:{question}")
        known = self._fresh.get(blob) or self._cache.contents([blob], _APART).get(blob)
        if known is None:
            known = self._fresh[blob] = Content(answer(), 0)
        return known.tokens

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each of a few short texts."""
        blobs = {_digest(f":{text}"): text for text in texts}
        unknown = [blob for blob in blobs if blob not in self._counted]
        self._counted |= (
            {blob: each.tokens for blob, each in self._cache.contents(unknown, _APART).items()} if unknown else {}
        )
        left = [blob for blob in unknown if blob not in self._counted]
        for blob, tokens in zip(left, self.counter.count([blobs[blob] for blob in left]) if left else (), strict=True):
            self._counted[blob] = tokens
            self._fresh[blob] = Content(tokens, 0)
        return [self._counted[_digest(f":{text}")] for text in texts]

    def head(self, ref: FileRef, digest: str, size: int) -> bytes:
        """Return the first `size` bytes of a text, as they are."""
        held = self._heads.get(digest)
        if held is not None and size <= _HELD_BYTES:
            return held[:size]
        return self.raw(ref)[:size]

    def raw(self, ref: FileRef) -> bytes:
        """Return the bytes of a text that was read before; none of what is gone meanwhile."""
        if not self.origin.on_disk:
            assert self.origin.repository is not None  # noqa: S101  an index and a commit lie in one
            return self.origin.git.read_blob(self.origin.repository, ref.blob or "")
        with Opener(self.origin.root) as opener:
            try:
                handle, _ = opener.open(ref.path)
            except NotOpened:
                return b""
            with os.fdopen(handle, "rb") as file:
                return file.read()

    def settings(self, ref: FileRef) -> str | None:
        """Return the text of an agent's settings; None for what is too large to be that, or cannot be read."""
        try:
            data = self.raw(ref)
        except OSError:
            return None
        return data.decode("utf-8-sig", "replace") if len(data) <= _MOST_SETTINGS else None

    def read_link(self, ref: FileRef) -> str:
        """Return what a link says: where links are off, a plain file with such an entry holds its target."""
        if not self.origin.on_disk:
            return self.raw(ref).decode("utf-8", "surrogateescape")
        try:
            return os.fsdecode(os.readlink(os.path.join(self.origin.root, ref.path)))
        except OSError:
            data = self.raw(ref)
        return data.decode("utf-8", "surrogateescape").strip() if 0 < len(data) < _HELD_BYTES else ""

    def _read(self, refs: Sequence[FileRef]) -> "Iterator[Document | _Counted | Skipped]":
        if self.origin.on_disk:
            object_format = self.origin.repository.object_format if self.origin.repository else "sha1"
            with Opener(self.origin.root) as opener:
                for ref in refs:
                    item = read(opener, ref, object_format)
                    yield self._count_large(item) if isinstance(item, LargeText) else item
            return
        from loopflow.io.count.sources import read_from_git  # noqa: PLC0415  what is known is not read

        assert self.origin.repository is not None  # noqa: S101  an index and a commit lie in one
        for batch in read_from_git(self.origin.git, self.origin.repository, refs):
            if isinstance(batch, LargeText):
                yield self._count_large(batch)
            else:
                yield from (item for item in batch() if not isinstance(item, LargeText))


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]


class _Counted(NamedTuple):
    """A large text that was counted while it was read."""

    path: str
    facts: TextFacts
