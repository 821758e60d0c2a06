"""The table of facts of an agent, as it stands in facts.py."""

from collections.abc import Iterator

from loopflow.agents.facts import FACTS
from loopflow.agents.specs import SPECS
from loopflow.analysis.names import escape_name
from loopflow.charts.terminal import Terminal
from loopflow.errors import UsageError


def explain_agent(name: str, terminal: Terminal) -> Iterator[str]:
    """Yield what is known of an agent, with where it was read. Raises UsageError for one that is not known."""
    if name not in SPECS:
        raise UsageError(f"there is no agent {escape_name(name)}", f"known are {', '.join(SPECS)}")
    yield terminal.palette.bold(f"{SPECS[name].title} ({name})")
    for fact in FACTS:
        if fact.agent == name:
            version = f" {fact.version}" if fact.version else ""
            yield f"{fact.certainty.value:6}  {fact.what}"
            yield terminal.palette.dim(f"        {fact.source}{version}, {fact.date}")
    yield "Only source and docs may fail a check. docs/reference/agents-facts.md says how to correct one."
