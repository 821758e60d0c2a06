"""What git is asked: which files a work tree, an index or a commit holds, what differs, and what is in a blob.

After discovery every call names the git directory, the work tree and the index, so that git's environment variables
reach no repository that they are not about. All paths come NUL-terminated and stay bytes-safe.
"""

import os
import re
import stat
from bisect import bisect_left
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

from loopflow.analysis.names import escape_name
from loopflow.errors import GitError, describe_os_error
from loopflow.io.git.command import Answer, GitCommand, decode_path
from loopflow.io.git.discovery import Discovery
from loopflow.io.git.fetching import how_to_fetch, how_to_get_objects
from loopflow.io.git.objects import Blob, Objects, read_entries
from loopflow.io.git.output import (
    IN_INDEX,
    IN_TREE,
    TRACKED,
    Difference,
    read_differences,
    read_refs,
)
from loopflow.io.git.shallow import shallow_commits
from loopflow.io.read.document import blob_id
from loopflow.io.surroundings import read_surroundings
from loopflow.model import FileRef, Index, Reason, Repository, Revision, Skipped, Source, Surroundings

# gitglossary(7), "empty tree": every git knows it, whether or not it is stored.
_EMPTY_TREE = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
_RAW = ("--raw", "-z", "--no-abbrev", "--no-renames", "--ita-invisible-in-index")
_UNREAD = re.compile(r"^warning: (?:could not open directory|unable to access) '(.+)': (.+)$", re.MULTILINE)
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_EXAMPLES = 3
_MOST_BRANCHES = 1_000  # their ids are arguments of one command


