"""Who owns what went over a limit, as the tree's CODEOWNERS file says."""

from collections.abc import Callable
from dataclasses import replace

from loopflow.analysis.owners import parse_owners
from loopflow.io.tree_files import TreeFiles, read_codeowners
from loopflow.model import Judgement, Status, Verdict


def name_owners(judgement: Judgement, files: TreeFiles) -> Judgement:
    """Return the judgement with the owner of what is over, where that is one."""
    if not any(verdict.is_over for verdict in judgement.verdicts):
        return judgement
    owner = parse_owners(read_codeowners(files))
    return replace(judgement, verdicts=tuple(_name_owner(each, owner) for each in judgement.verdicts))


def _name_owner(verdict: Verdict, owner: Callable[[str], str | None]) -> Verdict:
    """Name who owns what is over: of the file, or of all that grew, if that is the same."""
    if not verdict.is_over or verdict.status is Status.INHERITED:
        return verdict
    paths = [item.name for item in verdict.over] or [delta.path for delta in verdict.causes]
    owners = {owner(path) for path in paths}
    return replace(verdict, owner=owners.pop()) if len(owners) == 1 else verdict
