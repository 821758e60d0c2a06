"""What makes two failures the same: what they say without what differs from run to run.

A signature is made of the recogniser, the kind, and the masked lines that weigh something; a cause of the kind and the
message alone. Codes and the numbers of states are never masked: they say what failed.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from loopflow.analysis.redact import redact
from loopflow.logs.keys import MEDIUM_WEIGHT
from loopflow.logs.model import Block

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DIGITS_OF_REF: Final = 10

_CODES: Final = re.compile(
    r"[csehrA-Z](?<=\b.)(?:"
    r"(?:(?<=c)odes?|(?<=s)(?:tatus|ignal)|(?<=e)(?:xited with|xit|rrno)|(?<=H)TTP(?:/\d(?:\.\d)?)?|(?<=r)c)\b[\"')]?"
    r"[ :=]{1,3}(?:code |status )?-?\d+"
    r"|(?<=[A-Z])[A-Z]{0,7}\d{2,6}\b)"
)
"""Numbers that say what failed. That it begins with a set makes it fast, here and below; what follows looks back."""
_IDS: Final = (
    r"(?<=[0-9a-fA-F])[0-9a-fA-F]{7}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"
    r"|(?<=0)x[0-9a-fA-F]+\b"
    r"|(?:(?<=[0-9])|(?<=[a-f])(?=[a-f]*\d))[0-9a-f]{6,63}\b"
)
_NUMBERS: Final = (
    r"\d*(?:[.,:_/-]\d+)*(?:\s?(?:ms|s|sec|seconds?|min|minutes?|µs|us|ns|KB|MB|GB|kB|[KMG]iB|bytes|%)\b)?"
)
"""Both behind their first character."""
_MASK: Final = re.compile(
    r"(?:/private)?(?:/var)?/tmp/[^\s:,;)'\"]*|/var/folders/[^\s:,;)'\"]*|[A-Z]:\\\S*\\Temp\\[^\s:,;)'\"]*"
    rf"|\b[0-9a-fA-F](?:{_IDS})"
    rf"|\b(?:[\w-]*[Tt]hread|pool|worker|executor|process|pid|gw)[-# ]?\d+(?:-[a-z]+-\d+)*|\d{_NUMBERS}"
)
_SLOW: Final = re.compile(r"[/\\h](?:(?<=/)(?:tmp|folders)/|(?<=\\)Temp\\|(?<=h)read)")
"""What temporary paths and names of threads have: most lines have none, and are masked faster without these."""
_FAST_MASK: Final = re.compile(
    rf"[\da-fA-Fpwg](?:(?<=\b.)(?:{_IDS}"
    r"|(?:(?<=p)(?:ool|rocess|id)|(?<=w)orker|(?<=e)xecutor|(?<=g)w)[-# ]?\d+(?:-[a-z]+-\d+)*)"
    rf"|(?<=\d){_NUMBERS})"
)
_MAY_DIFFER: Final = re.compile(r"[\d/\\-](?:(?<=\d)|(?<=/)(?:tmp|folders)/|(?<=\\)Temp\\|(?<=[0-9a-fA-F]{4}-))")
"""What every part that is masked has, and most lines have not."""


@lru_cache(4_096)
def mask(text: str) -> str:
    """Return `text` with what differs from run to run as `<*>`."""
    if not _MAY_DIFFER.search(text):
        return text
    pattern = _MASK if _SLOW.search(text) else _FAST_MASK
    parts, at = [], 0
    for code in _CODES.finditer(text):
        parts += [pattern.sub("<*>", text[at : code.start()]), code[0]]
        at = code.end()
    return "".join([*parts, pattern.sub("<*>", text[at:])])


def hide(text: str) -> str:
    """Return a line without the secrets in it."""
    data = text.encode("utf-8", "surrogatepass")
    safe = redact(data)
    return text if safe == data else safe.decode("utf-8", "surrogatepass")


def hide_in_block(block: Block) -> Block:
    """Return a block that was read with its secrets as its signature takes it: without them."""
    lines = tuple(line._replace(text=hide(line.text)) for line in block.lines)
    return replace(block, kind=hide(block.kind), lines=lines)


def has_codes(text: str) -> bool:
    """Whether there are digits in `text` that are not masked."""
    return _CODES.search(text) is not None


def weighted_lines(block: Block) -> list[str]:
    """Return the masked lines of a block that say something, each once: the headline, and those of weight."""
    told = {
        line.text.strip(): None
        for at, line in enumerate(block.lines)
        if at == block.headline or line.weight >= MEDIUM_WEIGHT
    }
    return list(dict.fromkeys(map(mask, told)))


def make_signature(block: Block, masked: Iterable[str]) -> bytes:
    """Return what equal failures have in common: 16 bytes."""
    return _digest("\n".join([block.recogniser, block.kind, *masked]))


def make_cause(block: Block) -> str:
    """Return what failures with the same reason have in common, wherever they happened."""
    headline = block.lines[block.headline].text
    message = headline.partition(block.kind)[2] if block.kind else ""
    said = mask(message if message.strip(" :") else headline)
    return _digest("\n".join([block.kind.rpartition(".")[2], said.strip(" :\t").rstrip()])).hex()


def make_ref(signature: bytes) -> str:
    """Return the reference for a signature: "ERR-" and ten digits to the base of 32, as Douglas Crockford writes it."""
    number = int.from_bytes(signature[:8], "big") >> (64 - 5 * _DIGITS_OF_REF)
    return "ERR-" + "".join(_CROCKFORD[number >> 5 * at & 31] for at in reversed(range(_DIGITS_OF_REF)))


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
