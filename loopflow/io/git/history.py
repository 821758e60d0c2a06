"""What git knows of commits: which one a name means, where histories meet, what a remote was last seen to have."""

import re
from collections.abc import Sequence

from loopflow.analysis.names import escape_name
from loopflow.errors import GitError
from loopflow.io.git.asking import EMPTY_TREE, Asking
from loopflow.io.git.fetching import how_to_fetch
from loopflow.io.git.shallow import shallow_commits
from loopflow.model import Repository

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MOST_BRANCHES = 1_000  # their ids are arguments of one command


class History(Asking):
    """Questions about commits and branches."""

    def resolve(self, repository: Repository, revision: str) -> str:
        """Return the id of the commit that `revision` names. Raises GitError if there is none."""
        found = self.find_commit(repository, revision)
        if found is None:
            where = escape_name(repository.root)
            kind = self.kind_of(repository, revision)
            if kind:
                what = f"{escape_name(revision)} is a {kind} in {where}, and no commit"
                raise GitError(what, "name one; a tag of anything else is pushed with git push --no-verify")
            what = f"no such revision in {where}: {escape_name(revision)}"
            raise GitError(what, how_to_fetch(self, repository, revision))
        return found

    def kind_of(self, repository: Repository, revision: str) -> str:
        """Return what a name that is no commit's is of, "tree" or "blob"; "" if of nothing."""
        found = self._run(repository, ["rev-parse", "--verify", "--quiet", "--end-of-options", revision])
        if found.status or not _ID.fullmatch(found.line):
            return ""
        kind = self._run(repository, ["cat-file", "-t", f"{found.line}^{{}}"]).line
        return kind if kind != "commit" else ""

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

    def default_branch(self, repository: Repository, remote: str = "origin") -> str | None:
        """Return the remote-tracking branch of a remote's default branch, such as "origin/main", if there is one."""
        head = self._run(repository, ["symbolic-ref", "--quiet", "--short", f"refs/remotes/{remote}/HEAD"]).line
        names = (head, f"{remote}/main", f"{remote}/master")
        return next((name for name in names if name and self.find_commit(repository, f"refs/remotes/{name}")), None)

    def parents_here(self, repository: Repository, commit: str) -> tuple[str, ...]:
        """Return the ids of a commit's parents, or of the empty tree. Raises GitError if a shallow clone lacks one."""
        parents = self.parents(repository, commit)
        missing = next((parent for parent in parents if self.find_commit(repository, parent) is None), None)
        if missing:
            which = "the parent" if len(parents) == 1 else "a parent"
            what = f"{which} of {commit[:12]} is not in {escape_name(repository.root)}"
            raise GitError(f"{what}, which is a shallow clone", "git fetch --deepen=1")
        return tuple(parents) or (EMPTY_TREE[repository.object_format],)

    def parents(self, repository: Repository, commit: str) -> list[str]:
        """Return the ids of a commit's parents, whether or not a shallow clone has them."""
        head = self.read_commit(repository, commit).partition(b"\n\n")[0]
        lines = head.decode("ascii", "replace").split("\n")
        return [line.removeprefix("parent ") for line in lines if line.startswith("parent ")]

    def read_commit(self, repository: Repository, commit: str) -> bytes:
        """Return a commit (an id) as git stores it: lines about it, an empty one, its message."""
        data = self._objects_of(repository).read("commit", commit)
        return self._checked(repository, ["cat-file", "commit", commit]).output if data is None else data

    def full_name(self, repository: Repository, name: str) -> str:
        """Return the full name of the branch that `name` is of, such as "refs/remotes/origin/main"; "" if of none."""
        asked = ["rev-parse", "--verify", "--quiet", "--symbolic-full-name", "--end-of-options", name]
        return self._run(repository, asked).line
