"""What a text says about itself that makes it a candidate for leaving out: found once, when it is counted.

Nothing here looks at names: a file called `bundle.js` that reads like source is source. Counting is fast, and this must
not slow it down: what tells that a text is nothing of the kind comes first, and costs little however long the text is.
"""

import re

from loopflow.analysis.facts import Fact, FactKind, write_facts
from loopflow.analysis.known_formats import find_format
from loopflow.analysis.markers import find_marker
from loopflow.analysis.pins import find_pins

_HEAD = 4_000  # characters that a header is looked for in
_TAIL = 400  # characters at the end that tell whether a list, or a drawing, goes on until there
_LONGEST_ATTRIBUTES = 200_000
_MOST_NAMES = 20  # of attributes: a macro may bring others along, and hardly any does
_LEAST = 2_000  # characters below which nothing but a header is looked at
_LEAST_SVG = 200
_BLANKS = " \t\r\n\ufeff"
_OBJECT_STARTS = "{" + _BLANKS
_MOST_BLANKS_BEFORE = 40  # and a brace before the first key
_NO_FIELD = ("/", "#", "_", "@", "$", "c", "C")  # what a key begins with that may be a comment
_SVG_STARTS = "< \t\r\n\ufeff"
_PATHS, _NUMBERS, _NUMBERS_IF_HUGE, _DEFINITIONS = 0.60, 0.95, 0.90, 0.75  # shares
_SAMPLE, _SAMPLES = 1_000, 16  # characters, and places
_PROBE, _NUMBERS_AT_LEAST = 100, 0.75  # what tells fast that a text is no table of numbers
_LARGE_TOKENS = 4_000
_HUGE_TOKENS = 200_000  # more numbers than anybody names by hand
_LONG_LINE = 5_000
_LONG_AVERAGE = 250
_MOST_BLANKS, _LEAST_SIGNS = 0.10, 0.04
_DENSE, _VERY_DENSE = 2.7, 2.2  # characters for a token; source has three to four, base64 less than two

