"""Catalogues of messages, known by what they look like: gettext, XLIFF, resources, and texts by key in JSON or YAML.

That a text is one says nothing about whether somebody here wrote it: what is translated is told by its path and by what
lies beside it (see translations.py).
"""

import re

from loopflow.analysis.facts import Fact, FactKind

_SAMPLE = 3_000  # characters in which keys and texts are told from other things
_LICENCE = 20_000  # characters that a comment at the head of a catalogue may take
_MOST_OTHERS = 0.5  # for each text, of pairs and lines that are something else: formats of dates, plurals
_BEFORE = "\ufeff \t\r\n"

_GETTEXT = re.compile(r'(?:#[^\n]*+\n|\s)*+(?:domain "[^\n]*+\n)?(?:msgctxt "[^\n]*+\n)?msgid "')
_SPOKEN = re.compile(r'^"Language: *([\w@-]+)', re.MULTILINE)
_XML = {
    "XLIFF": re.compile(r"<(?:\w+:)?xliff\b"),
    "resources of .NET": re.compile(r'<resheader name="resmimetype"|<xsd:element name="root" msdata:IsDataSet'),
    "resources of Android": re.compile(r"<resources\b(?s:.*?)<(?:string|plurals|string-array|item type=\"string\")\b"),
    "Qt": re.compile(r"<TS\b[^>]*+>"),
    "plurals of Xcode": re.compile(r"<key>NSStringLocalizedFormatKey"),
}
_TARGET = {
    "XLIFF": re.compile(r'\b(?:target-language|trgLang)\s*=\s*"([^"]*+)"'),
    "Qt": re.compile(r'<TS\b[^>]*?\blanguage\s*=\s*"([^"]*+)"'),
}
_XCODE = re.compile(r'(?:/\*[^*]*+(?:\*(?!/)[^*]*+)*+\*/|//[^\n]*+\n|\s)*+"(?:[^"\\]|\\.)*+"\s*+=\s*+"')
_PAIR = re.compile(r'"(?:[^"\\]|\\.)*+"\s*+:\s*+(?:(")|([\[0-9tfn-])|\{)')
_LINE = re.compile(r"""\s*+(?!- )(?:"[^"\n]*+"|'[^'\n]*+'|[^\s#:"'{}\[\]][^:\n]*?):(?:\s+([^\n]*+))?""")
_FIRST_KEY = re.compile(r"""(?:\ufeff|---|#[^\n]*+\n|\s)*+(?:"[\w. -]++"|'[\w. -]++'|[\w.-]++):(?:\s|\Z)""")
_NO_TEXT = re.compile(r"(?:[\d.+-]+|true|false|null|~|\[.*|\{.*|[&*!].*)\Z")
_BLOCK = re.compile(r"[|>][+-]?\d?\Z")  # what follows is a text of several lines
_NEUTRAL = re.compile(r"\s*+(?:#|\Z|---|- :?[^:]*\Z)")  # a comment, or one of several texts


def find_catalogue(text: str) -> Fact | None:
    """Return the format of the catalogue that `text` looks like, and its language where it says one."""
    head = text[:_SAMPLE]
    if head[:1] in _BEFORE:
        head = head.lstrip(_BEFORE)
    first = head[:1]
    if first == "{":
        found = "JSON" if _is_json(head) else ""
    elif first == "<":
        found = _find_xml(head)
    elif first in "#md" and "\nmsgid " in f"\n{text[:_LICENCE]}":
        found = _find_gettext(text[:_LICENCE].lstrip(_BEFORE))
    elif first in '/"' and "=" in head and _XCODE.match(head):
        found = "strings of Xcode"
    else:
        found = "YAML" if ":" in head[:400] and _FIRST_KEY.match(head) and _is_yaml(head) else ""
    return Fact(FactKind.CATALOGUE, found) if found else None


def _find_gettext(head: str) -> str:
    if not _GETTEXT.match(head):
        return ""
    spoken = _SPOKEN.search(head)
    return f"gettext {spoken[1]}" if spoken else "gettext"


def _find_xml(head: str) -> str:
    name = next((name for name, sign in _XML.items() if sign.search(head)), "")
    target = _TARGET[name].search(head) if name in _TARGET else None
    return f"{name} {target[1]}" if target else name


def _is_json(head: str) -> bool:
    """Whether nearly all values are texts, in objects."""
    found = [pair.groups() for pair in _PAIR.finditer(head)]
    texts = sum(text is not None for text, _ in found)
    others = sum(other is not None for _, other in found)
    return texts > 0 and others <= _MOST_OTHERS * texts


def _is_yaml(head: str) -> bool:
    """Whether nearly all lines are keys with texts."""
    lines = [line for line in head.split("\n")[:-1] or [head] if not _NEUTRAL.match(line)]
    found = [_LINE.fullmatch(line) for line in lines]
    values = [value[1] for value in found if value and value[1]]
    texts = sum(not _NO_TEXT.match(value) for value in values)
    others = len(values) - texts + (0 if any(_BLOCK.match(value) for value in values) else found.count(None))
    return texts > 0 and others <= _MOST_OTHERS * texts
