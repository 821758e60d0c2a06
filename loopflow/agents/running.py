"""One run: the tree is listed, its config read, what agents load surveyed, compared with the start, and judged.

A repository without any candidate is found out by names alone: nothing is opened, and no vocabulary is loaded.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from loopflow.agents.model import AgentsReport, Survey, SurveyRequest
from loopflow.agents.names import has_candidates, is_candidate
from loopflow.agents.settings import AgentsSettings, has_own_agents
from loopflow.config.resolve import Config
from loopflow.config.sections import read_section
from loopflow.errors import LoopflowError, UsageError
from loopflow.io.file import Listed, list_all
from loopflow.io.git.change_start import find_start
from loopflow.io.git.output import Difference
from loopflow.io.git.repository import Git
from loopflow.io.tree_files import TreeFiles
from loopflow.model import (
    ConfigRequest,
    CountRequest,
    FileRef,
    Repository,
    Revision,
    SelectRequest,
    Skipped,
    Start,
    Surroundings,
)
from loopflow.usecases.find_config import find_config

if TYPE_CHECKING:  # a hook that finds no candidate needs none of these
    from loopflow.agents.growth import Past
    from loopflow.agents.reading import Library, Origin
    from loopflow.agents.survey import Surveyed

_LOCAL = ("CLAUDE.local.md", "AGENTS.override.md")


@dataclass(frozen=True, slots=True)
class AgentsRequest:
    """What is asked for. `budget` is a limit for the start of every place, `against` a revision to compare with."""

    select: SelectRequest
    survey: SurveyRequest = field(default_factory=SurveyRequest)
    counting: CountRequest = field(default_factory=CountRequest)
    configuring: ConfigRequest = field(default_factory=ConfigRequest)
    check: bool = False
    against: str | None = None
    budget: int | None = None
    directories: tuple[str, ...] = ()
    """Absolute: those that are looked at, all without any."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A tree before anything of it is read."""

    git: Git
    listed: Listed
    items: Sequence[FileRef | Skipped]
    config: Config
    settings: AgentsSettings

    @property
    def origin(self) -> "Origin":
        """Where its texts come from."""
        from loopflow.agents.reading import Origin  # noqa: PLC0415

        return Origin(self.git, self.listed.request.source, self.listed.root, self.listed.repository)


def list_agents(request: AgentsRequest, surroundings: Surroundings) -> Listing:
    """List a tree and read its config. Raises LoopflowError as the other commands do."""
    git = Git(surroundings)
    listed = list_all(request.select, git, surroundings.root, compact=True)
    if len(listed.trees) > 1:
        raise UsageError("the directories lie in several repositories", "name directories of one")
    config = find_config(TreeFiles(git, listed), listed, request.configuring, surroundings.root)
    for remark in config.unknown:
        request.counting.remark(remark)
    settings: AgentsSettings = read_section(config.sections, "agents")
    items: Sequence[FileRef | Skipped] = listed.everything[0].items if len(listed.everything) == 1 else ()
    items = items or tuple(item for listing in listed.everything for item in listing.items)
    if request.survey.local:
        items = (*items, *_find_local(listed.root, items))
    return Listing(git, listed, items, config, settings)


def _find_local(root: str, items: Sequence[FileRef | Skipped]) -> Iterator[FileRef]:
    """Yield what is only local, whether or not git ignores it, in directories that are listed."""
    known = {item.path for item in items}
    directories = {""}
    for path in known:
        while (path := path.rpartition("/")[0]) not in directories:
            directories.add(path)
    for directory in sorted(directories):
        for name in _LOCAL:
            path = f"{directory}/{name}" if directory else name
            if path not in known and os.path.isfile(os.path.join(root, path)):
                yield FileRef(path)


def run_agents(request: AgentsRequest, surroundings: Surroundings) -> AgentsReport:
    """Survey, compare and judge. Raises LoopflowError where the tree, a config or a recording cannot be read."""
    listing = list_agents(request, surroundings)
    settings = _with_budget(listing.settings, request.budget)
    _require_agents(request.survey.agents, settings)
    if not (has_candidates(listing.items) or settings.tools or has_own_agents(settings)):
        return AgentsReport(_nothing(listing, request, settings), is_checked=request.check)
    return _survey_and_judge(request, listing, settings)


def _survey_and_judge(request: AgentsRequest, listing: Listing, settings: AgentsSettings) -> AgentsReport:
    # What reads, counts and judges is imported once there is something to read.
    from loopflow.agents.growth import compare  # noqa: PLC0415
    from loopflow.agents.measures import measure_survey  # noqa: PLC0415
    from loopflow.agents.survey import take_survey  # noqa: PLC0415

    library = open_library(request, listing)
    asked = replace(
        request.survey,
        directories=locate(listing.listed, request.directories),
        source=_describe_source(listing),
        references=request.survey.references or any(rule.part == "references" for rule in settings.rules),
    )
    now = take_survey(listing.items, library, settings, asked)
    pasts, start = _look_back(request, listing, library, settings, asked, now)
    measures = measure_survey(now.survey)
    report = AgentsReport(
        now.survey,
        compared=compare(measures, pasts[0], start.name) if pasts and start else None,
        is_checked=request.check,
    )
    if request.check:
        from loopflow.agents.judging import Judge  # noqa: PLC0415

        _require_complete(now.survey)
        certain = {name: spec.certain for name, spec in settings.specs.items()}
        report = replace(report, rulings=Judge(now.survey, measures, pasts, settings, certain).judge())
    library.save()
    return report


