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
OPTIONS = """\
# Options

`code-context [OPTIONS] [PATHS]...` is the whole command. This page is made from its own declarations by
`docs/reference/make_options.py`.

{about}

```
{examples}```
"""
VARIABLES = """
## Environment variables

The command line goes before the environment, the environment before the config file.

| variable | meaning |
|---|---|
| `LOOPFLOW_ENCODING`, `LOOPFLOW_AGAINST`, `LOOPFLOW_BASELINE` | the config keys of these names |
| `LOOPFLOW_AGAINST_NAME` | what to call the commit that `--against` names by its id: the branch it is of |
| `SOURCE_DATE_EPOCH` | the moment of the run, for reports that can be reproduced; in seconds since 1970 |
| `LOOPFLOW_CONFIG` | as `--config` |
| `LOOPFLOW_CACHE_DIR` | where counts are kept, instead of the user's cache directory |
| `LOOPFLOW_DATA_DIR` | where `loopflow logs` keeps what failed and originals, instead of the user's data directory |
| `LOOPFLOW_USAGE_DATABASE` | as `--database` of `loopflow usage` |
| `LOOPFLOW_MEMORY_COMMAND`, `LOOPFLOW_MEMORY_FILE` | as `--command` and `--file` of `loopflow memory` |
| `LOOPFLOW_MEMORY_URL`, `LOOPFLOW_MEMORY_TIMEOUT` | as its `--url` and `--timeout` |
| `LOOPFLOW_MEMORY_TOKEN` | what that url is shown: `Authorization: Bearer` and this |
| `LOOPFLOW_SMTP_URL`, `LOOPFLOW_SMTP_PASSWORD` | the mail server for alerts, and the password that is sent to it |
| `LOOPFLOW_WEBHOOK_SECRET` | what posts of alerts are signed with |
| `SSL_CERT_FILE` | the authorities that mail servers and webhooks are checked by, instead of the system's |
| `LOOPFLOW_SERVICE_TOKEN`, `LOOPFLOW_SERVICE_DATABASE` | what `loopflow serve` wants shown; where it keeps counts |
| `LOOPFLOW_SERVICE_TOKEN` | what `loopflow serve` wants to be shown |
| `LOOPFLOW_SERVICE_DATABASE` | where it keeps counts and tasks |
| `LOOPFLOW_ENGINE` | `table`, `toktok` or `tiktoken`, instead of what is fastest for the amount |
| `PRE_COMMIT_FROM_REF`, `PRE_COMMIT_TO_REF` | what a push sends, or a range of commits; pre-commit sets them |
| `PRE_COMMIT_REMOTE_NAME`, `PRE_COMMIT_REMOTE_BRANCH` | where a push goes |
| `PRE_COMMIT_LOCAL_BRANCH` | what is pushed, where the remote has nothing of it yet |
| `PRE_COMMIT_CHECKOUT_TYPE` | says that it is a checkout, and no range |
| `NO_COLOR`, `FORCE_COLOR`, `COLUMNS` | colour and width of what is printed |
"""
LOGS = """\
# Options of loopflow logs

`loopflow logs [OPTIONS] FILES...` reduces logs. This page is made from the command's own declarations by
`docs/reference/make_options.py`; [what it prints](logs.md), and how it ends, is on another one. What the options
override is in [`[logs]` of the config file](config.md#logs).

{about}

```
{examples}```

A file that is called like a subcommand is `./NAME`. `--log-file FILE` is FILE.
"""
OTHER_NAMES = """
## Names that others know

What other tools call these things is understood, beside the names that options above share:

| name | what it is |
|---|---|
"""
MEMORY = """\
# Options of loopflow memory

`loopflow memory COMMAND` asks what failed in earlier runs. This page is made from the commands' own declarations by
`docs/reference/make_options.py`; [what they print and keep](memory.md) is on another one. What the options override
is in [`[memory]` of the config file](config.md#memory).

{about}
"""
USAGE = """\
# Options of loopflow usage

`loopflow usage COMMAND` accounts for tokens. This page is made from the commands' own declarations by
`docs/reference/make_options.py`; [what they print and keep](usage.md) is on another one. What the options override
is in [`[usage]` of the config file](config.md#usage).

{about}
"""
FUNCTION = """\
# Options of loopflow function

`loopflow function [OPTIONS] TARGETS...` prints what a model must read to work on a function. This page is made from the
command's own declarations by `docs/reference/make_options.py`; [what it prints](function.md) is on another one. What
the options override is in [`[function]` of the config file](config.md#function).
"""
CHAT = """\
# Options of loopflow chat

`loopflow chat [OPTIONS] FILE` looks at a conversation. This page is made from the command's own declarations by
`docs/reference/make_options.py`; [what it reads, counts and writes](chat.md) is on another one. What they override is
in [`[chat]` of the config file](config.md#chat).
"""
COUNT = """\
# Options of loopflow count

`loopflow count [OPTIONS] [PATHS]...` counts texts. This page is made from the command's own declarations by
`docs/reference/make_options.py`; [how to use it](../how-to/count.md) is on another one. `--format json` prints what
[its schema](count.schema.json) says.

{about}

```
{examples}```

It ends with 0; under `--check` with 1 over a budget, or where `--fit` cut something; with 2 where an input or a
reference could not be counted (the others are counted and printed, and the total is marked).
"""
AGENTS = """\
# Options of loopflow agents

`loopflow agents [OPTIONS] [DIRS]...` counts what coding agents load. This page is made from the command's own
declarations by `docs/reference/make_options.py`; [what it prints](agents.md) is on another one. Its rules are in
[`[agents]` of the config file](config.md#agents), and [what is known of each agent](agents-facts.md) is data.

{about}

```
{examples}```

A directory that is called like a subcommand is `./NAME`.
"""
SERVE = """\
# Options of loopflow serve

`loopflow serve [OPTIONS]` counts over HTTP. This page is made from the command's own declarations by
`docs/reference/make_options.py`; [what can be asked](service.md) is on another one. What the options override is in
[`[service]` of the config file](config.md#service). It needs `pip install '.[service]'`, and for PostgreSQL
`'.[service,postgres]'`.

{about}

```
{examples}```

One line on standard error says where it listens; nothing goes to standard output. It ends with 0 after SIGTERM and
with 130 after SIGINT, once what was asked is answered; a second signal ends it at once. Whatever keeps it from
beginning is exit 2.
"""
OTHER_NAMES = """
## Names that others know

What other tools call these things is understood, beside the names that options above share:

| name | what it is |
|---|---|
One line on standard error says where it listens; nothing goes to standard output. It ends with 0 after SIGTERM and with
130 after SIGINT, once what was asked is answered; a second signal ends it at once. What keeps it from beginning is
exit 2.
"""
CONFIG = """\
# Config file

{about} [The schema](config.schema.json) says the same to editors; this page is made from it by
`docs/reference/make_options.py`. `code-context --show-config` shows what holds, and where each value comes from.
"""


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
