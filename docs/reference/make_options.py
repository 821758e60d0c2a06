"""Write options.md and config.md: every option as the command declares it, every key as the schema describes it.

Usage: python docs/reference/make_options.py
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

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
| `LOOPFLOW_ENGINE` | `table`, `toktok` or `tiktoken`, instead of what is fastest for the amount |
| `PRE_COMMIT_FROM_REF`, `PRE_COMMIT_TO_REF` | what a push sends, or a range of commits; pre-commit sets them |
| `PRE_COMMIT_REMOTE_NAME`, `PRE_COMMIT_REMOTE_BRANCH` | where a push goes |
| `PRE_COMMIT_LOCAL_BRANCH` | what is pushed, where the remote has nothing of it yet |
| `PRE_COMMIT_CHECKOUT_TYPE` | says that it is a checkout, and no range |
| `NO_COLOR`, `FORCE_COLOR`, `COLUMNS` | colour and width of what is printed |
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
    return OPTIONS.format(about=about, examples=EXAMPLES) + "".join(_sections(context)) + VARIABLES


def _sections(context: click.Context) -> Iterator[str]:
    for parameter in code_context.get_params(context):
        if not isinstance(parameter, click.Option):
            continue
        if parameter.name in SECTIONS:
            yield f"\n## {SECTIONS[parameter.name]}\n\n| option | meaning |\n|---|---|\n"
        spelling, meaning = parameter.get_help_record(context) or ("", "")
        yield f"| `{_cell(spelling)}` | {_cell(meaning)} |\n"


def render_config() -> str:
    """Return the page of config keys."""
    schema = json.loads((HERE / "config.schema.json").read_text("utf-8"))
    tables = {
        "At the top": schema["properties"],
        "`[budget]`": schema["$defs"]["budget"]["properties"],
        "`[[rule]]`": schema["$defs"]["rule"]["properties"],
    }
    pieces = [CONFIG.format(about=schema["description"])]
    for title, keys in tables.items():
        pieces.append(f"\n## {title}\n\n| key | meaning | default | example |\n|---|---|---|---|\n")
        pieces += [_key(name, _resolve(value, schema)) for name, value in keys.items()]
    [(names, reserved)] = schema["patternProperties"].items()
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
    (HERE / "config.md").write_text(render_config(), "utf-8")
