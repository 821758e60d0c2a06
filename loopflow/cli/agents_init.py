"""`loopflow agents --init`: rules for what there is, written into the config, and said."""

import os
from dataclasses import replace

from loopflow.agents.proposal import propose, write_proposal
from loopflow.agents.running import AgentsRequest, list_agents, run_agents
from loopflow.analysis.names import escape_name
from loopflow.console.console import Console
from loopflow.errors import ExitCode, UsageError
from loopflow.model import Surroundings


def init(request: AgentsRequest, console: Console, surroundings: Surroundings) -> ExitCode:
    """Survey, and add rules that hold what there is to the config. Raises UsageError where there are some."""
    listing = list_agents(request, surroundings)
    if "agents" in listing.config.sections and listing.settings.rules:
        raise UsageError("the config has rules for agents", "change them there")
    report = run_agents(replace(request, check=False, against=None), surroundings)
    if report.survey.is_empty:
        raise UsageError("there is nothing here that an agent reads", "write an AGENTS.md or a CLAUDE.md first")
    text = propose(report.survey)
    path = write_proposal(listing.listed.root, text, "agents" in listing.config.sections)
    console.write_chart(f"wrote to {escape_name(os.path.relpath(path, surroundings.root))}:\n\n{text}\n")
    console.write_chart("next: loopflow agents --check, and the hook loopflow-agents in .pre-commit-config.yaml\n")
    return ExitCode.OK
