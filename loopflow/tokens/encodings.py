r"""The encodings that there are: the digests of their vocabularies, and how each splits a text.

The patterns are those of tiktoken's own definitions, which a test compares: asking tiktoken takes longer than counting
a small change. `ascii_pattern` derives from one what matches the same in a text that is all ASCII, where `\p{Lu}` is
no more than `A-Z`: the standard library's `re` knows that, and is twice as fast as what knows all of Unicode.
"""

import re

DEFAULT_ENCODING = "o200k_base"

# SHA-256 of each unpacked vocabulary, as tiktoken pins them.
VOCABULARY_DIGESTS = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
}

_CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_UPPER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}"
_LOWER = r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
PATTERNS = {
    "o200k_base": (
        rf"[^\r\n\p{{L}}\p{{N}}]?[{_UPPER}]*[{_LOWER}]+{_CONTRACTION}"
        rf"|[^\r\n\p{{L}}\p{{N}}]?[{_UPPER}]+[{_LOWER}]*{_CONTRACTION}"
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
    "cl100k_base": (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
        r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
    ),
}

# How bytes become text. A change to that needs a new number.
_DECODING = "utf8-replace-1"

# What counts are the same for all engines. Where any engine's answer changes, this needs a new number.
_RULES = "counts-1"

_ASCII = {"L": "A-Za-z", "Lu": "A-Z", "Ll": "a-z", "Lt": "", "Lm": "", "Lo": "", "M": "", "N": "0-9"}
_PART = re.compile(r"\\p\{(?P<category>\w+)\}|\\.|(?P<bracket>[\[\]])", re.DOTALL)


def ascii_pattern(pattern: str) -> str:
    """Return what matches in ASCII texts as `pattern` does, without any category of Unicode."""
    is_within = False

    def replace(found: re.Match[str]) -> str:
        nonlocal is_within
        if found["bracket"]:
            is_within = found["bracket"] == "["
        if not found["category"]:
            return found[0]
        plain = _ASCII[found["category"]]
        return plain if is_within else f"[{plain}]"

    return _PART.sub(replace, pattern)


def encoding_id(encoding: str) -> str:
    """Return what a text costs by: encoding, vocabulary and rule of decoding. Stored baselines hold it."""
    return f"{encoding}:{VOCABULARY_DIGESTS[encoding]}:{_DECODING}"


def counts_id(encoding: str) -> str:
    """Return what a kept count depends on: the encoding's id and the rules that all engines follow."""
    return f"{encoding_id(encoding)}:{_RULES}"
