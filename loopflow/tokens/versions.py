"""Which versions of the engines the tests hold equal. What another one counts is not taken for everybody's answer."""

from importlib import import_module

# The first and the last that were tested, by their leading numbers. The `regex` that was released as 2024.11.6 calls
# itself 2.5; an older one of that name is not installed beside this package.
TESTED = {
    "regex": ((2, 5), (2026, 11)),
    "toktok": ((0, 3), (0, 3)),
    "tiktoken": ((0, 14), (0, 14)),
}


def installed(module: str) -> str:
    """Return an engine with its version, such as "toktok-0.3.0". Imports it, so this is for when it counts anyway."""
    return f"{module}-{import_module(module).__version__}"


class Versions:
    """The versions of what counts in a run; each is looked at once, however many texts it counts."""

    def __init__(self) -> None:
        self._untested: dict[str, str] = {}

    def untested(self, module: str) -> str:
        """Return an engine with its version where that was not tested, else "". Imports it, as `installed` does."""
        if module not in self._untested:
            name = installed(module)
            first, last = TESTED[module]
            is_tested = first <= _leading_numbers(name.partition("-")[2]) <= last
            self._untested[module] = "" if is_tested else name
        return self._untested[module]


def _leading_numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")[:2]
    return tuple(int(part) if part.isdecimal() else -1 for part in parts)
