"""References to variables: values by name, from a request, from the service, or from the config, in that order."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from loopflow.analysis.names import escape_name
from loopflow.service.errors import BadReference, TextTooLarge, VariableUnset

LONGEST_NAME = 256
MOST_VARIABLES = 1_000
MOST_CHARACTERS = 32_000_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def require_name(name: str) -> str:
    """Return a name that a variable may have. Raises BadReference."""
    if not name or len(name) > LONGEST_NAME or _CONTROL.search(name):
        raise BadReference(
            f"a variable's name has 1 to {LONGEST_NAME} characters, none of them a control character", "choose another"
        )
    return name


@dataclass(slots=True)
class Variables:
    """What is set now. Values live here and nowhere else; a database is told digests only."""

    config: Mapping[str, str] = field(default_factory=dict)
    put: dict[str, str] = field(default_factory=dict)

    def set(self, name: str, value: str) -> None:
        """Set a value. Raises TextTooLarge where too much is set."""
        others = sum(len(kept) for other, kept in self.put.items() if other != name)
        if others + len(value) > MOST_CHARACTERS or (name not in self.put and len(self.put) >= MOST_VARIABLES):
            what = f"variables have at most {MOST_CHARACTERS:,} characters, and there are {MOST_VARIABLES:,} at most"
            raise TextTooLarge(what, "unset others, or send values with the request")
        self.put[name] = value

    def find(self, name: str, given: Mapping[str, str]) -> str:
        """Return a value. Raises VariableUnset, BadReference."""
        require_name(name)
        for values in (given, self.put, self.config):
            if name in values:
                return values[name]
        raise VariableUnset(f"the variable {escape_name(name)} has no value", "give it one in the request, or set it")
