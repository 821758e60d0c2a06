"""Commands to GitHub's runner, which finds them in the log of a job.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands says how they are written. What
they carry is encoded, so that it ends no command and begins none.
"""

from collections.abc import Iterator, Mapping, Sequence

MOST = 10
"""Commands of a kind that GitHub shows for a step. It drops what is beyond without a word."""


def write_command(command: str, properties: Mapping[str, str], message: str) -> str:
    """Return a line that is a command."""
    given = ",".join(f"{key}={_encode_property(value)}" for key, value in properties.items())
    return f"::{command} {given}::{_encode(message)}\n"


def write_commands(command: str, title: str, found: Sequence[tuple[Mapping[str, str], str]]) -> Iterator[str]:
    """Yield a command for properties and a message each; the tenth says how many more there are, if there are more."""
    shown = found if len(found) <= MOST else found[: MOST - 1]
    for properties, message in shown:
        yield write_command(command, properties, message)
    if len(shown) < len(found):
        yield write_command(command, {"title": title}, f"and {len(found) - len(shown):,} more")


def _encode(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _encode_property(text: str) -> str:
    return _encode(text).replace(":", "%3A").replace(",", "%2C")
