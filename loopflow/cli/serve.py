"""The command `loopflow serve`: counts over HTTP."""

from functools import partial
from typing import Any

import click

from loopflow.cli.help import PathName, SectionedCommand
from loopflow.console.command import Action, answering

SECTIONS = {
    "host": "Where to listen, and to whom",
    "root": "What to count",
    "database": "How to work",
}

EXAMPLES = """\
  loopflow serve                                     at http://127.0.0.1:8787
  loopflow serve --port 0 --root src --root docs     at a free port, with files of these directories
  LOOPFLOW_SERVICE_TOKEN=... loopflow serve --host 0.0.0.0 --allowed-host counts.internal
  curl -s localhost:8787/v1/count -H 'Content-Type: application/json' -d '{"text": "hello world"}'
"""


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


@click.command("serve", cls=SectionedCommand, add_help_option=False, sections=SECTIONS, examples=EXAMPLES)
@click.option("--host", metavar="ADDRESS", help="Listen there.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65_535), metavar="N", help="At this port; 0 for any.  [default: 8787]")
@click.option("--token-file", type=PathName(), metavar="FILE", help="The token that is to be shown, in a file.")
@click.option("--allowed-host", multiple=True, metavar="NAME", help="Another name to be called by; repeatable.")
@click.option("--proxy", is_flag=True, help="Trust the forwarded headers of a proxy on this machine.")
@click.option("--root", multiple=True, type=PathName(), metavar="DIR", help="Files below it may be read; repeatable.")
@click.option("--encoding", metavar="NAME", help="o200k_base, the default, or cl100k_base.")
@click.option("--config", type=PathName(), metavar="FILE", help="Instead of the config of the repository.")
@click.option("--database", metavar="URL", help="Keep counts and tasks there.  [default: a file of the user's]")
@click.option("--log", type=click.Choice(["text", "json"]), default="text", help="Form of the log.  [default: text]")
@click.option("-v", "--verbose", count=True, help="Log more: -vv each hit and miss of the cache.")
@click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))
@click.pass_context
def serve(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Count texts over HTTP, exactly, with what they refer to; kept in memory and in a database.

    One line on standard error says where. /openapi.json describes what can be asked. Anywhere but on loopback, a token
    is needed, and no file is read unless --root says which.
    """
    return Action(context.command_path, partial(_call, given))


def _call(given: dict[str, Any], console: Any, here: str) -> Any:  # noqa: ANN401
    from loopflow.cli.serve_actions import run  # noqa: PLC0415  --help needs none of it

    return run(given, console, here)
