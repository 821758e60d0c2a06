"""Git's glob patterns as regular expressions that cannot take exponential time (wildmatch.c, with WM_PATHNAME).

`*` and `?` stop at a slash; `**` between slashes, or at an end, does not; a set in brackets never matches a slash. The
first match of everything up to the next wildcard is always a right one, so it is taken for good (an atomic group), and
only what follows the last wildcard is tried at more than one place.
"""

import re
from collections.abc import Iterable

# Tokens that are not the expression for one character:
_STAR = "*"
_DIRECTORIES = "**/"
_EVERYTHING = "**"

_SETS = {
    "alnum": str.isalnum,
    "alpha": str.isalpha,
    "blank": lambda char: char in " \t",
    "cntrl": lambda char: char < " " or char == "\x7f",
    "digit": str.isdecimal,
    "graph": lambda char: "!" <= char <= "~",
    "lower": str.islower,
    "print": lambda char: " " <= char <= "~",
    "punct": lambda char: "!" <= char <= "~" and not char.isalnum(),
    "space": lambda char: char in " \t\n\v\f\r",
    "upper": str.isupper,
    "xdigit": lambda char: char in "0123456789ABCDEFabcdef",
}
_BYTES = frozenset(map(chr, range(256)))
_ASCII = frozenset(map(chr, range(128)))


def compile_glob(glob: str) -> re.Pattern[str]:
    """Compile `glob`, which has one character for each byte. Raises ValueError for one that matches nothing."""
    *firsts, last = _split(_tokens(glob), _DIRECTORIES)
    expression = ""
    for number, tokens in enumerate(firsts):
        expression += f"(?>{'(?:.*?/)??' if number else ''}{_components(tokens)})"
    skipped = "(?:.*/)?" if firsts else ""
    if last[-1:] == [_EVERYTHING]:
        expression += f"(?>{'(?:.*?/)??' if firsts else ''}{_components(last[:-1])}).*"
    else:
        expression += skipped + _components(last)
    return re.compile(expression + r"\Z", re.DOTALL)


def _components(tokens: list[str]) -> str:
    """Return the expression for tokens without `**`."""
    return "/".join(map(_component, _split(tokens, "/")))


def _component(tokens: list[str]) -> str:
    first, *rest = _split(tokens, _STAR)
    expression = "".join(first)
    for chunk in rest[:-1]:
        expression += f"(?>[^/]*?{''.join(chunk)})"
    return expression + (f"[^/]*{''.join(rest[-1])}(?=/|\\Z)" if rest else "")


def _split(tokens: Iterable[str], separator: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token == separator:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _tokens(glob: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    while at < len(glob):
        char = glob[at]
        if char == "*":
            stars, at = _stars(glob, at)
            tokens += stars
        elif char == "[":
            token, at = _bracket(glob, at)
            tokens.append(token)
        elif char == "?":
            tokens.append("[^/]")
            at += 1
        else:
            at += char == "\\"
            tokens.append(re.escape(_char(glob, at)))
            at += 1
    return tokens


def _char(glob: str, at: int) -> str:
    """Return the character at `at`. Raises ValueError at the end, where git finds that nothing can match."""
    if at >= len(glob):
        raise ValueError(glob)
    return glob[at]


def _stars(glob: str, start: int) -> tuple[list[str], int]:
    """Return the tokens for the stars at `start` and where they end."""
    end = start
    while glob[end : end + 1] == "*":
        end += 1
    if end - start == 1 or glob[max(start - 1, 0) : start] not in {"", "/"}:
        return [_STAR], end
    if end == len(glob):
        return [_EVERYTHING], end
    if glob[end] == "/":
        return [_DIRECTORIES], end + 1
    if glob[end : end + 2] == "\\/":  # here, unlike before a bare slash, git wants at least one directory
        return [_DIRECTORIES, _STAR], end
    return [_STAR], end


def _bracket(glob: str, start: int) -> tuple[str, int]:
    """Return the expression for the set that begins at `start` and where it ends."""
    at = start + 1
    is_negated = glob[at : at + 1] in {"!", "^"}
    at += is_negated
    members: set[str] = set()
    previous = ""
    closes = first = at  # where the next "]" is that could end a name: it is looked for once
    while at == first or _char(glob, at) != "]":
        char = _char(glob, at)
        is_named = False
        if glob.startswith("[:", at):
            closes = glob.find("]", at) if closes < at + 2 else closes
            if closes < 0:
                raise ValueError(glob)
            is_named = glob[closes - 1] == ":" and closes > at + 2
        if char == "-" and previous and glob[at + 1 : at + 2] not in {"", "]"}:
            at += 2 if glob[at + 1] == "\\" else 1
            members.update(each for each in _BYTES if previous <= each <= _char(glob, at))
            previous = ""
        elif is_named:
            name = glob[at + 2 : closes - 1]
            if name not in _SETS:
                raise ValueError(glob)
            members.update(filter(_SETS[name], _ASCII))
            previous, at = "", closes
        else:
            at += char == "\\"
            previous = _char(glob, at)
            members.add(previous)
        at += 1
    admitted = sorted((_BYTES - members if is_negated else members) - {"/"})
    if not admitted:
        raise ValueError(glob)
    return "[" + "".join(map(re.escape, admitted)) + "]", at + 1
