"""Any Markdown by its headings: the sections of files, with the tokens of each and of what is below it."""

from collections.abc import Sequence
from typing import NamedTuple

from loopflow.agents.facts_of_text import is_markdown_name
from loopflow.agents.model import Section
from loopflow.agents.names import is_candidate
from loopflow.agents.reading import Library
from loopflow.agents.running import AgentsRequest, list_agents, locate, open_library
from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError
from loopflow.model import FileRef, Skipped, Surroundings, Worktree


class Sectioned(NamedTuple):
    """A file by its sections; `sums` are the tokens of each with those below it."""

    path: str
    tokens: int
    sections: tuple[Section, ...]
    sums: tuple[int, ...]


def find_sections(request: AgentsRequest, surroundings: Surroundings) -> list[Sectioned]:
    """Return the sections of the files that are named, else of all Markdown that agents look for.

    Raises UsageError for what is no text of the tree.
    """
    listing = list_agents(request, surroundings)
    library = open_library(request, listing)
    refs = {item.path: item for item in listing.items if isinstance(item, FileRef)}
    if request.directories:
        wanted = [
            _find(path, refs, listing.listed.request.source) for path in locate(listing.listed, request.directories)
        ]
    else:
        wanted = [ref for path, ref in sorted(refs.items()) if is_candidate(path) and is_markdown_name(path)]
    library.load(wanted)
    found = [_of(ref, library) for ref in wanted]
    library.save()
    return found


def _find(path: str, refs: dict[str, FileRef], source: object) -> FileRef:
    ref = refs.get(path) or (FileRef(path) if isinstance(source, Worktree) else None)
    if ref is None or path.startswith("../"):
        raise UsageError(f"there is no {escape_name(path)} in that tree", "name files of it")
    return ref


def _of(ref: FileRef, library: Library) -> Sectioned:
    facts = library.facts(ref)
    if isinstance(facts, Skipped):
        raise UsageError(f"{escape_name(ref.path)} cannot be counted: {escape_name(facts.why)}", "name a text")
    return Sectioned(ref.path, facts.tokens, facts.raw, tuple(add_up_sections(facts.raw)))


def add_up_sections(sections: Sequence[Section]) -> list[int]:
    """Return the tokens of each section with those of all sections below it."""
    sums = [section.tokens for section in sections]
    open_sections: list[int] = []
    for at, section in enumerate(sections):
        while open_sections and sections[open_sections[-1]].level >= section.level:
            open_sections.pop()
        for above in open_sections:
            sums[above] += section.tokens
        if section.level:
            open_sections.append(at)
    return sums
