"""What git makes of several commits by itself: its own merge of them, made without leaving a trace.

`git merge-tree` (git-merge-tree(1)) finds renames and several merge bases as `git merge` does. It writes objects: they
go to a directory that is thrown away. It could run merge drivers and clean filters: each driver that is configured
becomes one that fails, so that its files conflict, which blames nobody; and nothing is normalised.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.errors import GitError
from loopflow.io.git.command import decode_path
from loopflow.io.git.objects import Objects
from loopflow.io.git.repository import Git
from loopflow.io.git.scratch import scratch_objects
from loopflow.model import FileRef, Repository, is_regular

_FIXED = (
    ("merge.conflictStyle", "merge"),
    ("merge.renames", "true"),
    ("merge.directoryRenames", "true"),
    ("merge.renormalize", "false"),
    ("merge.renameLimit", "7000"),
    ("merge.default", "text"),
)
# A merge of more than two needs a commit of the first ones, which nobody will see.
_NOBODY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "nobody"), ("EMAIL", "nobody@localhost"), ("DATE", "@0 +0000"))
}
_CLEAN, _CONFLICTED = 0, 1


class AutomaticMerge(NamedTuple):
    """The files of git's merge by path; of those that conflict, the ids of the versions that git lists.

    `labels` are what stands behind the markers of a conflict.
    """

    files: Mapping[str, FileRef]
    conflicts: Mapping[str, tuple[str, ...]]
    labels: tuple[str, ...]
    objects: Objects

    def read(self, blob: str) -> bytes:
        """Return the content of a blob. Raises GitError if it is missing."""
        data = self.objects.read("blob", blob)
        if data is None:
            raise GitError(f"the object {blob} is missing", "in a partial clone, fetch it first: git fetch --refetch")
        return data


@contextmanager
def merge_automatically(git: Git, repository: Repository, tips: Sequence[str]) -> Iterator[AutomaticMerge]:
    """Yield git's merge of `tips`, ids of two commits at least. Raises GitError where git cannot make it."""
    from tempfile import TemporaryDirectory  # noqa: PLC0415  only a merge in which something was written pays for it

    with TemporaryDirectory(prefix="code-context-") as directory:
        environment = _environment(git, repository, directory)
        first, *others = tips
        conflicts: dict[str, tuple[str, ...]] = {}
        labels = list(tips)
        tree = ""
        for place, other in enumerate(others, 1):
            tree, found = _merge_two(git, repository, (first, other), environment)
            conflicts |= found
            if place < len(others):
                first = _commit(git, repository, tree, (first, other), environment)
                labels.append(first)
        objects = git.objects(repository, environment)
        try:
            files = {ref.path: ref for ref in git.list_commit(repository, tree, environment)}
            yield AutomaticMerge(files, conflicts, tuple(labels), objects)
        finally:
            objects.close()


def _environment(git: Git, repository: Repository, directory: str) -> dict[str, str]:
    drivers = git.configured(repository, r"^merge\..*\.driver$")
    settings = [*_FIXED, *((key, "false") for key in drivers)]
    return {**scratch_objects(git, repository, directory), **_NOBODY, **git.setting(settings)}


def _merge_two(
    git: Git, repository: Repository, tips: tuple[str, str], environment: Mapping[str, str]
) -> tuple[str, dict[str, tuple[str, ...]]]:
    """Return the id of the merged tree, and the ids that are listed for each path that conflicts."""
    asked = ["merge-tree", "--write-tree", "-z", "--no-messages", "--allow-unrelated-histories", *tips]
    answer = git.ask(repository, asked, environment, statuses=(_CLEAN, _CONFLICTED))
    tree, *listed = decode_path(answer.output).split("\0")[:-1]
    conflicts: dict[str, tuple[str, ...]] = {}
    for entry in listed:
        head, tab, path = entry.partition("\t")
        fields = head.split(" ")
        if not tab or len(fields) != 3:  # noqa: PLR2004  mode, id, stage
            raise GitError(f"git merge-tree lists what is no file in {escape_name(repository.root)}", "run git fsck")
        listed_ids = conflicts.setdefault(path, ())
        if is_regular(int(fields[0], 8)):  # a link or a submodule has no lines
            conflicts[path] = (*listed_ids, fields[1])
    return tree, conflicts


def _commit(
    git: Git, repository: Repository, tree: str, parents: tuple[str, str], environment: Mapping[str, str]
) -> str:
    command = ["commit-tree", "-m", "merged", *(word for parent in parents for word in ("-p", parent)), tree]
    return git.ask(repository, command, environment).line
