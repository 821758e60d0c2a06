"""What git lists of an index, a tree or a difference: any bytes give a value or a GitError.

Half of the listings are valid ones. Of those every path, mode and id has to come back, or the name of a path that git
never writes is an error. The others are valid ones with changes, or bytes of any kind.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import cast

from fuzz.draw import Draw
from loopflow.errors import GitError
from loopflow.io.git.command import Answer, GitCommand
from loopflow.io.git.output import Difference
from loopflow.io.git.repository import Git
from loopflow.model import FileRef, Index, ObjectFormat, Repository, Revision
from tests.support.screen import can_act

_LENGTHS: Mapping[ObjectFormat, int] = {"sha1": 40, "sha256": 64}
_MODES = (0o100644, 0o100755, 0o120000, 0o160000)
_ODD = (b"..", b".", b".git", b".GIT", b"", b"a/../b", b"/etc", b"a//b", b"a/")
_CHANGES = (
    b"",
    b"\0",
    b"\0\0",
    b" ",
    b"\t",
    b"\n",
    b":",
    b"0",
    b"8",
    b"9",
    b"\xd9\xa3",
    b"\xff",
    b"/",
    b"U",
    b"-1",
    b"blob",
)
_NEVER = {"", ".", "..", ".git"}


@dataclass(frozen=True, slots=True)
class Running:
    """Stands in for a running git, with its pipes."""

    stdin: BytesIO
    stdout: BytesIO

    def kill(self) -> None:
        """Do nothing: nothing runs."""

    def wait(self) -> int:
        """Return an exit code."""
        return 0


@dataclass(frozen=True, slots=True)
class Told:
    """Stands in for git: whatever it is asked, it says the same."""

    answer: Answer

    def start(self, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> "Running":  # noqa: ARG002
        """Return a git that says the same of every object."""
        return Running(BytesIO(), BytesIO(self.answer.output))

    def run(
        self,
        arguments: Sequence[str],  # noqa: ARG002
        environment: Mapping[str, str] | None = None,  # noqa: ARG002
        given: bytes | None = None,  # noqa: ARG002
    ) -> Answer:
        """Return the answer."""
        return self.answer

    def stream(
        self,
        arguments: Sequence[str],  # noqa: ARG002
        environment: Mapping[str, str] | None,  # noqa: ARG002
        take: Callable[[bytes], None],
    ) -> Answer:
        """Say the same in two pieces."""
        middle = len(self.answer.output) // 2
        for piece in (self.answer.output[:middle], self.answer.output[middle:]):
            take(piece)
        return self.answer._replace(output=b"")


def check(data: bytes) -> None:
    """Raise AssertionError, or whatever is raised, where anything of that does not hold."""
    draw = Draw(data)
    object_format: ObjectFormat = draw.pick(("sha1", "sha256"))
    repository = Repository("/r\n", "/r\n/.git", "/r\n/.git/index", object_format)
    form = draw.pick(tuple(_FORMS))
    refs = [_ref(draw, object_format) for _ in range(draw.number(5))]
    output = b"".join(_FORMS[form](ref) for ref in refs)
    if draw.yes():
        _check_valid(form, refs, _git(output), repository)
        return
    output = _change(draw, output) if draw.yes() else draw.rest()
    errors = draw.join((b"fatal: ", b"error: ", b"warning: could not open directory 'x': y\n", b"\n", b"\x1b"), 3)
    git = _git(output, draw.pick((0, 0, 0, 1, 128)), errors.decode("utf-8", "surrogateescape"))
    for question in _QUESTIONS:
        try:
            found = question(git, repository)
        except GitError as error:
            _require_readable(error)
        else:
            _require_ordinary(found)


def _ref(draw: Draw, object_format: ObjectFormat) -> FileRef:
    path = draw.pick(_ODD).decode() if draw.number(15) == 1 else draw.path()
    blob = "".join(draw.pick("0123456789abcdef") for _ in range(4)).ljust(_LENGTHS[object_format], "1")
    return FileRef(path, draw.pick(_MODES), blob)


def _line(form: str, ref: FileRef) -> bytes:
    zeros = "0" * len(ref.blob or "")
    kind = "commit" if ref.mode == 0o160000 else "blob"  # noqa: PLR2004  a submodule
    text = form.format(mode=f"{ref.mode:06o}", blob=ref.blob, zeros=zeros, kind=kind)
    return text.encode() + ref.path.encode("utf-8", "surrogateescape") + b"\0"


_FORMS: Mapping[str, Callable[[FileRef], bytes]] = {
    "tracked": lambda ref: _line("{mode} {blob} 0\t", ref),
    "index": lambda ref: _line(":000000 {mode} {zeros} {blob} A\0", ref),
    "commit": lambda ref: _line("{mode} {kind} {blob}\t", ref),
}
_LISTS: Mapping[str, Callable[[Git, Repository], Sequence[FileRef]]] = {
    "tracked": lambda git, repository: git.list_tracked(repository),
    "index": lambda git, repository: git.list_index(repository),
    "commit": lambda git, repository: git.list_commit(repository, "HEAD"),
}
_QUESTIONS: Sequence[Callable[[Git, Repository], object]] = (
    *_LISTS.values(),
    lambda git, repository: list(git.list_untracked(repository)),
    lambda git, repository: git.tracks(repository, "a"),
    lambda git, repository: git.differences(repository, Index(), "start"),
    lambda git, repository: git.differences(repository, Revision("x\n"), "start"),
    lambda git, repository: git.read_file(repository, "commit", "a"),
    lambda git, repository: git.parents(repository, "commit"),
    lambda git, repository: git.resolve(repository, "x\n"),
    lambda git, repository: git.parents_here(repository, "commit"),
    lambda git, repository: git.full_name(repository, "main"),
    lambda git, repository: git.merge_bases(repository, "one", ["other"]),
    lambda git, repository: git.remote_tips(repository, "origin"),
    lambda git, repository: git.default_branch(repository),
)


def _check_valid(form: str, refs: Sequence[FileRef], git: Git, repository: Repository) -> None:
    is_odd = any(_NEVER & set(ref.path.lower().split("/")) for ref in refs)
    try:
        found = _LISTS[form](git, repository)
    except GitError as error:
        assert is_odd, error.message  # noqa: PT017
        return
    assert not is_odd
    assert found == refs


def _require_ordinary(found: object) -> None:
    """Raise AssertionError where something that was listed could lead out of the tree."""
    for each in found if isinstance(found, list) else ():
        if isinstance(each, FileRef | Difference):
            assert not _NEVER & set(each.path.lower().split("/")), each


def _require_readable(error: GitError) -> None:
    """Raise AssertionError unless an error can be printed."""
    assert not can_act(error.message + error.hint), error.message


def _change(draw: Draw, output: bytes) -> bytes:
    changed = bytearray(output)
    for _ in range(1 + draw.number(3)):
        at = draw.number(len(changed))
        changed[at : at + draw.number(4)] = draw.pick(_CHANGES)
    return bytes(changed)


def _git(output: bytes, status: int = 0, errors: str = "") -> Git:
    git = Git()
    git._command = cast("GitCommand", Told(Answer(status, output, errors)))  # noqa: SLF001
    return git
