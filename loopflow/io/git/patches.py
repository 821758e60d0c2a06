"""The text of a change, as git's own diff says it: one patch for each file.

A repository is not trusted, and neither is the user's taste: no program is run (no external diff, no textconv, no
filter), and what configuration could make of the form is set to what it is by default. Content that git calls binary
stays out, as git says in one line.
"""

import os
import re
from collections.abc import Iterator, Sequence

from loopflow.errors import GitError
from loopflow.io.git.command import decode_path
from loopflow.io.git.file_lists import copied_index
from loopflow.io.git.repository import Git
from loopflow.model import Index, Repository, Revision, Source

_FORM = (
    *("--patch", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--no-relative"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--unified=3", "--inter-hunk-context=0", "--diff-algorithm=myers"),
    *("--indent-heuristic", "--submodule=short", "--ignore-submodules=dirty", "--ita-invisible-in-index"),
)
_SETTINGS = (("diff.autoRefreshIndex", "true"), ("diff.orderFile", os.devnull), ("diff.suppressBlankEmpty", "false"))
_PATHS_AT_ONCE = 500
_BYTES_AT_ONCE = 60_000
"""What the arguments of one command may be together, well below what any system allows."""
_HEAD = re.compile(rb"^diff --git (.*)$", re.MULTILINE)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_NAMED = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def read_patches(
    git: Git, repository: Repository, source: Source, start: str, paths: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield path and patch of each of `paths` in which `source` differs from `start` (an id), in git's order.

    A patch is whole lines; bytes that are not UTF-8 are replaced. Raises GitError where git does.
    """
    for some in _batches(paths):
        wanted = frozenset(some)
        for path, patch in _split(_ask(git, repository, source, start, some)):
            if path in wanted:  # a path that was a directory once also names what was in it
                yield path, patch.decode("utf-8", "replace")


def _ask(git: Git, repository: Repository, source: Source, start: str, paths: Sequence[str]) -> bytes:
    extra = {**git.without_filters(repository, _SETTINGS), "GIT_LITERAL_PATHSPECS": "1"}
    if isinstance(source, Revision):
        tip = git.resolve(repository, source.revision)
        form = [each for each in _FORM if each != "--ita-invisible-in-index"]
        return git.ask(repository, ["diff-tree", "-r", *form, start, tip, "--", *paths], extra).output
    if isinstance(source, Index):
        return git.ask(repository, ["diff-index", "--cached", *_FORM, start, "--", *paths], extra).output
    with copied_index(repository) as copied:
        return git.ask(copied, ["diff", *_FORM, start, "--", *paths], extra).output


def _batches(paths: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for path in paths:
        length = len(os.fsencode(path)) + 1
        if batch and (len(batch) >= _PATHS_AT_ONCE or size + length > _BYTES_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += length
    if batch:
        yield batch


def _split(output: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the patches in what git printed. Within one, each line of a file has a sign before it, so none is a head.

    A file that became a link, or the other way round, has two patches: they are one here.
    """
    heads = list(_HEAD.finditer(output))
    if output and not (heads and heads[0].start() == 0):
        raise GitError("git printed a diff that begins with no file", "run git diff there, and see")
    path: str | None = None
    patch = b""
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        found = _path_in(head)
        if found != path:
            if path is not None:
                yield path, patch
            path, patch = found, b""
        patch += output[head.start() : following.start() if following else len(output)]
    if path is not None:
        yield path, patch


def _path_in(head: re.Match[bytes]) -> str:
    """Return the path in the first line of a patch: without renames, it is there twice, as a/PATH b/PATH."""
    names = head[1]
    if not names.startswith(b'"'):
        return decode_path(names[len(b"a/") : (len(names) - 1) // 2])
    quoted = names[len(b'"a/') : (len(names) - 1) // 2 - len(b'"')]
    return decode_path(_ESCAPE.sub(_unescape, quoted))


def _unescape(found: re.Match[bytes]) -> bytes:
    said = found[1]
    if len(said) > 1:
        return bytes([int(said, 8)])
    return _NAMED.get(said, said)
