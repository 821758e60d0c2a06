"""What one agent finds in a tree, directory by directory: the one reader that every row of the table is read with."""

from collections.abc import Iterator, Sequence

from loopflow.agents.facts_of_text import TextFacts
from loopflow.agents.globs import compile_globs, is_everything
from loopflow.agents.importing import expand_imports
from loopflow.agents.model import Finding, Kind, Load, Lost, Part, When
from loopflow.agents.seen import Outlined, PathRule, Seen, add_gap, holders, make_part
from loopflow.agents.skills import add_described
from loopflow.agents.specs import RuleFormat
from loopflow.agents.tree import Resolved, join
from loopflow.model import Skipped


def outline_agent(seen: Seen) -> Outlined:
    """Return what the agent would load anywhere in the tree."""
    out = Outlined(seen.spec)
    _add_instructions(seen, out)
    for rule_format in seen.spec.rules:
        _add_rules(seen, rule_format, out)
    add_described(seen, out)
    return out


def _add_instructions(seen: Seen, out: Outlined) -> None:
    spec = seen.spec
    names = seen.settings.instructions or spec.instructions
    for target, groups in ((out.chain, names), (out.fallback, _fallback(seen))):
        for group in groups:
            directories = sorted({each for name in group for each in holders(seen.candidates, name)})
            for directory in directories:
                loads = _load_first(seen, out, directory, group)
                if loads:
                    target.setdefault(directory, []).extend(loads)
                    if target is out.chain:
                        out.claimed.add(directory)
    for group in spec.root:
        out.chain.setdefault("", []).extend(_load_first(seen, out, "", group))
    for name in (*spec.always, *seen.settings.always):
        out.chain.setdefault("", []).extend(_load_first(seen, out, "", (name,)))
    for found in (out.chain, out.fallback):
        for directory in [each for each, loads in found.items() if not loads]:
            del found[directory]


def _fallback(seen: Seen) -> tuple[tuple[str, ...], ...]:
    mode = seen.settings.agents_md
    return () if mode == "never" else seen.spec.fallback


def _load_first(seen: Seen, out: Outlined, directory: str, group: Sequence[str]) -> list[Load]:
    """Return what is loaded of the first of a group that is there."""
    for name in group:
        path = join(directory, name)
        if seen.settings.excludes(path):
            continue
        found = seen.tree.find(path)
        if found is None:
            _say_why_not(seen, out, path)
            continue
        load = read_instructions(seen, out, path, found, directory)
        return [] if load is None else [load, *expand_imports(seen, out, load)]
    return []


def _say_why_not(seen: Seen, out: Outlined, path: str) -> None:
    if path in seen.tree.unread:
        add_gap(out, path, seen.tree.unread[path])
    elif path in seen.tree.links or seen.tree.resolve(path).why in {"outside", "cycle", "submodule"}:
        why = seen.tree.resolve(path).why or "a directory"
        out.findings.append(Finding("link", path, 1, out.spec.name, f"it leads nowhere in this tree ({why})"))


def read_instructions(seen: Seen, out: Outlined, path: str, found: Resolved, where: str) -> Load | None:
    """Return the load of a file of instructions, None where nothing of it is."""
    facts = seen.library.facts(seen.tree.files[found.path])
    if isinstance(facts, Skipped):
        add_gap(out, path, facts)
        return None
    spec = seen.spec
    if spec.file_bytes and facts.bytes > spec.file_bytes:
        lost = Lost(spec.name, where, path, "bytes", spec.file_bytes, 0, facts.bytes, facts.tokens, 1, what="file")
        out.lost.append(lost)
        return None
    part = make_part(facts, found.path, Kind.INSTRUCTIONS, "", spec.text)
    return limit_characters(seen, out, Load(part, When.START, where, through=found.through), facts)


