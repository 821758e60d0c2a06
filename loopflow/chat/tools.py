"""What a tool's output may take, by the tool's name. What changes files or asks people is never cut."""

import re
from functools import lru_cache
from typing import Final

_NEVER: Final = re.compile(r"edit|write|patch|todo|plan|question|ask|notebook", re.IGNORECASE)
_LIMITS: Final = (
    (re.compile(r"(?:read|cat|view|open)", re.IGNORECASE), 3_000),
    (re.compile(r"bash|shell|exec|command|terminal", re.IGNORECASE), 3_000),
    (re.compile(r"grep|search", re.IGNORECASE), 2_000),
    (re.compile(r"glob|list|(?:^|_)ls(?:$|_)", re.IGNORECASE), 1_500),
    (re.compile(r"web|fetch|http|browse", re.IGNORECASE), 3_000),
)
_OTHERS: Final = 2_500


@lru_cache(1024)
def limit_of(tool: str | None) -> int:
    """Return the tokens that a result of a tool may have before it is called large."""
    name = tool or ""
    if is_kept_whole(name):
        return 1 << 40
    return next((limit for pattern, limit in _LIMITS if pattern.search(name)), _OTHERS)


@lru_cache(1024)
def is_kept_whole(tool: str | None) -> bool:
    """Whether results of a tool are short and matter: they are not narrowed while there is anything else."""
    return tool is not None and _NEVER.search(tool) is not None
