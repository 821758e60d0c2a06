"""Whether a text is mostly what pins something down: versions and digests, line after line.

That alone makes no lock file (a changelog gives versions too), and neither does a name like one. Both together do, for
tools that nobody has listed: `find_pins` looks at the content, `is_lock_name` at the name.
"""

import re

from loopflow.analysis.facts import Fact, FactKind

_SAMPLE = 1_500  # characters from the middle
_LEAST_LINES, _LEAST_SHARE = 4, 0.15  # lines with a version or a digest
# What tells fast that a text is nothing of the kind: digits as 0, and what digests are written in as x.
_AS_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
_AS_DIGESTS = bytes.maketrans(b"0123456789abcdefABCDEF", b"x" * 22)
_VERSION, _DIGEST, _NAMED = b"0.0", b"x" * 32, b"sha0"
_PIN = re.compile(
    # A digest in hexadecimal, in base 32 or behind its name; a version of three numbers, or of two where one is said.
    r"(?<![\w/+])(?:[0-9a-fA-F]{8}){4,16}(?![\w/+])|\b[0-9a-df-np-z]{52}\b|\b(?:sha\d{1,3}|md5|h1|blake\w{1,3})[-:=][\w+/=]{16,}|"
    r"(?<![\w.])v?\d{1,8}\.\d{1,8}\.\d{1,8}|(?:(?<=[:@=\"'(/^~-])|(?<=[=<>~^] ))v?\d{1,4}\.\d{1,4}(?![\w.])"
)
_BREAK = re.compile(r"[\n,]")
_DATA = r"(?:json[5c]?|ya?ml|toml|hcl|xml|txt|edn|cfg|conf|ini|properties|cmake|nix|lock|in)"
_NAME = re.compile(
    rf"(?:.*[._-])?lock(?:file|s|ed)?(?:\.{_DATA})?|.*\.(?:lock|resolved|freeze|frozen|pinned)(?:\.{_DATA})?|"
    rf"(?:.*[._-])?(?:shrinkwrap|checksums?|integrity|pins|pinned|resolved)\.{_DATA}|"
    r"go(?:\.work)?\.sum|cpanfile\.snapshot|manifest\.toml",
    re.IGNORECASE,
)


def find_pins(text: str) -> Fact | None:
    """Return that many of the lines in the middle of a text give versions or digests."""
    start = max(0, len(text) // 2 - _SAMPLE // 2)
    sample = text[start : start + _SAMPLE]
    plain = sample.encode("ascii", "replace")
    digits = plain.translate(_AS_DIGITS)
    if digits.count(b"0") < 2 * _LEAST_LINES:
        return None
    places = digits.count(_VERSION) + digits.count(_NAMED) + plain.translate(_AS_DIGESTS).count(_DIGEST)
    if places < _LEAST_LINES:
        return None
    lines = sample.split("\n") if len(sample) < _SAMPLE else sample.split("\n")[1:-1]
    if len(lines) < _LEAST_LINES:  # of what stands on one line, what stands between its commas
        lines = _BREAK.split(sample)
    lines = [line for line in lines if any(map(str.isalnum, line))]
    found = sum(_PIN.search(line) is not None for line in lines)
    if found < max(_LEAST_LINES, _LEAST_SHARE * len(lines)):
        return None
    return Fact(FactKind.PINS, f"{100 * found // len(lines)} % of its lines give versions or digests")


def is_lock_name(path: str) -> bool:
    """Whether a file has a name of the kind that tools give to their lock files; source never has."""
    return _NAME.fullmatch(path, path.rfind("/") + 1) is not None
