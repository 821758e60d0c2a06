"""Catalogues of messages, known by what they look like: gettext, XLIFF, resources, and texts by key in JSON or YAML.

That a text is one says nothing about whether somebody here wrote it: what is translated is told by its path and by what
lies beside it (see translations.py).
"""

import re

from loopflow.analysis.facts import Fact, FactKind

_SAMPLE = 3_000  # characters in which keys and texts are told from other things
_FEW = 0.15  # share of pairs and lines that may be something else

_GETTEXT = re.compile(r'(?:#[^\n]*+\n|\s)*+(?:msgctxt "[^\n]*+\n)?msgid "')
_SPOKEN = re.compile(r'^"Language: *([\w@-]+)', re.MULTILINE)
_XML = {
    "XLIFF": re.compile(r"<(?:\w+:)?xliff\b"),
    "resources of .NET": re.compile(r'<resheader name="resmimetype"|<xsd:element name="root" msdata:IsDataSet'),
    "resources of Android": re.compile(
        r"<resources\b[^>]*+>(?:\s|<!--(?:[^-]|-(?!->))*+-->)*+<(?:string|plurals|string-array)\b"
    ),
    "Qt": re.compile(r"<TS\b[^>]*+>"),
    "plurals of Xcode": re.compile(r"<key>NSStringLocalizedFormatKey"),
}
_TARGET = re.compile(r'\b(?:target-language|trgLang)\s*=\s*"([^"]*+)"')
_XCODE = re.compile(r'(?:/\*[^*]*+(?:\*(?!/)[^*]*+)*+\*/|//[^\n]*+\n|\s)*+"(?:[^"\\]|\\.)*+"\s*+=\s*+"')
_PAIR = re.compile(r'"(?:[^"\\]|\\.)*+"\s*+:\s*+(?:(")|([\[0-9tfn-])|\{)')
_LINE = re.compile(r"""\s*+(?!- )(?:"[^"\n]*+"|'[^'\n]*+'|[^\s#:"'{}\[\]][^:\n]*?):(?:\s+([^\n]*+))?""")
_FIRST_KEY = re.compile(r"""(?:\ufeff|---|#[^\n]*+\n|\s)*+(?:"[\w. -]++"|'[\w. -]++'|[\w.-]++):(?:\s|\Z)""")
_NO_TEXT = re.compile(r"(?:[\d.+-]+|true|false|null|~|\[.*|\{.*|[&*!].*)\Z")
_NEUTRAL = re.compile(r"\s*+(?:#|\Z|---|- [^:]*\Z)")  # a comment, or one of several texts


def find_catalogue(text: str) -> Fact | None:
    """Return the format of the catalogue that `text` looks like, and its language where it says one."""
    first = text[:1]
    head = text[:_SAMPLE]
    if first == "{":
        found = "JSON" if _is_json(head) else ""
    elif first == "<":
        found = _find_xml(head)
    elif first in "#m\n" and "msgid " in head:
        found = _find_gettext(head)
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
    target = _TARGET.search(head) if name == "XLIFF" else None
    return f"{name} {target[1]}" if target else name


def _is_json(head: str) -> bool:
    """Whether nearly all values are texts, in objects."""
    found = [pair.groups() for pair in _PAIR.finditer(head)]
    texts = sum(text is not None for text, _ in found)
    others = sum(other is not None for _, other in found)
    return texts > 0 and others <= _FEW * texts


def _is_yaml(head: str) -> bool:
    """Whether nearly all lines are keys with texts."""
    lines = [line for line in head.split("\n")[:-1] or [head] if not _NEUTRAL.match(line)]
    found = [_LINE.fullmatch(line) for line in lines]
    texts = [value[1] for value in found if value and value[1]]
    others = len(lines) - sum(value is not None for value in found) + sum(bool(_NO_TEXT.match(text)) for text in texts)
    return len(texts) > 0 and others <= _FEW * len(lines)
