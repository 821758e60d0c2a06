"""Where the change of a workflow's event begins, and enough history to compare with it.

A pull request is compared with its target branch, a merge queue's commit with what it is merged into, a push with what
the branch was and what the default branch holds, anything else with what the config names or its parents. What a
shallow checkout lacks is fetched from `origin`, step by step, until git knows for certain where the change began. Where
that fails, the run fails: it never compares with something else.

Of a push, nothing else that the remote has counts as known: which of its branches are here depends on the checkout, and
the one that was pushed holds it all by now.

Everything here comes from a pull request that is not trusted. So what is fetched is an object id or the full name of a
branch or tag, never a name that git could take for an option.
"""

import base64
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from loopflow.analysis.names import escape_name
from loopflow.errors import GitError, LoopflowError
from loopflow.io.git.change_start import find_push_start, find_start, require_ancestors
from loopflow.io.git.repository import Git
from loopflow.io.git.shallow import shallow_commits
from loopflow.model import Push, Repository, Revision, Start

HEAD = "HEAD"
_PULL_REQUEST = ("pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment")
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
# git-check-ref-format(1), and what a refspec would read as more than a name.
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|[/.]$|^[/.]")
_DEEPER = (1, 50, 200, 1000, 5000)  # commits, each in addition to what is there

