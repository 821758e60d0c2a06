"""A start in one command: look at a repository and write a first config file that it keeps today."""

import os
from dataclasses import replace
from fractions import Fraction
from math import ceil

from loopflow.analysis.attributes import Attributes
from loopflow.analysis.cuts import find_cuts
from loopflow.analysis.names import escape_name
from loopflow.analysis.owners import owned_places
from loopflow.analysis.proposal import Observed, Proposal, propose
from loopflow.config.resolve import CONFIG_FILE, Config, resolve
from loopflow.errors import UsageError
from loopflow.io.tree_files import read_codeowners
from loopflow.io.writing import write_new
from loopflow.model import CompareRequest, Scope
from loopflow.usecases.judge import judge_by
from loopflow.usecases.measurement import Measured

_LEAST_SHARED = 100_000  # tokens: a percent of less is hardly room for the next change


def require_no_config(config: Config) -> None:
    """Raise UsageError where there is a config file already."""
    if config.file is not None:
        where = escape_name(config.file)
        raise UsageError(f"{where} configures code-context already, and nothing was written", "edit it by hand")


def propose_for(measured: Measured, attributes: Attributes) -> Proposal:
    """Return a first config file for what was measured, one that it keeps; `attributes` are those of its files."""
    git, repository = measured.engine.git, measured.repository
    against = git.default_branch(repository) if repository else None
    files = measured.profile.files
    observed = Observed(files, find_cuts(files, attributes), against, owned_places(read_codeowners(measured.files)))
    proposal = propose(observed)
    if repository is None:
        return proposal
    needed = _needed_growth(measured, proposal)
    return propose(replace(observed, growth=needed)) if needed else proposal


def write_config(measured: Measured, proposal: Proposal) -> str:
    """Write the config file, which must not be there yet, and return its path."""
    path = os.path.join(measured.selection.root, CONFIG_FILE)
    try:
        write_new(path, proposal.text)
    except FileExistsError as error:
        raise UsageError(f"{CONFIG_FILE} is there already, and was left as it is", "edit it by hand") from error
    return path


def _needed_growth(measured: Measured, proposal: Proposal) -> str | None:
    """Return the growth to allow so that what is staged passes with the file itself; None if the proposed suffices."""
    config = resolve({CONFIG_FILE: proposal.text.encode()}, {}, {})
    _, judged = judge_by(replace(measured, config=config), CompareRequest())
    verdict = next((each for each in judged.verdicts if each.scope is Scope.GROWTH), None)
    if verdict is None or verdict.limit is None:
        return None
    [itself] = measured.engine.counter.count([proposal.text])
    needed = verdict.value + itself
    if needed <= verdict.limit:
        return None
    if verdict.base_value < _LEAST_SHARED:
        return f"{ceil(needed / 1_000) + 2}k"
    return f"{ceil(100 * Fraction(needed, verdict.base_value)) + 1}%"
