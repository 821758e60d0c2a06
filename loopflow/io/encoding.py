"""Where counting was before it moved to `loopflow.tokens`: the same names, for whoever imports them from here."""

from loopflow.tokens.choice import DISTRIBUTIONS, ENGINES, choose_engines, create_counter
from loopflow.tokens.encodings import DEFAULT_ENCODING, VOCABULARY_DIGESTS, encoding_id
from loopflow.tokens.protocol import TokenCounter

__all__ = [
    "DEFAULT_ENCODING",
    "DISTRIBUTIONS",
    "ENGINES",
    "VOCABULARY_DIGESTS",
    "TokenCounter",
    "choose_engines",
    "create_counter",
    "encoding_id",
]
