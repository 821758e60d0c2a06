"""Skills, commands, subagents and styles: what is listed of each at the start, and what comes on use."""

from collections.abc import Iterator
from typing import NamedTuple

from loopflow.agents.facts import BYTES_PER_TOKEN
from loopflow.agents.facts_of_text import TextFacts
from loopflow.agents.model import Finding, Kind, Load, Lost, Part, When
from loopflow.agents.seen import Outlined, Seen, add_gap, holders, make_part
from loopflow.agents.tree import Resolved, join, parent
from loopflow.model import Skipped

_SKILL = "SKILL.md"
_LONGEST_NAME = 64
_HIDDEN = frozenset({"off", "user-invocable-only"})


class _At(NamedTuple):
    """A file that describes something: below which directory, by which name it is reached, and which one it is."""

    base: str
    shown: str
    found: Resolved


def add_described(seen: Seen, out: Outlined) -> None:
    """Add skills, commands, subagents and the style that is set."""
    spec = seen.spec
    listed: set[str] = set()
    for directory in spec.skills:
        for at in _find(seen, directory):
            if _is_skill(seen, at, join(at.base, directory)):
                _add(seen, out, at, listed, kind=Kind.SKILL)
    if spec.commands:
        for at in _find(seen, spec.commands):
            if at.shown.endswith(".md"):
                _add(seen, out, at, listed, kind=Kind.COMMAND)
    if spec.agents:
        for at in _find(seen, spec.agents):
            if at.shown.endswith(".md"):
                _add_agent(seen, out, at)
    _add_style(seen, out)


def _find(seen: Seen, directory: str) -> Iterator[_At]:
    for base in holders(seen.candidates, directory):
        for shown, found in seen.tree.walk(join(base, directory)):
            yield _At(base, shown, found)


def _is_skill(seen: Seen, at: _At, root: str) -> bool:
    """Whether a file is a skill's: some agents look at directories in the one for skills alone, some below."""
    inner = at.shown[len(root) + 1 :].split("/")
    if inner[-1] != _SKILL or any(name.startswith(".") for name in inner):
        return False
    if seen.spec.skill_head and at.shown in seen.tree.links:  # Codex: a link to the file itself is skipped
        return False
    return 1 < len(inner) <= seen.spec.skill_levels + 1 and bool(at.found.path)


def _add(seen: Seen, out: Outlined, at: _At, listed: set[str], *, kind: Kind) -> None:
    base, shown, found = at
    if found.path in listed:
        return
    listed.add(found.path)
    facts = seen.library.facts(seen.tree.files[found.path])
    if isinstance(facts, Skipped):
        add_gap(out, shown, facts)
        return
    is_command = kind is Kind.COMMAND
    stem = shown.rpartition("/")[2].removesuffix(".md") if is_command else parent(shown).rpartition("/")[2]
    name = stem if is_command else facts.head.text("name") or stem
    if (why := _refuse(seen, facts, name)) is not None:
        what = f"{seen.spec.title} leaves this skill out: {why}"
        out.findings.append(Finding("refused", shown, 1, out.spec.name, what))
        return
    if facts.head.error:
        what = f"its frontmatter is no YAML, so it has no description: {facts.head.error}"
        out.findings.append(Finding("frontmatter", shown, 1, out.spec.name, what))
    part = make_part(facts, found.path, Kind.SKILL, name, "body" if seen.spec.text == "body" else "bare")
    out.uses.append(Load(part, When.USE, base, through=found.through))
    state = seen.settings.overrides.get(stem, "on")
    is_hidden = facts.head.is_true("disable-model-invocation") or state in _HIDDEN or _is_implicit_off(seen, found)
    if not is_hidden:
        description = "" if state == "name-only" else _describe(seen, facts)
        _list(seen, out, at, facts.digest, (name, description))


def _refuse(seen: Seen, facts: TextFacts, name: str) -> str | None:
    if not seen.spec.refuses:
        return None
    if not facts.head.lines:
        return "it has no frontmatter"
    if facts.head.error:
        return f"its frontmatter is no YAML: {facts.head.error}"
    if len(name) > _LONGEST_NAME:
        return f"its name has {len(name)} characters, limit {_LONGEST_NAME}"
    length = len(" ".join(facts.head.text("description").split()))
    most = seen.spec.description_characters
    return f"its description has {length:,} characters, limit {most:,}" if length > most else None