def limit_characters(seen: Seen, out: Outlined, load: Load, facts: TextFacts) -> Load:
    """Return a load, noting what is beyond the characters that the agent takes of a file."""
    most = seen.settings.max_characters or seen.spec.file_characters
    if most and facts.characters > most:
        lost = facts.characters - most
        row = Lost(seen.spec.name, load.where, load.part.path, "characters", most, most, lost, 0, 1, what="file")
        out.lost.append(row)
    return load


def _add_rules(seen: Seen, form: RuleFormat, out: Outlined) -> None:
    for base in holders(seen.candidates, form.directory):
        if base and not form.above:
            continue
        for shown, found in seen.tree.walk(join(base, form.directory)):
            if shown.endswith(form.suffix) and not seen.settings.excludes(shown):
                _add_rule(seen, form, out, base, shown, found)


def _add_rule(  # noqa: PLR0913, PLR0917  a rule is where it is, what it is, and whose
    seen: Seen, form: RuleFormat, out: Outlined, base: str, shown: str, found: Resolved
) -> None:
    facts = seen.library.facts(seen.tree.files[found.path])
    if isinstance(facts, Skipped):
        add_gap(out, shown, facts)
        return
    name = shown.rpartition("/")[2].removesuffix(form.suffix)
    text = "body" if seen.spec.text == "body" else "bare"
    load = Load(make_part(facts, found.path, Kind.RULE, name, text), When.START, base, through=found.through)
    load = limit_characters(seen, out, load, facts)
    out.findings += _check_head(seen, form, facts, shown)
    when, globs = _decide(form, facts)
    if when is When.START:
        out.add(load)
        if seen.spec.imports:
            out.chain[base] += expand_imports(seen, out, load)
    elif when is When.FILES:
        compiled = tuple(compile_globs(globs, base, bare_anywhere=form.bare))
        load = load._replace(when=When.FILES, globs=globs)
        out.rules.append(PathRule(base, compiled, load))
        for each in expand_imports(seen, out, load):
            out.rules.append(PathRule(base, compiled, each._replace(when=When.FILES, globs=globs)))
    else:
        out.uses.append(load._replace(when=When.ASKED))
        _describe_rule(seen, out, load, facts, name)


def _describe_rule(seen: Seen, out: Outlined, load: Load, facts: TextFacts, name: str) -> None:
    if description := facts.head.text("description"):
        text = f"- {name}: {description}"
        [tokens] = seen.library.count([text])
        part = Part(load.part.path, Kind.DESCRIPTION, name, tokens, len(description), len(text.encode()), facts.digest)
        out.add(Load(part, When.START, load.where, through=load.through))


def _decide(form: RuleFormat, facts: TextFacts) -> tuple[When, tuple[str, ...]]:
    """Return when a rule is loaded, and with which files."""
    head = facts.head
    missing = When.START if form.missing == "start" else When.ASKED
    if head.error:
        return missing, ()
    if form.trigger:
        trigger = head.text(form.trigger)
        if trigger == "always_on":
            return When.START, ()
        return (When.FILES, head.names(form.globs)) if trigger == "glob" else (When.ASKED, ())
    if form.always and head.is_true(form.always):
        return When.START, ()
    globs = head.names(form.globs)
    if not globs:
        return missing, ()
    return (When.START, globs) if any(map(is_everything, globs)) else (When.FILES, globs)


def _check_head(seen: Seen, form: RuleFormat, facts: TextFacts, path: str) -> Iterator[Finding]:
    agent, title, head = seen.spec.name, seen.spec.title, facts.head
    always = "so it is loaded always" if form.missing == "start" else "so it is loaded only when it is asked for"
    if head.error:
        yield Finding("frontmatter", path, 1, agent, f"its frontmatter is no YAML, {always}: {head.error}")
        return
    globs = head.names(form.globs)
    for key in form.wrong:
        if key in head.values and not globs:
            yield Finding("key", path, 2, agent, f"{key} is not read by {title}: {form.globs} is, {always}")
    if any(map(is_everything, globs)):
        yield Finding("always", path, 2, agent, f"its {form.globs} match every file: the same as always")
