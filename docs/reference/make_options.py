"""Write the pages of options and config.md: options as commands declare them, keys as the schema describes them.

Usage: python docs/reference/make_options.py
"""

import inspect
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import option_pages

from loopflow.agents.facts import FACTS
from loopflow.agents.specs import SPECS
from loopflow.cli import agents, chat, count, function, logs, memory, serve
from loopflow.cli import usage as usage_command
from loopflow.cli.code_context import code_context
from loopflow.cli.help import EXAMPLES, SECTIONS
from loopflow.cli.words import WordedCommand

HERE = Path(__file__).parent


def render_options() -> str:
    """Return the page of options."""
    context = click.Context(code_context, **code_context.context_settings)
    about = (code_context.help or "").replace("\n    ", "\n")
    return (
        option_pages.OPTIONS.format(about=about, examples=EXAMPLES)
        + "".join(_sections(context, SECTIONS))
        + option_pages.VARIABLES
    )


def render_logs() -> str:
    """Return the page of options of `loopflow logs` and its subcommands."""
    [reduction] = logs.logs.commands.values()
    context = click.Context(reduction, **reduction.context_settings)
    page = option_pages.LOGS.format(about=inspect.cleandoc(reduction.help or ""), examples=logs.EXAMPLES)
    return page + "".join(_sections(context, logs.SECTIONS)) + "".join(_subcommands(logs.logs, set(_rows(context))))


def _render(page: str, command: click.Command, module: ModuleType) -> str:
    """Return the page of options of a command without subcommands."""
    context = click.Context(command, **command.context_settings)
    about = inspect.cleandoc(command.help or "").replace("<module>", "&lt;module>")
    return page.format(about=about, examples=module.EXAMPLES) + "".join(_sections(context, module.SECTIONS))


def render_function() -> str:
    """Return the page of options of `loopflow function`."""
    return _render(option_pages.FUNCTION, function.function, function)


def render_chat() -> str:
    """Return the page of options of `loopflow chat`."""
    return _render(option_pages.CHAT, chat.chat, chat) + "".join(_words(chat.chat))


def render_count() -> str:
    """Return the page of options of `loopflow count`."""
    return _render(option_pages.COUNT, count.count, count)


def render_serve() -> str:
    """Return the page of options of `loopflow serve`."""
    return _render(option_pages.SERVE, serve.serve, serve)


def render_agents() -> str:
    """Return the page of options of `loopflow agents` and its subcommands."""
    [survey] = agents.agents.commands.values()
    context = click.Context(survey, **survey.context_settings)
    page = option_pages.AGENTS.format(about=inspect.cleandoc(survey.help or ""), examples=agents.EXAMPLES)
    options = "".join(_sections(context, agents.SECTIONS))
    return page + options + "".join(_subcommands(agents.agents, set(_rows(context))))


_FACTS_HEAD = "| what | how known | read in | version | date |\n|---|---|---|---|---|\n"


def render_facts() -> str:
    """Return the page of facts about agents."""
    pieces = [option_pages.FACTS_PAGE]
    for name, spec in SPECS.items():
        pieces.append(f"\n## {spec.title}: `{name}`\n\n{_FACTS_HEAD}")
        pieces += [
            f"| {_cell(fact.what)} | {fact.certainty.value} | {fact.source} | {fact.version} | {fact.date} |\n"
            for fact in FACTS
            if fact.agent == name
        ]
    return "".join(pieces)


def _subcommands(group: click.Group, known: set[str]) -> Iterator[str]:
    """Yield what each subcommand of a group does, with the options that it has beside those that are `known`."""
    outer = click.Context(group)
    for name in group.list_commands(outer):
        command = group.get_command(outer, name) or click.Command(name)
        called = f"loopflow {group.name} {name}"
        context = click.Context(command, info_name=called, **command.context_settings)
        rows = list(_rows(context))
        yield f"\n## {called}\n\n`{' '.join(context.get_usage().split()[1:])}`\n\n"
        yield f"{inspect.cleandoc(command.help or '')}\n\n"
        if known <= set(rows):
            yield "It takes the options above.\n"
        else:
            yield "".join(["| option | meaning |\n|---|---|\n", *rows])


def _words(command: WordedCommand) -> Iterator[str]:
    """Yield what each command does that the first word may name, with its options."""
    for word in command.words:
        yield from _command(command.find(word), f"loopflow {command.name} {word}")


def _sections(context: click.Context, titles: Mapping[str, str]) -> Iterator[str]:
    for parameter in context.command.get_params(context):
        if isinstance(parameter, click.Option) and parameter.name in titles:
            yield f"\n## {titles[parameter.name]}\n\n| option | meaning |\n|---|---|\n"
        yield from _row(parameter, context)


def _rows(context: click.Context) -> Iterator[str]:
    for parameter in context.command.get_params(context):
        yield from _row(parameter, context)


