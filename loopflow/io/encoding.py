"""Where counting was before it moved to `loopflow.tokens`: the same names, for one release."""

from typing import Any
from warnings import warn

_HOMES = {
    **dict.fromkeys(("DISTRIBUTIONS", "ENGINES", "choose_engines", "create_counter"), "loopflow.tokens.choice"),
    **dict.fromkeys(("DEFAULT_ENCODING", "VOCABULARY_DIGESTS", "encoding_id"), "loopflow.tokens.encodings"),
    "TokenCounter": "loopflow.tokens.protocol",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  as many types as names
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    warn(f"loopflow.io.encoding.{name} is loopflow.tokens.{name} now", DeprecationWarning, stacklevel=2)
    return getattr(import_module(_HOMES[name]), name)
