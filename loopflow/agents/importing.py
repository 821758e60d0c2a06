"""Imports: which files a text brings along, as agents resolve them. What is not in the tree is said, not guessed."""

from collections.abc import Iterator

from loopflow.agents.model import Finding, Kind, Load
from loopflow.agents.seen import Outlined, Seen, make_part
from loopflow.agents.tree import Resolved, join, parent
from loopflow.model import Skipped

_TRAILING = ".,;:!?)]}'\"*_>"
_LOOKS_LIKE_A_FILE = (".md", ".mdc", ".txt")


def expand_imports(seen: Seen, out: Outlined, load: Load) -> list[Load]:
    """Return what a load imports, directly and through others, each file once, in order."""
    if not seen.spec.imports:
        return []
    found: list[Load] = []
    known = {load.part.path}
    waiting = [(load, 1)]
    while waiting:
        current, depth = waiting.pop()
        inner = []
        for line, target in _imports(seen, current.part.path):
            resolved = _resolve(seen, out, current.part.path, line, target)
            if resolved is None:
                continue
            if resolved.path in known:
                continue
            if depth > seen.spec.depth:
                what = f"@{target[:200]} is more than {seen.spec.depth} imports away, and is not loaded"
                _say(out, Finding("depth", current.part.path, line, seen.spec.name, what))
                continue
            facts = seen.library.facts(seen.tree.files[resolved.path])
            if isinstance(facts, Skipped):
                what = f"@{target[:200]} is not loaded: {facts.why}"
                gap = facts.reason.leaves_a_gap
                _say(out, Finding("import", current.part.path, line, seen.spec.name, what, is_gap=gap))
                continue
            known.add(resolved.path)
            part = make_part(facts, resolved.path, Kind.INSTRUCTIONS, "", seen.spec.text)
            through = (*current.through, current.part.path, *resolved.through)
            inner.append((current._replace(part=part, through=through), depth + 1))
        found += [each for each, _ in inner]
        waiting += reversed(inner)
    return found


def _imports(seen: Seen, path: str) -> tuple[tuple[int, str], ...]:
    facts = seen.library.facts(seen.tree.files[path])
    if isinstance(facts, Skipped):
        return ()
    return facts.imports if seen.spec.imports == "claude" else facts.gemini


def _resolve(seen: Seen, out: Outlined, path: str, line: int, target: str) -> Resolved | None:
    """Return the file that an import leads to; None, with a finding where one is due, for what leads to none."""
    if target.startswith(("~", "/")):
        _say(out, Finding("outside", path, line, seen.spec.name, f"@{target[:200]} lies outside of the repository"))
        return None
    first: Resolved | None = None
    for name in _spellings(target, trims=seen.spec.imports == "claude"):
        resolved = seen.tree.resolve(join(parent(path), name))
        if resolved.is_file:
            return resolved
        if not resolved.why or resolved.why in {"outside", "submodule", "cycle"}:
            first = first or resolved
    what = f"@{target[:200]}"
    if first is not None and first.why:
        words = {
            "outside": "leaves the repository",
            "submodule": "lies in a submodule",
            "cycle": "is a circle of links",
        }
        _say(out, Finding(first.why, path, line, seen.spec.name, f"{what} {words[first.why]}, and is not counted"))
    elif first is not None:
        _say(out, Finding("directory", path, line, seen.spec.name, f"{what} is a directory, and is not loaded"))
    elif _looks_like_a_file(target):
        _say(out, Finding("missing", path, line, seen.spec.name, f"{what} is not in the repository"))
    return None


def _spellings(target: str, *, trims: bool) -> Iterator[str]:
    yield target
    while trims and target and target[-1] in _TRAILING:
        target = target[:-1]
        yield target


def _looks_like_a_file(target: str) -> bool:
    return target.rstrip(_TRAILING).endswith(_LOOKS_LIKE_A_FILE) or target.startswith(("./", "../"))


def _say(out: Outlined, finding: Finding) -> None:
    if finding not in out.findings:
        out.findings.append(finding)