_ATTRIBUTES = ("linguist-generated", "linguist-vendored", "linguist-documentation", "export-ignore")
_MACRO = re.compile(r"[ \t]*\[attr\]([A-Za-z0-9_.][A-Za-z0-9_.-]*)")
_LIST = re.compile(
    # What a .gitattributes file begins and ends with: comments, which are no directives of C, and then a pattern with
    # the names of attributes. Code seldom does both.
    r"(?!//|/\*[ \t]*\n)"
    r"(?:[ \t]*+(?:#(?!!|[ \t]*(?:include|define|undef|ifn?(?:def)?|endif|else|pragma|error)\b)[^\n]*+)?\r?(?:\n|\Z))*+"
    r'(?:[ \t]*+(?:"(?:[^"\\\n]|\\.)*+"|(?!#)[^ \t\r\n]++(?<![;{}(),:]))'
    r"(?:[ \t]++[-!]?[\w.][\w.-]*+(?:=\S*+)?)*+[ \t]*+(?:#[^\n]*+)?\r?(?:\n|\Z)|\Z)"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{60,}={0,2}")
_SOME_BASE64 = re.compile(r"(?s:.{30})*?[A-Za-z0-9+/]{30}")  # found faster, wherever 60 of them are
_JSON = re.compile(
    r'\s*(?:\{\s*(?:"(?:[^"\\\n]|\\.)*"\s*:|\})|'
    r'\[\s*(?:"(?:[^"\\\n]|\\.)*"\s*[,\]]|[\d\-{\]]|\[\s*["\d\-{\[\]]|true|false|null))'
)
_JSON_END = re.compile(r"[\]}]\s*\Z")
_DEFINITION = re.compile(r"#\s*define\s+\w+\s+\(?-?(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*\)?\s*\Z")
_SHORT_LINE = re.compile(r"[^\n]{0,249}\n[^\n]{0,249}\n")  # what is left of the line, and the next one
_DRAWING = re.compile(r"\s*(?:<[?!][^>]*>\s*)*<svg\b")
_IN_PATHS = b" 0123456789.,-MmLlHhVvCcSsZz"
_IN_NUMBERS = b"0123456789abcdefABCDEFxX, \n\t.-+{}[]()"


def find_facts(text: str, tokens: int, *, is_whole: bool = True) -> str:
    """Return what `text`, which has `tokens`, says about itself; "" for ordinary source.

    With `is_whole` False, it is the beginning of a longer text. The result is read with `read_facts`.
    """
    head = text[:_HEAD]
    fact = find_format(text) or find_marker(head) or _find_first_string(head)
    attributes = _find_attributes(text, head)
    if not fact and not attributes:
        fact = _find_svg(text, head, is_whole=is_whole)
        if not fact and len(text) >= _LEAST:
            fact = _find_minified(text) or _find_data(text, tokens, is_whole=is_whole)
    pins = None if fact and fact.kind is FactKind.LOCK else find_pins(text)
    found = [each for each in (fact, *attributes, pins) if each]
    return write_facts(found) if found else ""


def _find_first_string(head: str) -> Fact | None:
    """Return what an object in JSON says first, where its first key is not the name of a field."""
    if head[:1] not in _OBJECT_STARTS or head[:_MOST_BLANKS_BEFORE].lstrip(_BLANKS)[:1] != "{":
        return None
    at = head.find('"', 0, _MOST_BLANKS_BEFORE)
    if head[at + 1 : at + 2] not in _NO_FIELD:
        return None
    from loopflow.analysis.json_documents import find_first_string  # noqa: PLC0415

    return find_first_string(head)


def _find_attributes(text: str, head: str) -> list[Fact]:
    """Lines of a .gitattributes file that matter here, as they are: whoever knows where the file lies reads them."""
    if not _LIST.match(head) or not _ends_like_a_list(text):
        return []
    text = text[:_LONGEST_ATTRIBUTES]
    if "linguist-" not in text and "export-ignore" not in text:
        return []
    return [Fact(FactKind.ATTRIBUTES, line) for line in _find_lines(text)]


def _find_lines(text: str) -> list[str]:
    """Return the lines that name one of the attributes, or a macro that does."""
    names = list(_ATTRIBUTES)
    while True:
        either = "|".join(map(re.escape, names))
        named = rf"(?:[^\n]*[ \t][-!]?|[ \t]*\[attr\])(?:{either})(?![\w.-])"  # a macro can be defined again
        lines = re.findall(rf"^(?![ \t]*#){named}[^\n]*$", text, re.MULTILINE)
        macros = {found[1] for line in lines if (found := _MACRO.match(line))}.difference(names)
        if not macros or len(names) + len(macros) > _MOST_NAMES:
            return lines
        names += sorted(macros)


def _ends_like_a_list(text: str) -> bool:
    _, newline, last = text[-_TAIL:].rstrip().rpartition("\n")
    return not newline or _LIST.match(last) is not None


def _find_minified(text: str) -> Fact | None:
    """Long lines of code: on average, or very long ones that are most of the text. Prose has more blanks."""
    if not _has_long_lines(text):
        return None
    average = len(text) // (text.count("\n") + 1)
    lines = [text] if average > _LONG_AVERAGE else [line for line in text.split("\n") if len(line) >= _LONG_LINE]
    long = "".join(lines)
    if len(long) * 2 < len(text):
        return None
    blanks = sum(long.count(blank) for blank in " \t\n") / len(long)
    signs = sum(long.count(sign) for sign in ";{}()=") / len(long)
    if blanks > _MOST_BLANKS or signs < _LEAST_SIGNS or _JSON.match(text) or _DRAWING.match(text):
        return None
    if average > _LONG_AVERAGE:
        return Fact(FactKind.MINIFIED, f"{average:,} characters a line")
    longest = max(map(len, lines))
    return Fact(FactKind.MINIFIED, f"one line of {longest:,} characters")


def _has_long_lines(text: str) -> bool:
    """Whether at one of a few places there is no short line; where all have one, long ones are not most of the text."""
    room = len(text) - 2 * _LONG_AVERAGE
    # So close together that half of a text, if it is in one piece, lies at one of them.
    return any(not _SHORT_LINE.match(text, at) for at in (0, room // 3, 2 * room // 3))


def _find_svg(text: str, head: str, *, is_whole: bool) -> Fact | None:
    if text[:1] not in _SVG_STARTS or len(text) < _LEAST_SVG or "<svg" not in head:
        return None
    if is_whole and "</svg" not in text[-_TAIL:]:
        return None
    return Fact(FactKind.DATA, "SVG paths") if _share(text, _IN_PATHS) > _PATHS else None


def _find_data(text: str, tokens: int, *, is_whole: bool) -> Fact | None:
    is_huge = tokens >= _HUGE_TOKENS or not is_whole
    if tokens >= _LARGE_TOKENS:
        fact = _find_document(text, is_whole=is_whole)
        if fact:
            return fact
        from loopflow.analysis.tables import is_table  # noqa: PLC0415  small texts do not need it

        if is_table(text):
            return Fact(FactKind.DATA, "a table of separated values")
        if is_huge and _is_definitions(text):
            return Fact(FactKind.DATA, "definitions of numbers and little else")
    if len(text) < tokens * _DENSE:
        encoded = _encoded(text) if len(text) < tokens * _VERY_DENSE else 0
        if encoded * 2 > len(text):
            return Fact(FactKind.DATA, f"{100 * encoded // len(text)} % of it is base64")
        least = _NUMBERS_IF_HUGE if is_huge else _NUMBERS
        if _share(text, _IN_NUMBERS, _PROBE) > _NUMBERS_AT_LEAST and _share(text, _IN_NUMBERS) > least:
            return Fact(FactKind.DATA, "numbers and little else")
    return None


def _find_document(text: str, *, is_whole: bool) -> Fact | None:
    if not _JSON.match(text) or (is_whole and not _JSON_END.search(text[-_HEAD:])):
        return None
    from loopflow.analysis.json_documents import find_document  # noqa: PLC0415  few texts need it

    return find_document(text, is_whole=is_whole)


def _encoded(text: str) -> int:
    """Return how many characters of `text` are base64; 0 if there is none near its beginning, nor in the middle."""
    places = [(at, at + _HEAD) for at in (0, len(text) // 2)]
    if not any(_SOME_BASE64.match(text, *place) and _BASE64.search(text, *place) for place in places):
        return 0
    return sum(found.end() - found.start() for found in _BASE64.finditer(text))


def _is_definitions(text: str) -> bool:
    """Whether the lines in the middle give names to numbers, and hardly any does something else."""
    middle = len(text) // 2
    lines = text[middle : middle + 3 * _HEAD].split("\n")[1:-1]
    lines = [line for line in lines if line.strip() and not line.startswith(("//", "/*"))]
    return sum(bool(_DEFINITION.match(line)) for line in lines) > _DEFINITIONS * len(lines) > 0


def _share(text: str, characters: bytes, length: int = _SAMPLE) -> float:
    """Return the share of `characters`, of samples from all over the text: a table may be followed by code."""
    step = max(length, len(text) // _SAMPLES)
    sample = "".join([text[at : at + length] for at in range(0, len(text), step)]).encode("ascii", "replace")
    return 1 - len(sample.translate(None, characters)) / len(sample)