def _row(parameter: click.Parameter, context: click.Context) -> Iterator[str]:
    """Yield the row of a table for an option, none for one that is hidden."""
    if isinstance(parameter, click.Option) and (record := parameter.get_help_record(context)):
        yield f"| `{_cell(record[0])}` | {_cell(record[1])} |\n"


def render_usage() -> str:
    """Return the page of options of `loopflow usage` and its subcommands."""
    group = usage_command.usage
    about = inspect.cleandoc(group.help or "")
    return option_pages.USAGE.format(about=about) + "".join(_commands_of(group, "loopflow usage"))


def render_memory() -> str:
    """Return the page of options of `loopflow memory` and its subcommands."""
    about = inspect.cleandoc(memory.memory.help or "")
    return option_pages.MEMORY.format(about=about) + "".join(_commands_of(memory.memory, "loopflow memory"))


def _commands_of(group: click.Group, path: str) -> Iterator[str]:
    """Yield what each command of a group does, with its options, and those of groups in it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands_of(command, f"{path} {name}")
            continue
        yield from _command(command, f"{path} {name}")


def _command(command: click.Command, called: str) -> Iterator[str]:
    """Yield what a command does, with its options."""
    context = click.Context(command, info_name=called, **command.context_settings)
    yield f"\n## {called}\n\n`{' '.join(context.get_usage().split()[1:])}`\n\n"
    yield f"{inspect.cleandoc(command.help or '')}\n\n"
    yield "".join(["| option | meaning |\n|---|---|\n", *_rows(context)])


def render_config() -> str:
    """Return the page of config keys."""
    schema = json.loads((HERE / "config.schema.json").read_text("utf-8"))
    tables = {
        "At the top": schema["properties"],
        "`[budget]`": schema["$defs"]["budget"]["properties"],
        "`[[rule]]`": schema["$defs"]["rule"]["properties"],
        "`[function]`": schema["$defs"]["function"]["properties"],
        "`[agents]`": schema["$defs"]["agents"]["properties"],
        "`[[agents.rule]]`": schema["$defs"]["agents_rule"]["properties"],
        "`[agents.NAME]`": schema["$defs"]["agent"]["properties"],
        "`[logs]`": schema["$defs"]["logs"]["properties"],
        "`[memory]`": schema["$defs"]["memory"]["properties"],
        "`[usage]`": schema["$defs"]["usage"]["properties"],
        "`[[usage.budget]]`": schema["$defs"]["usage_budget"]["properties"],
        "`[usage.alerts]`": schema["$defs"]["usage_alerts"]["properties"],
        "`[chat]`": schema["$defs"]["chat"]["properties"],
        "`[chat.limits.MODEL]`": schema["$defs"]["chat_limits"]["properties"],
        "`[chat.routes]`": schema["$defs"]["chat_routes"]["properties"],
        "`[chat.tools.NAME]`": schema["$defs"]["chat_tool"]["properties"],
        "`[service]`": schema["$defs"]["service"]["properties"],
        "`[service.api.NAME]`": schema["$defs"]["service_api"]["properties"],
        "`[[service.api_cache]]`": schema["$defs"]["service_api_cache"]["properties"],
        "`[[service.model]]`": schema["$defs"]["service_model"]["properties"],
    }
    pieces = [option_pages.CONFIG.format(about=schema["description"])]
    for title, keys in tables.items():
        pieces.append(f"\n## {title}\n\n| key | meaning | default | example |\n|---|---|---|---|\n")
        pieces += [_key(name, _resolve(value, schema)) for name, value in keys.items()]
    *_, (names, reserved) = schema["patternProperties"].items()
    listed = ", ".join(f"`[{name}]`" for name in names.strip("^()$").split("|"))
    pieces.append(f"\n## Tables of other commands\n\n{listed}. {reserved['description']}\n")
    return "".join(pieces)


def _resolve(value: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = value.get("$ref", "").rpartition("/")[2]
    return {**_resolve(schema["$defs"][name], schema), **value} if name else value


def _key(name: str, value: dict[str, Any]) -> str:
    default = f"`{json.dumps(value['default'])}`" if "default" in value else ""
    examples = ", ".join(f"`{json.dumps(example)}`" for example in value.get("examples", ()))
    return f"| `{name}` | {_cell(value.get('description', ''))} | {default} | {examples} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    (HERE / "options.md").write_text(render_options(), "utf-8")
    (HERE / "agents-facts.md").write_text(render_facts(), "utf-8")
    (HERE / "agents-options.md").write_text(render_agents(), "utf-8")
    (HERE / "logs-options.md").write_text(render_logs(), "utf-8")
    (HERE / "usage-options.md").write_text(render_usage(), "utf-8")
    (HERE / "memory-options.md").write_text(render_memory(), "utf-8")
    (HERE / "function-options.md").write_text(render_function(), "utf-8")
    (HERE / "chat-options.md").write_text(render_chat(), "utf-8")
    (HERE / "count-options.md").write_text(render_count(), "utf-8")
    (HERE / "serve-options.md").write_text(render_serve(), "utf-8")
    (HERE / "config.md").write_text(render_config(), "utf-8")