def _is_implicit_off(seen: Seen, found: Resolved) -> bool:
    """Whether `agents/openai.yaml` beside a skill keeps Codex from listing it."""
    if not seen.spec.refuses:
        return False
    beside = seen.tree.find(join(parent(found.path), "agents/openai.yaml"))
    if beside is None:
        return False
    from loopflow.agents.frontmatter import read_frontmatter  # noqa: PLC0415

    text = seen.library.settings(seen.tree.files[beside.path]) or ""
    policy = read_frontmatter(f"---\n{text}\n---\n").values.get("policy")
    return isinstance(policy, dict) and policy.get("allow_implicit_invocation") == "false"


def _describe(seen: Seen, facts: TextFacts) -> str:
    head = facts.head
    description = head.text("description")
    if seen.spec.refuses:
        return " ".join(description.split())
    if not description and not head.error:
        description = facts.opening.strip()
    return " ".join(filter(None, (description.strip(), head.text("when_to_use").strip())))


def _list(seen: Seen, out: Outlined, at: _At, digest: str, described: tuple[str, str]) -> None:
    base, shown, found = at
    name, description = described
    most = seen.settings.description_characters or seen.spec.description_characters
    cut = description[:most] if most else description
    texts = [f"- {name}: {cut}" if cut else f"- {name}", f"- {name}: {description}"]
    tokens, whole = seen.library.count(texts)
    if cut != description:
        row = Lost(seen.spec.name, base, shown, "characters", most, most, len(description) - most, whole - tokens, 2)
        out.lost.append(row._replace(what="description", name=name))
    part = Part(found.path, Kind.DESCRIPTION, name, tokens, len(cut), len(texts[0].encode()), digest)
    out.add(Load(part, When.START, base, through=found.through))


def _add_agent(seen: Seen, out: Outlined, at: _At) -> None:
    base, shown, found = at
    facts = seen.library.facts(seen.tree.files[found.path])
    if isinstance(facts, Skipped):
        return
    name = facts.head.text("name")
    if facts.head.error:
        what = f"its frontmatter is no YAML, so it is no subagent: {facts.head.error}"
        out.findings.append(Finding("frontmatter", shown, 1, out.spec.name, what))
    if not name:  # it is no subagent: a README, for example
        return
    part = make_part(facts, found.path, Kind.AGENT, name, "bare")
    out.uses.append(Load(part, When.APART, base, through=found.through))
    description = " ".join(facts.head.text("description").split())
    if not description:
        out.findings.append(Finding("agent", shown, 1, out.spec.name, "it has no description, and is skipped"))
        return
    text = f"- {name}: {description}"
    [tokens] = seen.library.count([text])
    row = Part(found.path, Kind.DESCRIPTION, name, tokens, len(description), len(text.encode()), facts.digest)
    out.add(Load(row, When.START, base, through=found.through))


def _add_style(seen: Seen, out: Outlined) -> None:
    if not (seen.spec.styles and seen.settings.style):
        return
    for base, shown, found in _find(seen, seen.spec.styles):
        facts = seen.library.facts(seen.tree.files[found.path])
        if isinstance(facts, Skipped):
            continue
        name = facts.head.text("name") or shown.rpartition("/")[2].removesuffix(".md")
        if name == seen.settings.style:
            part = make_part(facts, found.path, Kind.STYLE, name, "bare")
            out.add(Load(part, When.START, base, through=found.through))
            return


def find_listing_loss(seen: Seen, out: Outlined, window: int) -> None:
    """Note what of the listing of skills there is no room for: which descriptions go, their use decides."""
    share = seen.settings.listing or seen.spec.listing
    rows = [load.part for load in out.chain.get("", ()) if load.part.kind is Kind.DESCRIPTION]
    if not (share and rows):
        return
    if seen.spec.listing_unit == "bytes":
        limit = int(window * share)
        used = sum(-(-(part.bytes + len(f" (file: {part.path})") + 1) // BYTES_PER_TOKEN) for part in rows)
        unit = "estimated tokens"
    else:
        limit, unit = int(window * share * BYTES_PER_TOKEN), "characters"
        used = sum(part.characters for part in rows)
    if used > limit:
        row = Lost(seen.spec.name, "", rows[0].path, unit, limit, limit, used - limit, 0, 1, what="listing")
        out.lost.append(row)


def find_references(seen: Seen, out: Outlined) -> None:
    """Add the files beside each skill, which are read when its body says so."""
    skills = [load for load in out.uses if load.part.kind is Kind.SKILL and load.part.path.endswith(f"/{_SKILL}")]
    for load in skills:
        refs = [seen.tree.files[path] for path in seen.tree.below(parent(load.part.path)) if path != load.part.path]
        seen.library.load(refs)
        for ref in refs:
            facts = seen.library.facts(ref)
            if not isinstance(facts, Skipped):
                part = make_part(facts, ref.path, Kind.REFERENCE, load.part.name, "raw")
                out.uses.append(Load(part, When.USE, load.where, through=load.through))
