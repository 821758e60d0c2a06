"""A command whose first word may name another: `loopflow chat narrow` beside `loopflow chat FILE`.

Each is imported when it is called. A file that is called like a word is ./WORD.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from loopflow.cli.help import SectionedCommand


class WordedCommand(SectionedCommand):
    """A command with others below it: `words` are their names, each with where it is ("module:command")."""

    def __init__(self, *arguments: Any, words: Mapping[str, str], **given: Any) -> None:  # noqa: ANN401  click's own
        super().__init__(*arguments, **given)
        self.words = words

    def find(self, word: str) -> click.Command:
        """Import the command that a word names."""
        module, _, name = self.words[word].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401  click's own
    ) -> click.Context:
        """Read the arguments: as those of another command, where the first one names it."""
        if args and args[0] in self.words:
            name = f"{info_name} {args[0]}"
            return self.find(args[0]).make_context(name, args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  click's own
        """Do what the arguments were read for."""
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the tables of options, and one of the other commands."""
        super().format_options(ctx, formatter)
        if self.words:
            with formatter.section("Commands"):
                formatter.write_dl([(word, self.find(word).get_short_help_str(formatter.width)) for word in self.words])