_OPTIONS = (
    *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"),
    *("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60"),
    *("fetch", "--quiet", "--no-tags", "--no-prune", "--no-recurse-submodules", "--no-write-fetch-head"),
    *("--no-auto-maintenance", "--stdin"),
)
_ENVIRONMENT = {"GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


@dataclass(frozen=True, slots=True)
class Event:
    """What started the workflow: the event's name and what GitHub says of it."""

    name: str
    payload: object

    def get(self, *keys: str) -> object:
        """Return the value at `keys`, None where there is none."""
        value = self.payload
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    @property
    def pull_request(self) -> int | None:
        """The number of the pull request, None for other events."""
        number = self.get("pull_request", "number")
        return number if self.name in _PULL_REQUEST and isinstance(number, int) else None


def read_event(environment: Mapping[str, str]) -> Event:
    """Return the event that the runner describes. Raises LoopflowError where it cannot be read."""
    name, path = environment.get("GITHUB_EVENT_NAME", ""), environment.get("GITHUB_EVENT_PATH")
    if not path:
        return Event(name, {})
    try:
        with open(path, encoding="utf-8") as file:
            return Event(name, json.load(file))
    except (OSError, ValueError, RecursionError) as error:
        what = f"the event file {escape_name(path)} cannot be read"
        raise LoopflowError(what, "check what GITHUB_EVENT_PATH names") from error


@dataclass(frozen=True, slots=True)
class Checkout:
    """The repository that was checked out, and how to get more of it. `token` is used where git's own setup fails."""

    git: Git
    repository: Repository
    head: str
    server: str = ""
    token: str = ""

    @property
    def is_shallow(self) -> bool:
        """Whether history is missing."""
        return bool(shallow_commits(self.repository))

    def find(self, revision: str) -> str | None:
        """Return the id of the commit that `revision` names, None if it is not here."""
        return self.git.find_commit(self.repository, revision)

    def fetch(self, options: Sequence[str], wanted: Sequence[str]) -> None:
        """Fetch `wanted`, ids or refspecs, from origin. Raises LoopflowError where that fails."""
        done = self._try(options, wanted, {})
        if done.returncode and self.token and self.server:
            done = self._try(options, wanted, self._authorised())
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.startswith(("fatal:", "error:", "ERROR:"))]
            raise GitError(escape_name(lines[0]) if lines else f"git fetch ended with {done.returncode}")

    def _try(
        self, options: Sequence[str], wanted: Sequence[str], more: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        where = [f"--git-dir={self.repository.git_dir}", f"--work-tree={self.repository.root}"]
        return subprocess.run(
            ["git", *where, *_OPTIONS, *options, "origin"],
            input="".join(f"{each}\n" for each in wanted),
            env={**os.environ, **_ENVIRONMENT, **more},
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )

    def _authorised(self) -> dict[str, str]:
        """Return the environment in which git shows the token to the server, and nobody sees it among the arguments.

        The empty value takes away what else the checkout is set up to send there: a server refuses two of them.
        """
        secret = base64.b64encode(f"x-access-token:{self.token}".encode()).decode("ascii")
        key = f"http.{self.server.rstrip('/')}/.extraheader"
        return add_config(os.environ, [(key, ""), (key, f"AUTHORIZATION: basic {secret}")])


def add_config(environment: Mapping[str, str], settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the variables that add `settings` to git's configuration (git-config(1), GIT_CONFIG_COUNT)."""
    first = int(environment.get("GIT_CONFIG_COUNT") or 0)
    variables = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (key, value) in enumerate(settings, first):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


@dataclass(frozen=True, slots=True)
class Base:
    """What to compare with: where the change left `against`, else what the program compares with by itself.

    With `before`, the id of what the branch was, it is a push, and `against` is the branch that others start from.
    """

    against: str | None = None
    before: str | None = None


def find_base(event: Event, checkout: Checkout) -> Base | None:
    """Return what the event says to compare with, None if it says nothing.

    Raises LoopflowError where the event and the checkout do not fit together.
    """
    if event.name in _PULL_REQUEST:
        return Base(_base_of_pull_request(event, checkout))
    if event.name == "merge_group":
        return Base(_read_id(event, "merge_group", "base_sha"))
    return _base_of_push(event, checkout) if event.name == "push" else None


def name_base(event: Event) -> str:
    """Return the branch that the base is of, as people call it; nothing where the event names none."""
    name = event.get("merge_group", "base_ref") if event.name == "merge_group" else None
    if event.name in _PULL_REQUEST:
        name = event.get("pull_request", "base", "ref")
    return name.removeprefix("refs/heads/") if isinstance(name, str) and "\0" not in name else ""


def _base_of_pull_request(event: Event, checkout: Checkout) -> str:
    """Return the commit of the target branch that the checkout was merged with, else the one that the event names.

    The event may name an older one; then what others did since would be this pull request's growth.
    """
    head, base = _read_id(event, "pull_request", "head", "sha"), _read_id(event, "pull_request", "base", "sha")
    first, *others = checkout.git.parents(checkout.repository, checkout.head) or [base]
    if head in others:
        return first
    if event.name == "pull_request_target" and checkout.head != head:
        number = event.pull_request or "NUMBER"
        what = "pull_request_target has checked out the target branch, which is not what the pull request changes"
        raise GitError(what, f"use pull_request, or give actions/checkout 'ref: refs/pull/{number}/merge'")
    return base


def _base_of_push(event: Event, checkout: Checkout) -> Base | None:
    """Return what the branch was, and the default branch; of a new branch, or where what it was is gone, that alone.

    To the default branch all that lands counts. Where what that was is gone, nothing else takes its place.
    """
    before = _read_id(event, "before")
    main = event.get("repository", "default_branch")
    is_new = not before.strip("0")
    if not isinstance(main, str) or event.get("ref") == f"refs/heads/{main}":
        return None if is_new else Base(before, before)
    if is_new or (event.get("forced") and not _is_there(checkout, before)):
        return Base(f"origin/{main}")
    return Base(f"origin/{main}", before)


def _is_there(checkout: Checkout, commit: str) -> bool:
    """Whether a commit is here, or could be fetched."""
    if checkout.find(commit) is None:
        try:
            checkout.fetch(["--depth=1"] if checkout.is_shallow else [], [commit])
        except GitError:
            return False
    return True


def _read_id(event: Event, *keys: str) -> str:
    value = event.get(*keys)
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    what = f"the event {escape_name(event.name)} has no commit in {'.'.join(keys)}"
    raise LoopflowError(what, "give the action's input 'against' a revision to compare with")


def fetch_history(checkout: Checkout, base: Base) -> None:
    """Fetch what it takes to know where the change began. Raises LoopflowError with the `fetch-depth` to set.

    What no fetch can bring is left to the program, which says what is missing. So is what several commits that it came
    from have in common, where that cannot be fetched: it takes that only where something was written in their merge.
    """
    for options, wanted in _fetches(checkout, base):
        start: Start | None = None
        try:
            start = _find_start(checkout, base)
            require_ancestors(checkout.git, checkout.repository, start.commits)
        except GitError as missing:
            try:
                checkout.fetch(options, wanted)
            except GitError as error:
                if start is not None:
                    return
                depth = 2 if _is_parent(checkout, base) else 0
                what = f"{missing.message}, and fetching it failed: {error.message}"
                hint = f"set 'fetch-depth: {depth}' in actions/checkout, or name another start in the input 'against'"
                raise GitError(what, hint) from error
        else:
            return


def _find_start(checkout: Checkout, base: Base) -> Start:
    """Return where the change began, as the program will find it. Raises GitError where something is missing."""
    git, repository, head = checkout.git, checkout.repository, Revision(checkout.head)
    if base.before is None or base.against is None:
        return find_start(git, repository, head, base.against)
    for name in (base.before, base.against):
        git.resolve(repository, name)
    return find_push_start(git, repository, head, Push(base.before), base.against)


def _fetches(checkout: Checkout, base: Base) -> Iterator[tuple[list[str], list[str]]]:
    """Yield what to fetch next, options and refspecs; each is only asked for when those before did not suffice."""
    named = [name for name in dict.fromkeys((base.before, base.against)) if name is not None]
    for name in named if not _is_parent(checkout, base) else []:
        refspec = find_refspec(name)
        if refspec and checkout.find(name) is None:
            yield ["--depth=1"] if checkout.is_shallow else [], [refspec]
        if checkout.find(name) is None and not re.search(r"[~^@]", name):
            return
    for step in [f"--deepen={count}" for count in _DEEPER] + ["--unshallow"]:
        if not checkout.is_shallow:
            return
        yield [step], sorted(shallow_commits(checkout.repository))


def _is_parent(checkout: Checkout, base: Base) -> bool:
    """Whether it is compared with a parent, which the next commit of the history brings."""
    if base.against is None:
        return True
    parents = checkout.git.parents(checkout.repository, checkout.head)
    return base.against in parents and base.before in {None, base.against}


def find_refspec(against: str) -> str | None:
    """Return what to fetch for a revision: an id, a branch of origin, or a tag; None for anything else."""
    if _ID.fullmatch(against):
        return against
    name = against.removeprefix("refs/remotes/")
    if _NO_REF.search(name):
        return None
    if name.startswith("origin/"):
        branch = name.removeprefix("origin/")
        return f"+refs/heads/{branch}:refs/remotes/origin/{branch}"
    tag = against.removeprefix("refs/tags/")
    return f"+refs/tags/{tag}:refs/tags/{tag}"