class Git:
    """Questions to git about one repository or another, in the surroundings of a run; without any, the process's."""

    def __init__(self, surroundings: Surroundings | None = None) -> None:
        self.surroundings = surroundings or read_surroundings()
        self._command = GitCommand(self.surroundings)
        self._discovery = Discovery(self._command)
        self._names: dict[str, list[str]] = {}
        self._objects: dict[str, Objects] = {}
        self._commits: dict[tuple[str, str], str] = {}
        self._configured: dict[tuple[str, str], list[str]] = {}

    @property
    def named_repository(self) -> Repository | None:
        """The repository that git's environment variables name, if they name one."""
        return self._discovery.named

    def find_repository(self, directory: str) -> Repository | None:
        """Return the repository with a work tree around `directory` (absolute, without links), or None.

        Raises GitError where there is one that git refuses to use.
        """
        return self._discovery.find(directory)

    def find_bare_repository(self, directory: str) -> Repository | None:
        """Return the bare repository that `directory` (absolute) itself is, or None."""
        return self._discovery.find_bare(directory)

    def list_tracked(self, repository: Repository) -> list[FileRef]:
        """Return what the index tracks, each path once, in the order of their bytes. A path in conflict has no blob."""
        fields = self._fields(repository, ["ls-files", "--stage", "-z"])
        refs = read_refs(fields, TRACKED, repository)
        stage = TRACKED.blob(repository.object_format).stop + 1
        if all(field[stage] == "0" for field in fields):
            return refs
        unmerged = {ref.path for field, ref in zip(fields, refs, strict=True) if field[stage] != "0"}
        once = {ref.path: ref._replace(blob=None) if ref.path in unmerged else ref for ref in refs}
        return list(once.values())

    def list_left_out(self, repository: Repository) -> frozenset[str]:
        """Return the paths that the index holds and the work tree is not to have (git-ls-files(1), -t: "S")."""
        listed = self._fields(repository, ["ls-files", "-t", "-z"])
        return frozenset(entry[2:] for entry in listed if entry.startswith("S "))

    def tracks(self, repository: Repository, path: str) -> bool:
        """Whether the index holds `path`, or anything below it."""
        names = self._names.get(repository.git_dir)
        if names is None:
            names = self._names[repository.git_dir] = sorted(ref.path for ref in self.list_tracked(repository))
        at = bisect_left(names, path)
        below = bisect_left(names, path + "/")
        return path in names[at : at + 1] or any(name.startswith(path + "/") for name in names[below : below + 1])

    def list_untracked(self, repository: Repository) -> Iterator[str | Skipped]:
        """Yield the paths that are neither tracked nor ignored. That of a nested repository ends in a slash.

        What git could not look into, or whose rules it could not read, comes as a gap.
        """
        answer = self._checked(repository, ["ls-files", "--others", "--exclude-standard", "-z"])
        yield from map(decode_path, _split(answer))
        for unread in _UNREAD.finditer(answer.errors):
            yield Skipped(unread[1].rstrip("/"), Reason.UNREADABLE, unread[2].lower())

    def list_index(self, repository: Repository) -> list[FileRef]:
        """Return what a commit would record now: entries without intent to add. Raises GitError for unmerged paths."""
        fields = self._fields(repository, ["diff-index", "--cached", *_RAW, _EMPTY_TREE[repository.object_format]])
        unmerged = [path for head, path in zip(fields[::2], fields[1::2], strict=False) if head.endswith("U")]
        if unmerged:
            named = ", ".join(escape_name(path) for path in unmerged[:_EXAMPLES])
            more = f" and {len(unmerged) - _EXAMPLES} more" if len(unmerged) > _EXAMPLES else ""
            raise GitError(f"the index has unmerged paths: {named}{more}", "resolve the conflicts and git add them")
        return read_refs(fields, IN_INDEX, repository)

    def list_commit(
        self, repository: Repository, commit: str, environment: Mapping[str, str] | None = None
    ) -> list[FileRef]:
        """Return the files of a tree, a commit's by its id. Raises GitError for a name that git never writes."""
        answer = self.ask(repository, ["ls-tree", "-r", "-z", "--full-tree", commit], environment)
        fields = decode_path(answer.output).split("\0")[:-1]
        untyped = [field.replace(" blob " if field[7:8] == "b" else " commit ", " ", 1) for field in fields]
        return read_refs(untyped, IN_TREE, repository)

    def resolve(self, repository: Repository, revision: str) -> str:
        """Return the id of the commit that `revision` names. Raises GitError if there is none."""
        found = self.find_commit(repository, revision)
        if found is None:
            where = escape_name(repository.root)
            what = f"no such revision in {where}: {escape_name(revision)}"
            raise GitError(what, how_to_fetch(self, repository, revision))
        return found

    def differences(self, repository: Repository, source: Source, start: str) -> list[Difference]:
        """Return the files in which `source` differs from `start`, the id of a commit or of the empty tree."""
        if isinstance(source, Revision):
            # No diff-tree --stdin: --ita-invisible-in-index is for the index alone.
            tip = self.resolve(repository, source.revision)
            fields = self._fields(repository, ["diff-tree", "-r", *_RAW[:-1], start, tip])
        elif isinstance(source, Index):
            fields = self._fields(repository, ["diff-index", "--cached", *_RAW, start])
        else:  # `git diff` and not diff-index: it looks into files that were only touched
            quiet = ["--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty"]
            with _copied_index(repository) as copied:
                fields = self._fields(copied, ["diff", *_RAW, *quiet, start])
        found = read_differences(fields, repository)
        unmerged = [difference.path for difference in found if difference.is_unmerged]
        if not unmerged:
            return found
        # What was there before an unmerged path is not said, and what is said of one comes twice.
        before = {ref.path: ref for ref in self.list_commit(repository, start)}
        once = {difference.path: difference for difference in found}
        return [each._replace(before=before.get(path)) if path in unmerged else each for path, each in once.items()]

    def read_file(self, repository: Repository, commit: str, path: str) -> bytes | None:
        """Return the content of the regular file at `path` in a commit (an id), None if there is none.

        Raises GitError for an object that is missing or damaged.
        """
        directory, _, name = path.rpartition("/")
        if "\n" in path or "\0" in path:  # which the answer of `git cat-file` would not be told apart with
            refs = {ref.path: ref for ref in self.list_commit(repository, commit)}
            ref = refs.get(path)
            return self.read_blob(repository, ref.blob) if ref and ref.blob and stat.S_ISREG(ref.mode) else None
        if not {"", ".", ".."}.isdisjoint(path.split("/")):  # to git, "./a" is relative to where it stands
            return None
        tree = self._objects_of(repository).read("tree", f"{commit}:{directory}")
        if tree is None:  # there is no such directory, or git says what is damaged
            self._checked(repository, ["ls-tree", "-z", "--full-tree", commit, "--", path])
            return None
        id_bytes = len(self.empty_tree(repository)) // 2
        for mode, found, blob in read_entries(tree, id_bytes):
            if found == name and mode.startswith("100"):
                return self.read_blob(repository, blob)
        return None

    def read_blob(self, repository: Repository, blob: str) -> bytes:
        """Return the content of a blob. Raises GitError if it is missing."""
        data = self._objects_of(repository).read("blob", blob)
        if data is None:
            return self._checked(repository, ["cat-file", "blob", blob]).output
        if blob_id(data, repository.object_format) != blob:
            what = f"the object {blob} is damaged in {escape_name(repository.root)}: its content has another id"
            raise GitError(what, "run git fsck there")
        return data

    def read_blobs(self, repository: Repository, refs: Sequence[FileRef]) -> Iterator[Blob]:
        """Yield the blob of each candidate, in order. Raises GitError for an object that is missing."""
        return self._objects_of(repository).read_blobs(refs)

    def empty_tree(self, repository: Repository) -> str:
        """Return the id of the tree without files."""
        return _EMPTY_TREE[repository.object_format]

    def merge_bases(self, repository: Repository, tip: str, others: Sequence[str]) -> list[str]:
        """Return the best common ancestors of a commit and what all the others hold together, the newest first."""
        if not others:
            return []
        command = ["merge-base", "--all", tip, *others]
        answer = self._run(repository, command)
        if answer.status == 1 and not answer.complaint:  # there is none; anything else is no answer (git-merge-base(1))
            return []
        bases = self._require(repository, command, answer).line.split()
        ends = shallow_commits(repository)
        if ends and tip not in bases and set(bases) != set(others):
            # Behind an end there may be a common ancestor that is newer, or one of these may come from another.
            apart = self.ask(repository, ["rev-list", tip, *others, *(f"^{base}" for base in bases)])
            if len(bases) > 1 or not ends.isdisjoint(apart.output.decode("ascii").split()):
                return []
        return bases

    def remote_tips(self, repository: Repository, remote: str) -> list[str]:
        """Return the commits of a remote's branches as they were last seen, those of the most recent ones."""
        if not remote:
            return []
        asked = ["--sort=-committerdate", f"--count={_MOST_BRANCHES}", "--format=%(objectname)"]
        answer = self._checked(repository, ["for-each-ref", *asked, f"refs/remotes/{remote}/"])
        return list(dict.fromkeys(answer.line.split()))

    def remotes(self, repository: Repository) -> list[str]:
        """Return the names of the remotes."""
        return decode_path(self._checked(repository, ["remote"]).output).splitlines()

    def promisor(self, repository: Repository) -> str | None:
        """Return the remote that has what a partial clone lacks, None for another repository."""
        asked = ["config", "-z", "--get-regexp", r"^(remote\..*\.promisor|extensions\.partialclone)$"]
        settings = dict(decode_path(each).partition("\n")[::2] for each in _split(self._run(repository, asked)))
        named = settings.pop("extensions.partialclone", None)
        promisors = [key.removeprefix("remote.").removesuffix(".promisor") for key in settings]
        return named or next(iter(promisors), None)

    def default_branch(self, repository: Repository, remote: str = "origin") -> str | None:
        """Return the remote-tracking branch of a remote's default branch, such as "origin/main", if there is one."""
        head = self._run(repository, ["symbolic-ref", "--quiet", "--short", f"refs/remotes/{remote}/HEAD"]).line
        names = (head, f"{remote}/main", f"{remote}/master")
        return next((name for name in names if name and self.find_commit(repository, f"refs/remotes/{name}")), None)

    def is_shallow(self, repository: Repository) -> bool:
        """Whether the history ends before its beginning."""
        return self._run(repository, ["rev-parse", "--is-shallow-repository"]).line == "true"

    def parents_here(self, repository: Repository, commit: str) -> tuple[str, ...]:
        """Return the ids of a commit's parents, or of the empty tree. Raises GitError if a shallow clone lacks one."""
        parents = self.parents(repository, commit)
        missing = next((parent for parent in parents if self.find_commit(repository, parent) is None), None)
        if missing:
            which = "the parent" if len(parents) == 1 else "a parent"
            what = f"{which} of {commit[:12]} is not in {escape_name(repository.root)}"
            raise GitError(f"{what}, which is a shallow clone", "git fetch --deepen=1")
        return tuple(parents) or (_EMPTY_TREE[repository.object_format],)

    def full_name(self, repository: Repository, name: str) -> str:
        """Return the full name of the branch that `name` is of, such as "refs/remotes/origin/main"; "" if of none."""
        asked = ["rev-parse", "--verify", "--quiet", "--symbolic-full-name", "--end-of-options", name]
        return self._run(repository, asked).line

    def parents(self, repository: Repository, commit: str) -> list[str]:
        """Return the ids of a commit's parents, whether or not a shallow clone has them."""
        data = self._objects_of(repository).read("commit", commit)
        if data is None:
            data = self._checked(repository, ["cat-file", "commit", commit]).output
        lines = data.partition(b"\n\n")[0].decode("ascii", "replace").split("\n")
        return [line.removeprefix("parent ") for line in lines if line.startswith("parent ")]

    def find_commit(self, repository: Repository, revision: str) -> str | None:
        """Return the id of the commit that `revision` names, None if there is none."""
        if revision == "HEAD" or _ID.fullmatch(revision):
            known = self._commits.get((repository.git_dir, revision))  # HEAD is what it was when it was first asked
            if known is None and (found := self._objects_of(repository).find(f"{revision}^{{commit}}")):
                known = self._commits[repository.git_dir, revision] = found.id
            if known is None and revision == "HEAD":
                self._require_unborn(repository)
            return known
        asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
        answer = self._run(repository, asked)
        return answer.line if answer.status == 0 and not answer.line.startswith("^") else None  # "^HEAD" is a range

    def _require_unborn(self, repository: Repository) -> None:
        """Raise GitError where HEAD names a commit that is not there: that is not a repository without commits."""
        named = self._run(repository, ["rev-parse", "--verify", "--quiet", "HEAD"])
        if named.status == 0:
            what = f"HEAD is {named.line}, and there is no such commit in {escape_name(repository.root)}"
            raise GitError(what, "run git fsck there")

    def objects(self, repository: Repository, environment: Mapping[str, str] | None = None) -> Objects:
        """Return what reads the objects of a repository, for whoever closes it; the first question starts it."""
        asked = [*_where(repository), "cat-file", "--batch-command", "--buffer", "-z"]
        start = partial(self._command.start, asked, {**_environment(repository), **(environment or {})})
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
        arguments = [*_where(repository), *command]
        answer = self._command.run(arguments, {**_environment(repository), **(environment or {})}, given)
        return self._require(repository, command, answer._replace(status=0) if answer.status in statuses else answer)

    def configured(self, repository: Repository, pattern: str) -> list[str]:
        """Return the keys of git's configuration that match a regular expression (git-config(1), --get-regexp)."""
        keys = self._configured.get((repository.git_dir, pattern))
        if keys is None:
            listed = self._run(repository, ["config", "-z", "--name-only", "--get-regexp", pattern])
            keys = self._configured[repository.git_dir, pattern] = sorted(set(map(decode_path, _split(listed))))
        return keys

    def setting(self, settings: Sequence[tuple[str, str]]) -> dict[str, str]:
        """Return an environment in which git's configuration has these values, beside those that the user passes so.

        Through GIT_CONFIG_COUNT and not through -c, because with that the name of a driver could contain a "=".
        """
        first = int(self.surroundings.environ.get("GIT_CONFIG_COUNT") or 0)
        environment = {"GIT_CONFIG_COUNT": str(first + len(settings))}
        for number, (key, value) in enumerate(settings, first):
            environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return environment

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

    def _fields(self, repository: Repository, command: Sequence[str]) -> list[str]:
        """Return what `command` prints, NUL-terminated."""
        extra = None
        if command[0] == "diff":  # of the settings, the first names what was only touched, the second may name no file
            touched = [("diff.autoRefreshIndex", "true"), ("diff.orderFile", os.devnull)]
            extra = self.without_filters(repository, touched)
        return decode_path(self._checked(repository, command, extra).output).split("\0")[:-1]

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
        return self._command.run([*_where(repository), *command], {**_environment(repository), **(extra or {})})


