"""What needs a command of the family that is not there yet: flags of `loopflow logs`, and functions of `loopflow.logs`.

Each is known by name, so that nobody looks for a slip of the pen. Whoever builds one of these commands deletes its
lines here, and what has no line is looked for like anything else.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from loopflow.errors import UsageError

COMING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "--store-memory": "memory",
        "--analyze-memory": "memory",
        "--memory-query": "memory",
        "--check-memory-connection": "memory",
        "--reconnect-memory": "memory",
        "store_in_memory": "memory",
    }
)
"""The command of the family that each needs."""


def name_missing(name: str) -> UsageError:
    """Return what to raise for one of them."""
    what = f"{name} needs loopflow {COMING[name]}, and this version does not join it to logs"
    return UsageError(what, "leave it out, or install a version that does")
