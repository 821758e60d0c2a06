"""Where candidates are read from: the work tree, or blobs. Both give batches of a few megabytes.

A batch is a function, so that a thread can do the work: reading and decoding files, or decoding blobs that were read
from the one pipe already. A `LargeText` comes by itself and must be taken before the next batch.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from loopflow.analysis.names import escape_name
from loopflow.errors import GitError
from loopflow.io.file import read
from loopflow.io.git.objects import Blob
from loopflow.io.git.repository import Git
from loopflow.io.read.document import (
    BINARY_HEAD,
    LARGE_BYTES,
    LargeText,
    blob_id,
    is_binary,
    make_document,
    start_blob_id,
)
from loopflow.io.read.opening import Opener
from loopflow.model import Candidates, Document, FileRef, Reason, Repository, Skipped, Stamp

BATCH_BYTES = 2_000_000
BATCH_FILES = 256

Item: TypeAlias = Document | LargeText | Skipped
Batch: TypeAlias = Callable[[], list[Item]]


def read_worktree(
    candidates: Candidates, refs: Sequence[FileRef], stamps: Mapping[str, Stamp]
) -> Iterator[Batch | LargeText]:
    """Read `refs` from disk. A file that grows after it was stamped may still come as a `LargeText` in a batch."""
    waiting: list[FileRef] = []
    size = 0
    for ref in refs:
        stamp = stamps[ref.path]
        if waiting and (size + stamp.size > BATCH_BYTES or len(waiting) >= BATCH_FILES):
            yield partial(_read_files, candidates, waiting)
            waiting, size = [], 0
        if stamp.size > LARGE_BYTES:
            [item] = _read_files(candidates, [ref])
            yield item if isinstance(item, LargeText) else partial(list, [item])
        else:
            waiting.append(ref)
            size += stamp.size
    if waiting:
        yield partial(_read_files, candidates, waiting)


def _read_files(candidates: Candidates, refs: Sequence[FileRef]) -> list[Item]:
    with Opener(candidates.root) as opener:
        return [read(opener, ref, candidates.object_format) for ref in refs]


def read_from_git(git: Git, repository: Repository, refs: Sequence[FileRef]) -> Iterator[Batch | LargeText]:
    """Read the blobs of `refs`. Raises GitError for one that is missing, or is not what its id says."""
    waiting: list[tuple[FileRef, bytes]] = []
    size = 0
    for blob in git.read_blobs(repository, refs):
        if waiting and (size + blob.size > BATCH_BYTES or len(waiting) >= BATCH_FILES):
            yield partial(_decode_blobs, repository, waiting)
            waiting, size = [], 0
        head = blob.read(BINARY_HEAD) if blob.size > LARGE_BYTES else b""
        if is_binary(head):
            check_blob(blob.ref, _digest_rest(blob, head, repository))
            yield partial(list, [Skipped(blob.ref.path, Reason.BINARY)])
        elif blob.size > LARGE_BYTES:
            yield LargeText(blob.ref, blob.size, head, blob, repository.object_format)
        else:
            waiting.append((blob.ref, blob.read(blob.size)))
            size += blob.size
    if waiting:
        yield partial(_decode_blobs, repository, waiting)


def _decode_blobs(repository: Repository, blobs: Sequence[tuple[FileRef, bytes]]) -> list[Item]:
    items: list[Item] = []
    for ref, data in blobs:
        item = make_document(ref, data, repository.object_format)
        digest = item.digest if isinstance(item, Document) else blob_id(data, repository.object_format)
        check_blob(ref, digest)
        items.append(item)
    return items


def _digest_rest(blob: Blob, head: bytes, repository: Repository) -> str:
    digest = start_blob_id(blob.size, repository.object_format)
    digest.update(head)
    while data := blob.read(LARGE_BYTES):
        digest.update(data)
    return digest.hexdigest()


def check_blob(ref: FileRef, digest: str) -> None:
    """Raise GitError unless what was read from git is what its id says."""
    if ref.blob != digest:
        raise GitError(
            f"the object {ref.blob} of {escape_name(ref.path)} is damaged: its content has the id {digest}",
            "run git fsck, and fetch the object again",
        )
