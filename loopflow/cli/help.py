"""`--help`: the options in sections, and what is printed as it stands."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import click

from loopflow.console.console import HintedUsageError

# The option that each section begins with, by the name of its parameter.
SECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "extension": "What to read",
        "profile": "How to count",
        "against": "How to compare and judge",
        "cuts": "How to make it fit",
        "format": "How to print",
        "init": "Other",
    }
)

EXAMPLES = """\
  code-context src -e py,md --copy         files below src, to the clipboard
  code-context --profile --window 200k     what fills a window, and how to fit
  code-context --profile --staged --check  hold what is staged to the budgets
"""


class PathName(click.Path):
    """A path, for shells that complete. Nothing is looked at here: what is wrong with it is said later, in words."""

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> Any:  # noqa: ANN401
        """Return the path as it was given."""
        return value


class DeclaredGroup(click.Group):
    """Lists its commands in the order in which they are declared, with the whole first paragraph about each."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  as click calls it
        """Return their names."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  as click calls it
        """Write a line for each command."""
        with formatter.section("Commands"):
            first = [(name, (each.help or "").partition("\n\n")[0]) for name, each in self.commands.items()]
            formatter.write_dl([(name, " ".join(text.split())) for name, text in first])


class SectionedCommand(click.Command):
    """A command whose options are listed in sections, in the order in which they are declared.

    `sections` are the names of the parameters that begin one, and its title; `examples` stand at the end.
    """

    def __init__(
        self,
        *arguments: Any,  # noqa: ANN401  click's own
        sections: Mapping[str, str] = SECTIONS,
        examples: str = EXAMPLES,
        **given: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*arguments, **given)
        self._sections = sections
        self._examples = examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments. Of a wrong option, what it is called here is said, or which one it is a slip for."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if self._sections is not SECTIONS:  # the words of other tools are for what code-context does
                raise
            from loopflow.cli.habits import explain_option  # noqa: PLC0415  only who mistypes needs it

            what, hint = explain_option(error.option_name, error.possibilities or ())
            raise HintedUsageError(what, hint, ctx) from None
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # click leaves it out of some, and it says which command is meant
            raise

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a table for each section."""
        sections: dict[str, list[tuple[str, str]]] = {}
        title = ""
        for parameter in self.get_params(ctx):
            title = self._sections.get(parameter.name or "", title)
            record = parameter.get_help_record(ctx)
            if record and isinstance(parameter, click.Option):  # what PATHS are stands in the text above
                sections.setdefault(title, []).append(record)
        for name, records in sections.items():
            with formatter.section(name):
                formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  click's own
        """Write the examples."""
        formatter.write("\nExamples:\n" + self._examples)
