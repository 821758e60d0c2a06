"""Markdown by blocks: sections, block comments, imports, and blocks that could stand somewhere else too.

Only block rules are run, so that time stays linear; code spans around an "@" are found by a scan of each paragraph.
Lines are those of the file, from 1.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from loopflow.agents.frontmatter import Frontmatter

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LEAST_BLOCK = 50
"""Characters of a block that can have 25 tokens."""

_MOST_OPENING = 2_000
"""Characters of a first paragraph: it may stand for a description."""

_BREAK = re.compile(r"\r\n?|\n")
_UNDERLINE = re.compile(r"[=-][ \t]*(?:[\r\n]|\Z)")
_TICKS = re.compile("`+")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_IMPORT = re.compile(r"(?:(?<=\s)|\A)@((?:\\ |[^\s\\]|\\(?!\s))+)")
_GEMINI = re.compile(r"(?:(?<=[ \t\r\n])|\A)@([./A-Za-z]\S*)")
_BLOCKS = ("paragraph_open", "bullet_list_open", "ordered_list_open", "fence", "code_block")


class Heading(NamedTuple):
    """A heading that is in no quote and no list: where it begins, in characters and lines."""

    at: int
    line: int
    level: int
    title: str


class Cut(NamedTuple):
    """A stretch of characters that is not loaded, and what stands in its place."""

    start: int
    end: int
    text: str = ""


class Block(NamedTuple):
    """A paragraph, a list or a block of code, by the digest of its words."""

    line: int
    digest: str
    characters: int
    last_line: int


class Outline(NamedTuple):
    """What the blocks of a text are."""

    headings: tuple[Heading, ...]
    cuts: tuple[Cut, ...]
    imports: tuple[tuple[int, str], ...]
    gemini: tuple[tuple[int, str], ...]
    blocks: tuple[Block, ...]
    lines: int
    opening: str


def outline(text: str, head: Frontmatter) -> Outline:
    """Return what the blocks of `text` are, behind its head. `cuts` are what Claude Code does not load."""
    starts = [0, *(found.end() for found in _BREAK.finditer(text))]
    skipped = head.lines
    body_at = starts[skipped] if skipped < len(starts) else len(text)
    body = text[body_at:]
    tokens = _parser(underlined=_UNDERLINE.search(body) is not None).parse(body)
    at = _Lines(text, starts, skipped)
    headings = tuple(_find_headings(tokens, at))
    cuts = [Cut(0, body_at)] if body_at else []
    cuts += _find_comments(tokens, at)
    return Outline(
        headings=headings,
        cuts=tuple(cuts),
        imports=tuple(_find_imports(tokens, at)),
        gemini=tuple(_find_gemini(text, starts)),
        blocks=tuple(_find_blocks(tokens, at)),
        lines=len(starts) - (starts[-1] == len(text) and len(starts) > 1),
        opening=next(_find_paragraphs(tokens), ""),
    )


@cache
def _parser(*, underlined: bool) -> "MarkdownIt":
    """Return a parser. Underlined headings cost a second look at every paragraph: few texts have a line for one."""
    from markdown_it import MarkdownIt  # noqa: PLC0415  a repository without any such file needs none

    parser = MarkdownIt("commonmark", {"maxNesting": 100})
    parser.core.ruler.enableOnly(["normalize", "block"])
    if not underlined:
        parser.disable("lheading")
    return parser


class _Lines:
    """Where lines of a parsed text are in the whole."""

    def __init__(self, text: str, starts: Sequence[int], skipped: int) -> None:
        self.text = text
        self._starts = starts
        self.skipped = skipped

    def offset(self, line: int) -> int:
        """Return where line `line` of the parsed text begins, from 0."""
        at = line + self.skipped
        return self._starts[at] if at < len(self._starts) else len(self.text)

    def number(self, line: int) -> int:
        """Return the number of that line in the file."""
        return line + self.skipped + 1

    def slice(self, first: int, end: int) -> str:
        """Return lines of the parsed text."""
        return self.text[self.offset(first) : self.offset(end)]


def _find_headings(tokens: "Sequence[Token]", at: _Lines) -> Iterator[Heading]:
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            title = tokens[place + 1].content.replace("\n", " ").strip()
            yield Heading(at.offset(token.map[0]), at.number(token.map[0]), int(token.tag[1]), title)


def _find_paragraphs(tokens: "Sequence[Token]") -> Iterator[str]:
    for place, token in enumerate(tokens):
        if token.type == "paragraph_open" and token.level == 0:
            yield tokens[place + 1].content[:_MOST_OPENING]


def _find_comments(tokens: "Sequence[Token]", at: _Lines) -> Iterator[Cut]:
    """Yield block comments with the empty lines behind them; what else stands in their lines stays."""
    for token in tokens:
        if token.type != "html_block" or token.level or not token.map:
            continue
        raw = at.slice(*token.map)
        if not raw.lstrip().startswith("<!--") or "-->" not in raw:
            continue
        first, end = token.map
        start = at.offset(first)
        stop = at.offset(end)
        while (rest := _BREAK.match(at.text, stop)) is not None:
            stop = rest.end()
        left = _COMMENT.sub("", raw)
        if left.strip():
            yield Cut(start, at.offset(end), left)
        else:
            yield Cut(start, stop)


def _find_imports(tokens: "Sequence[Token]", at: _Lines) -> Iterator[tuple[int, str]]:
    """Yield line and target of what looks like an import, outside of code and of block comments."""
    for token in tokens:
        if not token.map or "@" not in token.content or token.type not in {"inline", "html_block"}:
            continue
        if token.type == "html_block" and token.content.lstrip().startswith("<!--"):
            continue
        spans = _code_spans(token.content) if "`" in token.content else ()
        for found in _IMPORT.finditer(token.content):
            if not _is_within(found.start(), spans):
                line = token.map[0] + token.content.count("\n", 0, found.start(1))
                yield at.number(line), found[1].replace("\\ ", " ")


def _find_gemini(text: str, starts: Sequence[int]) -> Iterator[tuple[int, str]]:
    if "@" not in text:
        return
    spans = _code_spans(text) if "`" in text else ()
    for found in _GEMINI.finditer(text):
        if not _is_within(found.start(), spans):
            yield bisect_right(starts, found.start()), found[1]


def _code_spans(text: str) -> list[tuple[int, int]]:
    """Return the stretches between runs of backticks of the same length, in one pass."""
    runs = [(found.start(), found.end()) for found in _TICKS.finditer(text)]
    places: defaultdict[int, list[int]] = defaultdict(list)
    for place in range(len(runs) - 1, -1, -1):
        start, end = runs[place]
        places[end - start].append(place)
    spans, place = [], 0
    while place < len(runs):
        start, end = runs[place]
        waiting = places[end - start]
        while waiting and waiting[-1] <= place:
            waiting.pop()
        if waiting:
            place = waiting[-1]
            spans.append((start, runs[place][1]))
        place += 1
    return spans


def _is_within(at: int, spans: Sequence[tuple[int, int]]) -> bool:
    place = bisect_right(spans, (at, 1 << 62)) - 1
    return place >= 0 and spans[place][0] <= at < spans[place][1]


def _find_blocks(tokens: "Sequence[Token]", at: _Lines) -> Iterator[Block]:
    for token in tokens:
        if token.level == 0 and token.map and token.type in _BLOCKS:
            words = " ".join(at.slice(*token.map).split())
            if len(words) >= LEAST_BLOCK:
                digest = blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
                yield Block(at.number(token.map[0]), digest, len(words), at.number(token.map[1] - 1))


def apply_cuts(text: str, cuts: Sequence[Cut]) -> str:
    """Return `text` without the cuts."""
    pieces, at = [], 0
    for cut in cuts:
        pieces += [text[at : cut.start], cut.text]
        at = cut.end
    return "".join([*pieces, text[at:]])


def move(at: int, cuts: Sequence[Cut]) -> int:
    """Return where the character at `at` is once the cuts are made."""
    moved = at
    for cut in cuts:
        if cut.end <= at:
            moved -= cut.end - cut.start - len(cut.text)
    return moved