def open_library(request: AgentsRequest, listing: Listing) -> "Library":
    """Return what reads and counts the texts of a tree."""
    from loopflow.agents.reading import Library  # noqa: PLC0415
    from loopflow.usecases.run import start_engine  # noqa: PLC0415

    engine = start_engine(request.counting, listing.config.encoding, listing.git)
    return Library(listing.origin, engine.counter, engine.cache)


def locate(listed: Listed, directories: Sequence[str]) -> tuple[str, ...]:
    """Return directories relative to the root of the tree."""
    found = []
    for directory in directories:
        relative = os.path.relpath(directory, os.path.realpath(listed.root)).replace(os.sep, "/")
        found.append("" if relative == "." else relative)
    return tuple(found)


def _nothing(listing: Listing, request: AgentsRequest, settings: AgentsSettings) -> Survey:
    window = request.survey.window or settings.window
    return Survey(_describe_source(listing), listing.config.encoding, window)


def _require_agents(names: Sequence[str], settings: AgentsSettings) -> None:
    for name in names:
        if name not in settings.specs:
            from loopflow.analysis.names import escape_name  # noqa: PLC0415

            raise UsageError(f"there is no agent {escape_name(name)}", f"known are {', '.join(settings.specs)}")


def _with_budget(settings: AgentsSettings, budget: int | None) -> AgentsSettings:
    if budget is None:
        return settings
    from loopflow.agents.settings import AgentRule, Limit  # noqa: PLC0415  few give one

    return replace(settings, rules=(AgentRule("--budget", "start", each=Limit(budget)),))


def _describe_source(listing: Listing) -> dict[str, str | None]:
    source = listing.listed.request.source
    revision = None
    if isinstance(source, Revision) and listing.listed.repository:
        revision = listing.git.resolve(listing.listed.repository, source.revision)
    return {"kind": source.kind, "rev": revision}


def _require_complete(survey: Survey) -> None:
    if survey.gaps:
        gap = survey.gaps[0]
        more = f" and {len(survey.gaps) - 1:,} more" if len(survey.gaps) > 1 else ""
        from loopflow.analysis.names import escape_name  # noqa: PLC0415

        what = f"--check needs every count, and {escape_name(gap.path)} could not be counted{more}"
        raise LoopflowError(what, "make it readable, or remove it")


def _look_back(  # noqa: PLR0913, PLR0917  what the run has at hand
    request: AgentsRequest,
    listing: Listing,
    library: "Library",
    settings: AgentsSettings,
    asked: SurveyRequest,
    now: "Surveyed",
) -> "tuple[list[Past], Start | None]":
    """Return the tips of the change, and where it began; nothing where nothing is compared."""
    repository = listing.listed.repository
    if not (request.check or request.against is not None):
        return [], None
    if repository is None:
        if request.against is not None:
            raise UsageError("this is no git repository: there is nothing to compare with", "leave out --against")
        return [], None
    from loopflow.agents.growth import look_back  # noqa: PLC0415

    against = request.against if request.against is not None else listing.config.against
    start = find_start(listing.git, repository, listing.listed.request.source, against)
    take = partial(_survey_commit, listing, library, settings, asked, now)
    return [look_back(now.survey, take(repository, commit)) for commit in start.commits], start


def _survey_commit(  # noqa: PLR0913, PLR0917
    listing: Listing,
    library: "Library",
    settings: AgentsSettings,
    asked: SurveyRequest,
    now: "Surveyed",
    repository: Repository,
    commit: str,
) -> Survey:
    source = listing.listed.request.source
    differences = listing.git.differences(repository, source, commit)
    if not (asked.local or listing.listed.request.untracked) and not _matter(differences, now, settings):
        return now.survey
    from loopflow.agents.survey import take_survey  # noqa: PLC0415

    origin = listing.origin._replace(source=Revision(commit))
    items = listing.git.list_commit(repository, commit, compact=True)
    return take_survey(items, library.at(origin), settings, replace(asked, drift=False)).survey


def _matter(differences: Sequence[Difference], now: "Surveyed", settings: AgentsSettings) -> bool:
    """Whether anything that differs can have been loaded by an agent, or decides what is."""
    has_rules = any(out.rules for _, out in now.seen.values())
    for each in differences:
        if each.after is None or (each.before is None and has_rules):
            return True
        if each.path in now.read or is_candidate(each.path):
            return True
    return bool(settings.tools) and bool(differences)
