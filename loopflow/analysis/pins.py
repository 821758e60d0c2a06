"""Whether a text is to a good part what pins something down: versions and digests, line after line.

That alone makes no lock file (a changelog gives versions too), and neither does a name like one (see lock_names.py).
Both together do, for tools that nobody has listed.
"""

import re
from functools import cache

from loopflow.analysis.facts import Fact, FactKind

_SAMPLE = 1_500  # characters from the middle
_LEAST_LINES, _LEAST_SHARE = 4, 0.15  # lines with a version or a digest
# What tells fast that a line is nothing of the kind: digits as 0, and what digests are written in as x.
_AS_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
_AS_DIGESTS = bytes.maketrans(b"0123456789abcdefABCDEF", b"x" * 22)
_VERSION, _NAMED, _DIGEST = b"0.0", b"sha0", b"x" * 32
_BREAK = re.compile(r"[\n,]")


def find_pins(text: str) -> Fact | None:
    """Return how many of the lines in the middle of a text give versions or digests, if that is many."""
    start = max(0, len(text) // 2 - _SAMPLE // 2)
    sample = text[start : start + _SAMPLE]
    if not _may_pin(sample.encode("ascii", "replace"), _LEAST_LINES):
        return None
    lines = sample.split("\n") if len(sample) < _SAMPLE else sample.split("\n")[1:-1]
    if len(lines) < _LEAST_LINES:  # of what stands on one line, what stands between its commas
        lines = _BREAK.split(sample)
    lines = [line for line in lines if any(map(str.isalnum, line))]
    found = sum(_may_pin(line.encode("ascii", "replace"), 1) and _pin().search(line) is not None for line in lines)
    if found < max(_LEAST_LINES, _LEAST_SHARE * len(lines)):
        return None
    return Fact(FactKind.PINS, f"{100 * found // len(lines)} % of its lines give versions or digests")


def _may_pin(plain: bytes, least: int) -> bool:
    """Whether there are so many places that may be a version or a digest."""
    digits = plain.translate(_AS_DIGITS)
    if digits.count(b"0") < 2 * least:
        return False
    places = digits.count(_VERSION) + digits.count(_NAMED)
    return places >= least or places + plain.translate(_AS_DIGESTS).count(_DIGEST) >= least


@cache
def _pin() -> re.Pattern[str]:
    return re.compile(
        # A digest in hexadecimal or behind its name; a version of three numbers, or of two where one is said.
        r"(?<![\w/+])(?:[0-9a-fA-F]{8}){4,16}(?![\w/+])|\bsha\d{1,3}[-:=][\w+/=]{16,}|"
        r"(?<![\w.])v?\d{1,8}\.\d{1,8}\.\d{1,8}|"
        r"(?:(?<=[:@=\"'(/^~-])|(?<=[=<>~^] ))v?\d{1,4}\.\d{1,4}(?![\w.])"
    )
