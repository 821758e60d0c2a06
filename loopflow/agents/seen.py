"""What an agent is seen with, what is found for it, and what the steps in between share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from loopflow.agents.facts_of_text import TextFacts
from loopflow.agents.globs import Glob
from loopflow.agents.model import Finding, Kind, Load, Lost, Part
from loopflow.agents.reading import Library
from loopflow.agents.settings import AgentSettings
from loopflow.agents.specs import Spec
from loopflow.agents.tree import Tree
from loopflow.model import Skipped


class PathRule(NamedTuple):
    """A rule that comes with files: those below `base` that match one of `globs`."""

    base: str
    globs: tuple[Glob, ...]
    load: Load


@dataclass
class Outlined:
    """What there is for one agent. `chain`, `fallback` and `root` are by directory, in the order of loading.

    `claimed` are the directories with instructions of the agent's own, which leave the fallback out.
    """

    spec: Spec
    chain: dict[str, list[Load]] = field(default_factory=dict)
    fallback: dict[str, list[Load]] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)
    rules: list[PathRule] = field(default_factory=list)
    uses: list[Load] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)

    def add(self, load: Load) -> None:
        """Add what is loaded at the start, or with the files of a directory."""
        self.chain.setdefault(load.where, []).append(load)


class Seen(NamedTuple):
    """What an outline is made from."""

    tree: Tree
    library: Library
    spec: Spec
    settings: AgentSettings
    candidates: Sequence[str]


def holders(candidates: Iterable[str], name: str) -> list[str]:
    """Return the directories that have a path `name`, or something below it, sorted."""
    found = set()
    for path in candidates:
        if path == name or path.startswith(f"{name}/"):
            found.add("")
        at = path.find(f"/{name}")
        while at >= 0:
            end = at + 1 + len(name)
            if end == len(path) or path[end] == "/":
                found.add(path[:at])
            at = path.find(f"/{name}", at + 1)
    return sorted(found)


def add_gap(out: Outlined, path: str, skipped: Skipped) -> None:
    """Note that a text cannot be counted."""
    gap = skipped.reason.leaves_a_gap
    finding = Finding("unread", path, 1, out.spec.name, f"it is not counted: {skipped.why}", is_gap=gap)
    out.findings.append(finding)


def make_part(facts: TextFacts, path: str, kind: Kind, name: str, text: str) -> Part:
    """Return the part that `text` ("raw", "bare" or "body") of a file is."""
    sections, tokens, characters = facts.raw, facts.tokens, facts.characters
    if text == "body" or (text == "bare" and facts.bare is None and facts.head.lines):
        sections, characters = facts.body_sections, facts.body_characters
        tokens = sum(section.tokens for section in sections)
    elif text == "bare":
        tokens = facts.bare_tokens
    first = facts.head.lines + 1 if text != "raw" and facts.head.lines else 1
    return Part(
        *(path, kind, name, tokens, characters, facts.bytes, facts.digest, facts.lossy, sections),
        first_line=first,
        last_line=max(facts.lines, first),
    )
