"""Asking git about a repository: how each question is put, and what becomes of an answer.

After discovery every call names the git directory, the work tree and the index, so that git's environment variables
reach no repository that they are not about. All paths come NUL-terminated and stay bytes-safe.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial

from loopflow.analysis.names import escape_name
from loopflow.errors import GitError
from loopflow.io.git.command import Answer, GitCommand, decode_path
from loopflow.io.git.discovery import Discovery
from loopflow.io.git.fetching import how_to_get_objects
from loopflow.io.git.objects import Objects
from loopflow.io.surroundings import read_surroundings
from loopflow.model import Repository, Surroundings

# gitglossary(7), "empty tree": every git knows it, whether or not it is stored.
EMPTY_TREE = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}


class Asking:
    """Asks git, in the surroundings of a run; without any, the process's."""

    def __init__(self, surroundings: Surroundings | None = None) -> None:
        self.surroundings = surroundings or read_surroundings()
        self._command = GitCommand(self.surroundings)
        self._discovery = Discovery(self._command)
        self._names: dict[str, list[str]] = {}
        self._objects: dict[str, Objects] = {}
        self._commits: dict[tuple[str, str], str] = {}
        self._configured: dict[tuple[str, str], list[str]] = {}

    def empty_tree(self, repository: Repository) -> str:
        """Return the id of the tree without files."""
        return EMPTY_TREE[repository.object_format]

    def objects(self, repository: Repository, environment: Mapping[str, str] | None = None) -> Objects:
        """Return what reads the objects of a repository, for whoever closes it; the first question starts it."""
        asked = [*where_git_is(repository), "cat-file", "--batch-command", "--buffer", "-z"]
        start = partial(self._command.start, asked, {**environment_of(repository), **(environment or {})})
        return Objects(repository, start, partial(how_to_get_objects, self, repository))

    def ask(
        self,
        repository: Repository,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        *,
        statuses: Container[int] = (0,),
        given: bytes | None = None,
    ) -> Answer:
        """Return the answer to a command that has to end with one of `statuses`; `given` is put on its input.

        Raises GitError where it ends otherwise.
        """
        arguments = [*where_git_is(repository), *command]
        answer = self._command.run(arguments, {**environment_of(repository), **(environment or {})}, given)
        return self._require(repository, command, answer._replace(status=0) if answer.status in statuses else answer)

    def stream(
        self,
        repository: Repository,
        command: Sequence[str],
        take: Callable[[bytes], None],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Have the answer to a command that has to succeed taken piece by piece.

        Raises GitError where it fails, and else what `take` raised: git's own complaint says more.
        """
        wrong: list[GitError] = []

        def take_unless_wrong(piece: bytes) -> None:
            try:
                if not wrong:
                    take(piece)
            except GitError as error:
                wrong.append(error)

        arguments = [*where_git_is(repository), *command]
        answer = self._command.stream(
            arguments, {**environment_of(repository), **(environment or {})}, take_unless_wrong
        )
        self._require(repository, command, answer)
        if wrong:
            raise wrong[0]

    def ask_quietly(
        self, repository: Repository, command: Sequence[str], environment: Mapping[str, str], given: bytes
    ) -> Answer:
        """Return the answer to a command, however it ended; what git complains of is lost."""
        arguments = [*where_git_is(repository), *command]
        return self._command.run(arguments, {**environment_of(repository), **environment}, given, quiet=True)

    def configured(self, repository: Repository, pattern: str) -> list[str]:
        """Return the keys of git's configuration that match a regular expression (git-config(1), --get-regexp)."""
        keys = self._configured.get((repository.git_dir, pattern))
        if keys is None:
            listed = self._run(repository, ["config", "-z", "--name-only", "--get-regexp", pattern])
            keys = self._configured[repository.git_dir, pattern] = sorted(set(map(decode_path, split_answer(listed))))
        return keys

    def setting(self, settings: Sequence[tuple[str, str]]) -> dict[str, str]:
        """Return an environment in which git's configuration has these values, whatever else says otherwise.

        As `git -c` passes them on, after what the caller's own `git -c` has passed on: the last one holds. Not through
        -c itself, with which the name of a driver could not contain a "=".
        """
        given = self.surroundings.environ.get("GIT_CONFIG_PARAMETERS", "")
        ours = [f"{_quote(key)}={_quote(value)}" for key, value in settings]
        return {"GIT_CONFIG_PARAMETERS": " ".join(filter(None, (given, *ours)))}

    def without_filters(self, repository: Repository, settings: Sequence[tuple[str, str]] = ()) -> dict[str, str]:
        """Return an environment in which no filter driver has a program, and with other settings as `setting` does."""
        drivers = sorted({key.rpartition(".")[0] for key in self.configured(repository, r"^filter\..*\.")})
        switched_off = (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
        return self.setting(
            [*((f"{driver}.{key}", value) for driver in drivers for key, value in switched_off), *settings]
        )

    def _objects_of(self, repository: Repository) -> Objects:
        """Return what reads the objects of a repository for the rest of the run."""
        if repository.git_dir not in self._objects:
            self._objects[repository.git_dir] = self.objects(repository)
        return self._objects[repository.git_dir]

    def _checked(
        self, repository: Repository, command: Sequence[str], extra: Mapping[str, str] | None = None
    ) -> Answer:
        return self._require(repository, command, self._run(repository, command, extra))

    def _require(self, repository: Repository, command: Sequence[str], answer: Answer) -> Answer:
        """Return the answer to a command that has to succeed."""
        if answer.status or answer.complaint:
            where, said = escape_name(repository.root), answer.complaint or f"exit status {answer.status}"
            what = f"git {command[0]} failed in {where}: {said}"
            raise GitError(what, how_to_get_objects(self, repository))
        return answer

    def _run(self, repository: Repository, command: Sequence[str], extra: Mapping[str, str] | None = None) -> Answer:
        return self._command.run([*where_git_is(repository), *command], {**environment_of(repository), **(extra or {})})

    def remotes(self, repository: Repository) -> list[str]:
        """Return the names of the remotes."""
        return decode_path(self._checked(repository, ["remote"]).output).splitlines()

    def push_remote(self, repository: Repository) -> str | None:
        """Return the remote that `git push` would take from the current branch (git-config(1), remote.pushDefault)."""
        branch = self._run(repository, ["symbolic-ref", "--quiet", "--short", "HEAD"]).line
        asked = ["config", "-z", "--get-regexp", r"^(branch\..*\.(pushremote|remote)|remote\.pushdefault)$"]
        settings = dict(decode_path(each).partition("\n")[::2] for each in split_answer(self._run(repository, asked)))
        names = (f"branch.{branch}.pushremote", "remote.pushdefault", f"branch.{branch}.remote")
        there = self.remotes(repository)
        named = [settings[name] for name in names if name in settings]
        return next((name for name in (*named, "origin", *there[:1]) if name in there), None)

    def remote_addresses(self, repository: Repository) -> list[tuple[str, str]]:
        """Return name and address of each remote, in the order in which git's configuration has them."""
        listed = self._run(repository, ["config", "-z", "--get-regexp", r"^remote\..*\.url$"])
        found = [decode_path(each).partition("\n")[::2] for each in split_answer(listed)]
        return [(key.removeprefix("remote.").removesuffix(".url"), address) for key, address in found]

    def promisor(self, repository: Repository) -> str | None:
        """Return the remote that has what a partial clone lacks, None for another repository."""
        asked = ["config", "-z", "--get-regexp", r"^(remote\..*\.promisor|extensions\.partialclone)$"]
        settings = dict(decode_path(each).partition("\n")[::2] for each in split_answer(self._run(repository, asked)))
        named = settings.pop("extensions.partialclone", None)
        promisors = [key.removeprefix("remote.").removesuffix(".promisor") for key in settings]
        return named or next(iter(promisors), None)

    def is_shallow(self, repository: Repository) -> bool:
        """Whether the history ends before its beginning."""
        return self._run(repository, ["rev-parse", "--is-shallow-repository"]).line == "true"


def where_git_is(repository: Repository) -> list[str]:
    """Return the options that say where a repository and its work tree are."""
    if repository.bare:
        return [f"--git-dir={repository.git_dir}"]
    return [f"--git-dir={repository.git_dir}", f"--work-tree={repository.root}", "-C", repository.root]


def environment_of(repository: Repository) -> dict[str, str]:
    """Return the environment that says where its index is."""
    return {"GIT_INDEX_FILE": repository.index_file}


def split_answer(answer: Answer) -> list[bytes]:
    """Return what git printed, NUL-terminated, in pieces."""
    return answer.output.split(b"\0")[:-1]


def _quote(text: str) -> str:
    """Return `text` as git quotes it for itself, and for a shell."""
    escaped = text.replace("'", "'\\''").replace("!", "'\\!'")
    return f"'{escaped}'"
