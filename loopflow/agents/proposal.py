"""`--init`: rules that hold what there is today, with a tenth of room, and beside each where its number comes from."""

import os
from collections.abc import Iterator, Sequence

from loopflow.agents.facts import CLAUDE_LINES, DESCRIPTION_CHARACTERS, SKILL_TOKENS
from loopflow.agents.measures import measure_survey
from loopflow.agents.model import Measure, Survey
from loopflow.analysis.names import escape_name, quote_toml
from loopflow.config.resolve import CONFIG_FILE, CONFIG_FILES
from loopflow.errors import UsageError, describe_os_error
from loopflow.io.writing import write_atomically

_LEAST = 100
_ROOM = 10


def propose(survey: Survey, known: str = "") -> str:
    """Return the table `[agents]` for what was surveyed, as TOML. `known` are the tools that the config names."""
    measures = measure_survey(survey)
    lines = ["[agents]"]
    names = ", ".join(quote_toml(agent.name) for agent in survey.agents)
    lines.append(f"for = [{names}]  # agents that have files here")
    lost = "fail" if not survey.lost else "warn"
    why = "nothing is left out today" if lost == "fail" else f"{len(survey.lost)} texts are cut today"
    lines.append(f'lost = "{lost}"  # {why}')
    lines += [known] if known else []
    for rule in _rules(measures):
        lines += ["", "[[agents.rule]]", *rule]
    return "\n".join(lines) + "\n"


def _rules(measures: Sequence[Measure]) -> Iterator[list[str]]:
    start = _most(measures, "start")
    if start is not None:
        yield [
            'name = "before the first word"',
            'part = "start"',
            f"each = {_with_room(start.tokens):_}  # today's largest, {_name(start)}, has {start.tokens:,}",
        ]
    files = _most(measures, "files")
    if files is not None and files.tokens:
        yield [
            'name = "with the files of a directory"',
            'part = "files"',
            f"each = {_with_room(files.tokens):_}  # today's largest, {_name(files)}, has {files.tokens:,}",
        ]
    if _most(measures, "skills") is not None:
        yield [
            'name = "body of a skill"',
            'part = "skills"',
            f"each = {SKILL_TOKENS:_}  # Agent Skills specification; Claude Code keeps so much after compaction",
            'level = "warn"',
        ]
        yield [
            'name = "description of a skill"',
            'part = "descriptions"',
            f'each = "{DESCRIPTION_CHARACTERS} chars"  # Agent Skills specification; Codex refuses more',
        ]
    if any(item.group == "file" and item.path.rpartition("/")[2] == "CLAUDE.md" for item in measures):
        yield [
            'name = "length of a CLAUDE.md"',
            'part = "file"',
            'paths = ["CLAUDE.md"]',
            f'each = "{CLAUDE_LINES} lines"  # what Anthropic recommends; no number of tokens is published',
            'level = "warn"',
        ]
    tools = [item.tokens for item in measures if item.group == "tools"]
    if tools:
        yield [
            'name = "tools"',
            'part = "tools"',
            f"total = {_with_room(sum(tools)):_}  # {sum(tools):,} today",
            f"each = {_with_room(max(tools)):_}  # {max(tools):,} today",
        ]


def _name(measure: Measure) -> str:
    return escape_name(f"{measure.agent} in {measure.where}/" if measure.where else f"{measure.agent} in the root")


def _most(measures: Sequence[Measure], part: str) -> Measure | None:
    return max((item for item in measures if item.group == part), key=lambda item: item.tokens, default=None)


def _with_room(tokens: int) -> int:
    """Return a tenth more, rounded up to hundreds."""
    return max(-(-(tokens + tokens // _ROOM) // _LEAST) * _LEAST, _LEAST)


def write_proposal(root: str, text: str, has_table: bool) -> str:  # noqa: FBT001  the one fact about the config
    """Add the proposal to the config file at `root`, which is made if there is none; return its path.

    Raises UsageError where there is such a table already, or the file cannot be written.
    """
    if has_table:
        raise UsageError("the config has a table [agents]", "change it there")
    path = os.path.join(root, CONFIG_FILE)
    other = os.path.join(root, CONFIG_FILES[1])
    if not os.path.exists(path) and _configures(other):
        raise UsageError("pyproject.toml configures loopflow here", "write [tool.loopflow.agents] in it")
    try:
        with open(path, encoding="utf-8") as file:
            before = file.read()
    except FileNotFoundError:
        before = ""
    except (OSError, UnicodeDecodeError) as error:
        why = describe_os_error(error) if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"{CONFIG_FILE} cannot be read: {why}", "make it readable") from error
    joint = "" if not before else "\n" if before.endswith("\n") else "\n\n"
    write_atomically(path, before + joint + text, root, ())
    return path


def _configures(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return b"[tool.loopflow" in file.read()
    except OSError:
        return False
