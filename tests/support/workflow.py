"""What GitHub's runner makes of a line of a log: the commands in it, decoded as it decodes them.

After `TryParseV2` and `TryParse` of https://github.com/actions/runner (src/Runner.Common/ActionCommand.cs).
"""

from dataclasses import dataclass

_COMMANDS = frozenset(
    {"add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "notice"}
    | {"remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning"}
)


@dataclass(frozen=True, slots=True)
class Command:
    """A command with its properties and its message."""

    name: str
    properties: dict[str, str]
    message: str


def find_commands(log: str) -> list[Command | str]:
    """Return the commands of a log; of one in the older form only the line that holds it."""
    found = (parse(line) or older(line) for line in log.replace("\r", "\n").split("\n"))
    return [command for command in found if command]


def parse(line: str) -> Command | None:
    """Return the command that a line is."""
    stripped = line.lstrip()
    if not stripped.startswith("::") or "::" not in stripped[2:]:
        return None
    head, _, message = stripped[2:].partition("::")
    name, _, rest = head.partition(" ")
    if name not in _COMMANDS:
        return None
    pairs = (pair.split("=", 1) for pair in rest.strip().split(",") if "=" in pair)
    return Command(name, {key: _decode(value, {":": "%3A", ",": "%2C"}) for key, value in pairs}, _decode(message, {}))


def older(line: str) -> str | None:
    """Return the line if there is a command of the older form in it."""
    _, prefix, rest = line.partition("##[")
    head, end, _ = rest.partition("]")
    return line if prefix and end and head.split(" ")[0] in _COMMANDS else None


def _decode(text: str, more: dict[str, str]) -> str:
    for character, code in {"\r": "%0D", "\n": "%0A", **more, "%": "%25"}.items():
        text = text.replace(code, character)
    return text
