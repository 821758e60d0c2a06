"""A diagnosis as text and as JSON."""

import json
from collections.abc import Iterable, Iterator

from loopflow.logs.checks.model import State
from loopflow.logs.diagnosing import Diagnosis, Fact


def render_text(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield lines without line ends."""
    yield "What is here"
    yield from _draw_facts(diagnosis.facts)
    yield ""
    yield "What holds"
    yield from _draw_facts(diagnosis.settings)
    yield ""
    yield "Checks"
    width = max(len(state) for state in State)
    for number, name, finding in diagnosis.checks:
        state = finding.state.upper() if finding.state is State.FAIL else finding.state.value
        yield f"  {number:>2}  {state:{width}}  {name}: {finding.seen}"
        if finding.remedy:
            yield f"      {'':{width}}  {finding.remedy}"


def _draw_facts(facts: Iterable[Fact]) -> Iterator[str]:
    facts = list(facts)
    widths = [max(len(fact[at]) for fact in facts) for at in (0, 1)]
    for name, value, origin in facts:
        yield f"  {name:{widths[0]}}  {f'{value:{widths[1]}}  {origin}' if origin else value}"


def render_json(diagnosis: Diagnosis) -> str:
    """Return one document."""
    document = {
        "schema": 1,
        "facts": {fact.name: fact.value for fact in diagnosis.facts},
        "settings": {fact.name: {"value": fact.value, "origin": fact.origin} for fact in diagnosis.settings},
        "checks": [
            {"number": number, "name": name, "state": found.state.value, "seen": found.seen, "remedy": found.remedy}
            for number, name, found in diagnosis.checks
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