def _where(repository: Repository) -> list[str]:
    if repository.bare:
        return [f"--git-dir={repository.git_dir}"]
    return [f"--git-dir={repository.git_dir}", f"--work-tree={repository.root}", "-C", repository.root]


def _environment(repository: Repository) -> dict[str, str]:
    return {"GIT_INDEX_FILE": repository.index_file}


@contextmanager
def _copied_index(repository: Repository) -> Iterator[Repository]:
    """Yield the repository with a copy of its index, which is locked.

    `git diff` writes an index in which files were only touched, whatever --no-optional-locks says, unless it is locked.
    The copy keeps the time of the index, by which git knows which files may have been changed since.
    """
    import shutil  # noqa: PLC0415  only --changed pays for these
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    with TemporaryDirectory(prefix="code-context-") as directory:
        copy = os.path.join(directory, "index")
        try:
            with suppress(FileNotFoundError):  # nothing was ever added
                shutil.copy2(repository.index_file, copy)
            open(f"{copy}.lock", "xb").close()
        except OSError as error:
            what = f"the index of {escape_name(repository.root)} cannot be copied: {describe_os_error(error)}"
            raise GitError(what, "check its permissions, and the space in the directory for temporary files") from error
        yield replace(repository, index_file=copy)


def _split(answer: Answer) -> list[bytes]:
    return answer.output.split(b"\0")[:-1]
