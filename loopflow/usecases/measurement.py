"""What counting has found, with all that it takes to compare and to judge it."""

import os
from dataclasses import dataclass, replace

from loopflow.analysis.names import escape_name
from loopflow.config.resolve import Config
from loopflow.errors import LoopflowError, UsageError
from loopflow.io.count.counting import Engine
from loopflow.io.count.start_counts import Covers
from loopflow.io.git.repository import Git
from loopflow.io.tree_files import TreeFiles
from loopflow.model import Criteria, Profile, Repository, Selection, SelectRequest, Surroundings


@dataclass(frozen=True, slots=True)
class Measured:
    """A profile, and all that it takes to compare it. `covers` is None where several trees were measured."""

    selection: Selection
    criteria: Criteria
    profile: Profile
    config: Config
    engine: Engine
    files: TreeFiles
    covers: Covers | None

    @property
    def repository(self) -> Repository | None:
        """The repository that was measured, if it is one."""
        return self.selection.repository

    def locate(self, path: str) -> str:
        """Return a path that the user named as an absolute one."""
        return os.path.join(self.engine.git.surroundings.root, path)


def require_whole(request: SelectRequest, option: str, surroundings: Surroundings) -> None:
    """Raise UsageError where a budget or a baseline is asked of less, or more, than the configured selection.

    A bare repository is read only when it is named; to name it is to ask for all of it.
    """
    if request.paths and _names_bare_repository(request, surroundings):
        request = replace(request, paths=())
    if request.narrows or request.changed or request.readmes or request.untracked:
        what = f"{option} is about the whole configured selection, and this run asks for another one"
        raise UsageError(what, "leave out paths and filters; write include and exclude in the config file")


def _names_bare_repository(request: SelectRequest, surroundings: Surroundings) -> bool:
    if len(request.paths) > 1:
        return False
    directory = os.path.realpath(os.path.join(surroundings.root, request.paths[0]))
    return Git(surroundings).find_bare_repository(directory) is not None


def require_one_tree(measured: Measured) -> None:
    """Raise UsageError where several trees were measured."""
    if measured.covers is None:
        raise UsageError("several trees were read, and growth is that of one", "name paths of one repository")


def require_complete(profile: Profile, option: str) -> None:
    """Raise LoopflowError where a file could not be counted."""
    if not profile.complete:
        gap = profile.gaps[0]
        more = f" and {len(profile.gaps) - 1:,} more" if len(profile.gaps) > 1 else ""
        which = f"{escape_name(gap.path)} ({escape_name(gap.why)}){more}"
        what = f"{option} needs every count, and {which} could not be counted"
        raise LoopflowError(what, "make it readable, or exclude it in the config file")
