"""Write the pages of options and config.md: options as commands declare them, keys as the schema describes them.

Usage: python docs/reference/make_options.py
"""

import inspect
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from loopflow.cli import count, logs, serve
from loopflow.cli.code_context import code_context
from loopflow.cli.help import EXAMPLES, SECTIONS

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
SERVE = """\
# Options of loopflow serve

`loopflow serve [OPTIONS]` counts over HTTP. This page is made from the command's own declarations by
`docs/reference/make_options.py`; [what can be asked](service.md) is on another one. What the options override is in
[`[service]` of the config file](config.md#service). It needs `pip install '.[service]'`, and for PostgreSQL
`'.[service,postgres]'`.

{about}

```
{examples}```

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
    return OPTIONS.format(about=about, examples=EXAMPLES) + "".join(_sections(context, SECTIONS)) + VARIABLES


def render_logs() -> str:
    """Return the page of options of `loopflow logs` and its subcommands."""
    [reduction] = logs.logs.commands.values()
    context = click.Context(reduction, **reduction.context_settings)
    page = LOGS.format(about=inspect.cleandoc(reduction.help or ""), examples=logs.EXAMPLES)
    return page + "".join(_sections(context, logs.SECTIONS)) + "".join(_subcommands(set(_rows(context))))


def render_count() -> str:
    """Return the page of options of `loopflow count`."""
    context = click.Context(count.count, **count.count.context_settings)
    page = COUNT.format(about=inspect.cleandoc(count.count.help or ""), examples=count.EXAMPLES)
    return page + "".join(_sections(context, count.SECTIONS))


def render_serve() -> str:
    """Return the page of options of `loopflow serve`."""
    context = click.Context(serve.serve, **serve.serve.context_settings)
    page = SERVE.format(about=inspect.cleandoc(serve.serve.help or ""), examples=serve.EXAMPLES)
    return page + "".join(_sections(context, serve.SECTIONS))


def _subcommands(known: set[str]) -> Iterator[str]:
    """Yield what each subcommand does, with the options that it has beside those that are `known`."""
    for name in logs.SUBCOMMANDS:
        command = logs.logs.get_command(click.Context(logs.logs), name) or click.Command(name)
        context = click.Context(command, info_name=f"loopflow logs {name}", **command.context_settings)
        rows = list(_rows(context))
        yield f"\n## loopflow logs {name}\n\n`{' '.join(context.get_usage().split()[1:])}`\n\n"
        yield f"{inspect.cleandoc(command.help or '')}\n\n"
        if known <= set(rows):
            yield "It takes the options above.\n"
        else:
            yield "".join(["| option | meaning |\n|---|---|\n", *rows])


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


def render_config() -> str:
    """Return the page of config keys."""
    schema = json.loads((HERE / "config.schema.json").read_text("utf-8"))
    tables = {
        "At the top": schema["properties"],
        "`[budget]`": schema["$defs"]["budget"]["properties"],
        "`[[rule]]`": schema["$defs"]["rule"]["properties"],
        "`[logs]`": schema["$defs"]["logs"]["properties"],
        "`[service]`": schema["$defs"]["service"]["properties"],
        "`[service.api.NAME]`": schema["$defs"]["service_api"]["properties"],
        "`[[service.api_cache]]`": schema["$defs"]["service_api_cache"]["properties"],
        "`[[service.model]]`": schema["$defs"]["service_model"]["properties"],
    }
    pieces = [CONFIG.format(about=schema["description"])]
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
    (HERE / "logs-options.md").write_text(render_logs(), "utf-8")
    (HERE / "count-options.md").write_text(render_count(), "utf-8")
    (HERE / "serve-options.md").write_text(render_serve(), "utf-8")
    (HERE / "config.md").write_text(render_config(), "utf-8")
