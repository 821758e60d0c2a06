"""Names that hold the hash of a content, as bundlers give them: they change with every build."""

import re

from loopflow.analysis.patterns import escape_pattern

_HEX = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?=[a-f]*[0-9])[0-9a-f]{8,64}|(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{6,7})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
# As esbuild (base 32) and Rollup (base 64, with - and _) write them: eight characters before the suffix, or of any
# length from eight on where they mix digits, capitals and small letters.
_DENSE = re.compile(r"(?:(?<=[-._])|\A)[A-Za-z0-9_-]{8}(?=\.[A-Za-z])")
_MIXED = re.compile(
    r"(?:(?<=[-._])|\A)(?=[^.]*?[0-9])(?=[^.]*?[A-Z])(?=[^.]*?[a-z])[A-Za-z0-9_]{8,64}(?=\.[A-Za-z]|\Z)"
)
_OF_HEX = "[0-9a-f]"


def glob_of(name: str, *, is_directory: bool = False) -> str:
    """Return the pattern for a name in which each hash is `*`; "" without one.

    A name that is a hash from beginning to suffix is a number of `?`: a `*` would match what people write beside it.
    """
    found = _find(name, is_directory=is_directory)
    parts = []
    at = 0
    for begin, end in found:
        is_alone = not begin and name[end : end + 1] in {"", "."}
        parts += [escape_pattern(name[at:begin]), "?" * (end - begin) if is_alone else "*"]
        at = end
    return "".join([*parts, escape_pattern(name[at:])]) if found else ""


def shape_of(name: str, *, is_directory: bool = False) -> str:
    """Return the pattern for all names of a directory that have a hash of the same length before the same suffix.

    Of hexadecimal digits, the first and the last are told from other letters: few words begin and end like that.
    """
    found = _find(name, is_directory=is_directory)
    if not found:
        return ""
    begin, end = found[-1]
    length = end - begin
    is_hex = _HEX.fullmatch(name[begin:end]) is not None and name[begin:end].islower() | name[begin:end].isdigit()
    hashed = f"{_OF_HEX}{'?' * (length - 2)}{_OF_HEX}" if is_hex else "?" * length
    before = "*" + escape_pattern(name[begin - 1]) if begin else ""
    return before + hashed + escape_pattern(name[end:])


def has_hash(path: str) -> bool:
    """Whether the name of a file has a hash, or that of a directory above it."""
    *above, name = path.split("/")
    return bool(_find(name, is_directory=False)) or any(_find(each, is_directory=True) for each in above)


def _find(name: str, *, is_directory: bool) -> list[tuple[int, int]]:
    """Return where each hash begins and ends."""
    found = [match.span() for match in _HEX.finditer(name)]
    dense = [match.span() for match in _MIXED.finditer(name)]
    if not dense and not is_directory:
        dense = [match.span() for match in _DENSE.finditer(name) if _is_dense(match[0], alone=not match.start())]
    found += [each for each in dense if not any(begin < each[1] and each[0] < end for begin, end in found)]
    return sorted(found)


def _is_dense(text: str, *, alone: bool) -> bool:
    """Whether a text is no word: letters and digits mixed, or capitals in the middle of small letters beside a name."""
    has_digits = any(character.isdigit() for character in text)
    if has_digits and any(character.isalpha() for character in text):
        return True
    inner = text[1:]
    is_mixed = text.isupper() or (any(map(str.isupper, inner)) and any(map(str.islower, inner)))
    return is_mixed and not alone
