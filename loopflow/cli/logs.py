"""The command `loopflow logs`: reduces logs, and what belongs to it, such as `trace` and `run`."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from types import MappingProxyType
from typing import Any

import click

from loopflow.cli import logs_memory, logs_usage
from loopflow.cli.help import PathName, SectionedCommand
from loopflow.cli.logs_names import translate
from loopflow.console.command import Action, answering

SECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "fit": "How much",
        "preset": "What to keep",
        "budget": "How to judge",
        "profile": "How to print",
        "save_config": "What to use again",
        "keep_original": "How to work",
        "track_usage": "How to account",
        "store_memory": "How to remember",
    }
)

EXAMPLES = """\
  loopflow logs build.log --fit 6k         what failed, in 6,000 tokens at most
  pytest 2>&1 | loopflow logs - --fit 6k   of another program
  loopflow logs run --fit 6k -- pytest     the same, and ends as pytest does
  loopflow logs trace ERR-7K3QF2A4MX       the original lines of a failure
"""

FORMS = ("text", "json", "markdown", "html", "github")
MOST_LOGS = 100_000
PRESET_NAMES = ("balanced", "test-debugging", "ci-integration", "max-compression", "monitoring")
PRIORITY_NAMES = ("verbose", "low", "medium", "high", "critical")

SUBCOMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "trace": "loopflow.cli.logs_trace:trace",
        "run": "loopflow.cli.logs:run",
        "distribution": "loopflow.cli.logs:distribution",
        "configs": "loopflow.cli.logs_configs:configs",
        "diagnose": "loopflow.cli.logs_checks:diagnose",
        "validate-config": "loopflow.cli.logs_checks:validate_config",
        "simulate": "loopflow.cli.logs_simulate:simulate",
        "validate-ci": "loopflow.cli.logs_validate_ci:validate_ci",
    }
)


class LogsGroup(click.Group):
    """Reduces, unless its first word is the name of a subcommand. A file of such a name is ./NAME."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments."""
        first = args[0] if args else ""
        chosen = args if first in SUBCOMMANDS else translate(args, self._find) or [_REDUCE, *args]
        return super().parse_args(ctx, chosen)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  as click calls it
        """Return the names of the subcommands."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a subcommand; each is imported when it is called."""
        if cmd_name == _REDUCE:
            return super().get_command(ctx, cmd_name)
        return self._find(cmd_name) if cmd_name in SUBCOMMANDS else None

    @staticmethod
    def _find(name: str) -> click.Command:
        module, _, attribute = SUBCOMMANDS[name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


_REDUCE = "\0reduce"
"""No word that anybody types."""


class _Unnamed(click.Context):
    """Of the command that is meant where no subcommand is named."""

    @property
    def command_path(self) -> str:
        """What the user called."""
        return self.parent.command_path if self.parent else ""


class _Reduction(SectionedCommand):
    context_class = _Unnamed


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a reduction."""
    function = logs_usage.add_options(logs_memory.add_options(function))
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


_OPTIONS = (
    click.option(
        "--fit", "--token-budget", "--target-tokens", "fit", metavar="N", help="At most N tokens.  [default: 76,659]"
    ),
    click.option("--token-buffer", metavar="N", help="Leave N of them free.  [default: 0: counts are exact]"),
    click.option("--auto-truncate/--no-auto-truncate", default=True, help="Cut what is longer, or end with 1."),
    click.option(
        "--min-compression",
        type=click.IntRange(0, 99),
        metavar="P",
        help="At least P % fewer tokens, even where more fit.",
    ),
    click.option(
        "--adaptive/--no-adaptive",
        "--adaptive-optimization",
        default=None,
        help="Use the room that there is, or tell each failure in one shape.  [default: use it]",
    ),
    click.option("--component", multiple=True, metavar="NAME=PATTERN", help="What has such a line is of NAME."),
    click.option("--component-budgets", metavar="JSON", help='Tokens guaranteed to each: \'{"api": 20000}\'.'),
    click.option("--strict-components", is_flag=True, default=None, help="And no more, nor what one leaves to others."),
    click.option("--preset", type=click.Choice(PRESET_NAMES), help="Settings that go together.  [default: balanced]"),
    click.option(
        "--type",
        "--profile-name",
        "--optimization-profile",
        "log_type",
        metavar="NAME",
        help="Of what kind: test, error, info, or a profile of yours.  [default: as it looks]",
    ),
    click.option("--custom-profile-path", type=PathName(), metavar="FILE", help="A profile of yours, TOML or JSON."),
    click.option(
        "--keep",
        type=click.Choice(["digest", "clean", "fold"]),
        help="A digest; or all of it, cleaned, or with repetitions folded too.  [default: digest]",
    ),
    click.option("--preprocess", is_flag=True, hidden=True),
    click.option(
        "--priority-filter", type=click.Choice(PRIORITY_NAMES), help="Only what matters so much, and more."
    ),
    click.option(
        "--add-priority-pattern",
        multiple=True,
        metavar="[LEVEL:]P",
        help="A line that matches P matters so much.  [default: critical]",
    ),
    click.option("--drop", multiple=True, metavar="P", help="As if no line matched P."),
    click.option("--timestamps", type=click.Choice(["drop", "first", "keep"]), help="Of lines.  [default: first]"),
    click.option(
        "--repeated", type=click.Choice(["full", "short"]), help="What earlier runs had: as any, or in a line.  [full]"
    ),
    click.option("--redact/--no-redact", default=None, help="Hide secrets, or not.  [default: hide]"),
    click.option("--budget", metavar="N", help="How many tokens of log --check allows."),
    click.option("--check", is_flag=True, help="Exit 1 over the budget, or where something critical is left out."),
    click.option("--profile", is_flag=True, help="Count instead: by priority, component, recogniser and template."),
    click.option("--explain", "--debug-tokens", "explain", is_flag=True, help="Say what the digest spends tokens on."),
    click.option("--format", type=click.Choice(FORMS), help="Form.  [default: text]"),
    click.option("--report", multiple=True, metavar="FORM:FILE", help="Write this form to a file too; repeatable."),
    click.option("-o", "--output", type=PathName(), metavar="FILE", help="To a file that appears whole."),
    click.option("--output-dir", type=PathName(), metavar="DIR", help="Keep digests there, the newest of them."),
    click.option("--max-log-size", metavar="SIZE", help="Longer texts there are split; 5 is 5MB.  [default: 5MB]"),
    click.option("--max-logs", type=click.IntRange(1, MOST_LOGS), metavar="N", help="Runs kept there.  [default: 10]"),
    click.option("--encoding", metavar="NAME", help="o200k_base, the default, or cl100k_base."),
    click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True),
    click.option("-q", "--quiet", is_flag=True, help="No remarks."),
    click.option("-v", "--verbose", is_flag=True, help="Say more of what was done."),
    click.option("--save-config", metavar="NAME", help="Save all these settings as NAME."),
    click.option("--load-config", metavar="NAME", help="Begin with those that were saved, or with a file."),
    click.option("--save", is_flag=True, help="Write the patterns above to the config."),
    click.option("--keep-original", is_flag=True, help="Keep a copy of files too, for trace."),
    click.option("--store/--no-store", default=True, help="Remember what failed, for trace.  [default: yes]"),
    click.option("--count-input/--no-count-input", default=True, help="Count the log itself.  [default: yes]"),
    click.option("--chunk-size", type=click.IntRange(min=0), metavar="N", help="Lines that share room."),
    click.option("--parallel-workers", type=click.IntRange(0, 64), metavar="N", help="Processes; 0: as suits the log."),
    click.option("--memory-optimized", is_flag=True, help="Less memory, and half as fast or slower."),
    click.option("--stream-processing", is_flag=True, hidden=True),
    click.option("--config", type=PathName(), metavar="FILE", help="Instead of the config of the repository."),
    click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage)),
)  # fmt: skip


def _reduce(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Print a log in at most N tokens, with every failure kept: a digest, or all of it where that fits.

    FILES are logs, packed or not, and - is standard input; --log-file is the same. Every failure has a reference, and
    `loopflow logs trace REF` prints its original lines. Other subcommands are `run -- COMMAND`, `distribution`,
    `configs`, `simulate`, `diagnose`, `validate-config` and `validate-ci`.
    """
    return Action(context.command_path, partial(_call, "reduce", given))


def _run(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Run COMMAND, print what it says as a digest, and end as it does. Both its streams are kept, in order."""
    return Action(context.command_path, partial(_call, "run", given))


def _distribution(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Count a log instead: its tokens by priority, component, recogniser and template, and by tenth of it."""
    return Action(context.command_path, partial(_call, "reduce", {**given, "profile": True}))


def _call(name: str, given: dict[str, Any], console: Any, here: str) -> Any:  # noqa: ANN401
    action = logs_usage.find_action(name, given)
    if action is not None:
        return action(console, here)
    from loopflow.cli import logs_actions  # noqa: PLC0415  --help needs none of it

    return getattr(logs_actions, name)(given, console, here)


def _make(name: str, function: Callable[..., Any], kind: type[SectionedCommand] = SectionedCommand) -> click.Command:
    command = click.command(name, cls=kind, add_help_option=False, sections=SECTIONS, examples=EXAMPLES)
    return command(_options(click.pass_context(function)))


_files = click.argument("files", nargs=-1, type=PathName())
_log_file = click.option("--log-file", multiple=True, type=PathName(), hidden=True)

_command = click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")

run = _make("run", _command(_run))
distribution = _make("distribution", _files(_log_file(_distribution)))

logs = LogsGroup("logs", add_help_option=False)
logs.add_command(_make(_REDUCE, _files(_log_file(_reduce)), _Reduction))
