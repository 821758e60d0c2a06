"""Names of human languages in paths, as catalogues of messages carry them: `pt_BR`, `zh-Hans`, `sr@latin`, `es-419`."""

import re
from functools import lru_cache

# ISO 639-1, with three codes that were withdrawn and are still in use, and codes of ISO 639-3 for languages without a
# shorter one that catalogues are often translated to.
_CODES = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el
    en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik in io is it
    iu iw ja ji jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms
    mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl
    sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za
    zh zu arn ast ber bho brx cak ceb ckb cnh csb dsb fil frp fur gsw haw hil hsb ilo jbo kab kmr kok lij lmo ltg
    mai mni nah nan nap nds nqo pap pms quc quy rhg sah sat scn sco shi shn son szl tet trs tzm vec wuu yue zgh
    """.split()  # noqa: SIM905  200 of them, to be read
)
_LANGUAGE = re.compile(
    r"([a-z]{2,3})(?:[-_](?:hans|hant|latn|cyrl|arab|latin|cyrillic|[A-Z][a-z]{3}))?(?:[-_](?:[a-z]{2}|r?[A-Z]{2}|[0-9]{3}|CHS|CHT))?"
    r"(?:[-_](?:valencia|formal|informal|x-formal|x-informal|ao90|tarask|nynorsk|bokmal))?(?:@[a-z]+)?"
    r"|b\+([a-z]{2,3})(?:\+[A-Za-z]{4})?(?:\+(?:[A-Z]{2}|[0-9]{3}))?",
)
_SOURCE = ("en", "base", "en-us", "en-gb")
"""The source languages, the likeliest first; Base is what Xcode calls it."""


@lru_cache(5_000)  # a tree has many paths and few names in them
def find_language(text: str) -> str:
    """Return the language that `text` names, in small letters and with "-"; "" where it names none."""
    found = _LANGUAGE.fullmatch(text) or _LANGUAGE.fullmatch(text.lower())
    if text == "Base" or (found and (found[1] or found[2]) in _CODES):
        return text.lower().replace("_", "-")
    return ""


def find_source_language(languages: list[str]) -> str:
    """Return which of `languages` the others are translated from, as far as the names tell; "" where they do not."""
    there = set(languages)
    known = next((language for language in _SOURCE if language in there), "")
    return known or min((language for language in languages if language.startswith("en-")), default="")
