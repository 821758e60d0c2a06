"""What one text is, apart from where it lies: its head, its sections with their tokens, its imports, its blocks.

Tokens of sections add up to those of the whole: a text is cut where the counts of the pieces do (tokens/safe_cuts.py),
and where a heading is indented, tokens are dealt out by the ids of the stretch around it.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import cache
from typing import Any, NamedTuple

from loopflow.agents.frontmatter import NO_FRONTMATTER, Frontmatter, read_frontmatter
from loopflow.agents.markdown import Block, Cut, Heading, Outline, apply_cuts, move, outline
from loopflow.agents.model import Section
from loopflow.agents.names import INSTRUCTIONS
from loopflow.io.cache.page_format import Content
from loopflow.io.read.document import LargeText
from loopflow.model import Document
from loopflow.tokens.protocol import TokenCounter

VERSION = 1
"""Of what is found in a text: what the cache holds of another one is not used."""

_MOST_TITLE = 200


class TextFacts(NamedTuple):
    """The facts of one text. `body` is what is left without its head and block comments; None where that is all.

    `bare` is what is left without its head alone, None where it has none.
    """

    digest: str
    bytes: int
    characters: int
    lossy: bool
    is_blank: bool
    lines: int
    head: Frontmatter
    raw: tuple[Section, ...]
    body: tuple[Section, ...] | None
    body_characters: int
    bare: int | None
    imports: tuple[tuple[int, str], ...]
    gemini: tuple[tuple[int, str], ...]
    blocks: tuple[Block, ...]
    opening: str = ""

    @property
    def tokens(self) -> int:
        """What all of it costs."""
        return sum(section.tokens for section in self.raw)

    @property
    def body_sections(self) -> tuple[Section, ...]:
        """The sections of what Claude Code loads of it."""
        return self.raw if self.body is None else self.body

    @property
    def bare_tokens(self) -> int:
        """What it costs without its head."""
        return self.tokens if self.bare is None else self.bare

    def pack(self) -> Content:
        """Return it as the cache keeps it."""
        head = [self.head.values, self.head.lines, self.head.error]
        facts = [
            *(VERSION, self.characters, self.is_blank, self.lines, head, self.raw, self.body),
            *(self.body_characters, self.bare, self.imports, self.gemini, self.blocks),
            self.opening,
        ]
        return Content(self.tokens, self.bytes, self.lossy, facts=json.dumps(facts, separators=(",", ":")))

    @classmethod
    def unpack(cls, digest: str, content: Content) -> "TextFacts":
        """Return what was packed. Raises ValueError, TypeError, KeyError or IndexError for anything else."""
        facts: list[Any] = json.loads(content.facts)
        version, characters, blank, lines, head, raw, body, *rest = facts
        body_characters, bare, imports, gemini, blocks, opening = rest
        if version != VERSION:
            raise ValueError(version)
        return cls(
            digest=digest,
            bytes=content.size,
            characters=characters,
            lossy=content.lossy,
            is_blank=blank,
            lines=lines,
            head=Frontmatter(*head),
            raw=_sections(raw),
            body=None if body is None else _sections(body),
            body_characters=body_characters,
            bare=bare,
            imports=tuple((line, target) for line, target in imports),
            gemini=tuple((line, target) for line, target in gemini),
            blocks=tuple(Block(*block) for block in blocks),
            opening=opening,
        )


def _sections(rows: Sequence[Sequence[Any]]) -> tuple[Section, ...]:
    return tuple(Section(*row) for row in rows)


class _Draft(NamedTuple):
    document: Document
    head: Frontmatter
    found: Outline
    raw: "_Stretches"
    body: "_Stretches | None"
    body_characters: int
    bare: "str | None"


def find_facts(documents: Sequence[Document], counter: TokenCounter) -> Iterator[TextFacts]:
    """Yield the facts of each text; all of them are counted with one call."""
    drafts = [_draft(document) for document in documents]
    texts = [text for draft in drafts for text in _texts(draft)]
    counts = iter(counter.count(texts) if texts else [])
    for draft in drafts:
        raw = draft.raw.settle(counts, counter.encoding)
        body = draft.body.settle(counts, counter.encoding) if draft.body else None
        bare = next(counts) if draft.bare is not None else None
        text = draft.document.text
        yield TextFacts(
            digest=draft.document.digest,
            bytes=draft.document.size,
            characters=len(text),
            lossy=draft.document.lossy,
            is_blank=not text.strip(),
            lines=draft.found.lines,
            head=draft.head,
            raw=raw,
            body=body,
            body_characters=draft.body_characters,
            bare=bare,
            imports=draft.found.imports,
            gemini=draft.found.gemini,
            blocks=draft.found.blocks,
            opening=draft.found.opening,
        )


def _texts(draft: _Draft) -> Iterator[str]:
    yield from draft.raw.pieces
    if draft.body:
        yield from draft.body.pieces
    if draft.bare is not None:
        yield draft.bare


def _draft(document: Document) -> _Draft:
    text, path = document.text, document.ref.path
    is_markdown = is_markdown_name(path)
    head = read_frontmatter(text, lenient=path.endswith(".mdc")) if is_markdown else NO_FRONTMATTER
    found = outline(text, head) if is_markdown else Outline((), (), (), (), (), text.count("\n") + 1, "")
    body = apply_cuts(text, found.cuts) if found.cuts else text
    stretches = None
    if found.cuts:
        moved = [heading._replace(at=move(heading.at, found.cuts)) for heading in _kept(found.headings, found.cuts)]
        stretches = _Stretches(body, moved, head.lines + 1)
    return _Draft(
        document=document,
        head=head,
        found=found,
        raw=_Stretches(text, found.headings, 1),
        body=stretches,
        body_characters=len(body),
        bare=apply_cuts(text, found.cuts[:1]) if head.lines and len(found.cuts) > 1 else None,
    )


def _kept(headings: Sequence[Heading], cuts: Sequence[Cut]) -> Iterator[Heading]:
    return (heading for heading in headings if not any(cut.start <= heading.at < cut.end for cut in cuts))


class _Stretches:
    """A text in pieces that can be counted apart, and the headings within each."""

    def __init__(self, text: str, headings: Sequence[Heading], first_line: int) -> None:
        self.pieces: list[str] = []
        self._inner: list[list[tuple[int, Heading | None]]] = []
        self._first_line = first_line
        self._known: list[Heading | None] = []
        self._cut(text, headings)

    def _cut(self, text: str, headings: Sequence[Heading]) -> None:
        start = 0
        inner: list[tuple[int, Heading | None]] = [(0, None)]
        for heading in headings:
            at = heading.at
            if at == 0:
                inner = [(0, heading)]
            elif _is_safe(text, at):
                self._add(text[start:at], inner)
                start, inner = at, [(0, heading)]
            else:
                inner.append((at - start, heading))
        self._add(text[start:], inner)

    def _add(self, piece: str, inner: list[tuple[int, Heading | None]]) -> None:
        self.pieces.append(piece)
        self._inner.append(inner)

    def settle(self, counts: Iterator[int], encoding: str) -> tuple[Section, ...]:
        """Return the sections; `counts` yields the tokens of each piece."""
        sections: list[Section] = []
        for piece, inner in zip(self.pieces, self._inner, strict=True):
            tokens = next(counts)
            shares = [tokens] if len(inner) == 1 else _deal_out(piece, [at for at, _ in inner], encoding)
            for (_, heading), share in zip(inner, shares, strict=True):
                if heading is None:
                    if share or not sections:
                        sections.append(Section(self._first_line, 0, "", share))
                else:
                    sections.append(Section(heading.line, heading.level, heading.title[:_MOST_TITLE], share))
        if len(sections) > 1 and not sections[0].tokens and not sections[0].level:
            del sections[0]
        return tuple(sections)


def _is_safe(text: str, at: int) -> bool:
    """Whether the counts of what is before and behind `at` add up to that of both."""
    return text[at - 1] == "\n" and not (text[at].isspace() or text[at] == "/")


@cache
def _splitter(encoding: str) -> Callable[[str], list[bytes]]:
    """Return what splits texts into tokens: indented headings are rare, and loading it takes a second."""
    from loopflow.tokens.with_tiktoken import Tiktoken  # noqa: PLC0415

    return Tiktoken(encoding).split


def is_markdown_name(path: str) -> bool:
    """Whether a file is read as Markdown."""
    name = path[path.rfind("/") + 1 :]
    return name.endswith((".md", ".mdc", ".markdown")) or name in INSTRUCTIONS or "." not in name


def _deal_out(text: str, starts: Sequence[int], encoding: str) -> list[int]:
    """Return how many tokens of `text` begin in each stretch from one of the `starts` to the next."""
    bounds = [len(text[:at].encode("utf-8", "replace")) for at in starts[1:]]
    shares, at, place = [0] * len(starts), 0, 0
    for token in _splitter(encoding)(text):
        while place < len(bounds) and at >= bounds[place]:
            place += 1
        shares[place] += 1
        at += len(token)
    return shares


def find_large_facts(text: LargeText, counter: TokenCounter) -> TextFacts:
    """Return what is known of a text that is not held: what it costs. Raises UncountableError as counting does."""
    tokens = characters = lines = 0
    is_blank = True
    with closing(text.pieces()) as pieces:
        for piece in pieces:
            tokens += counter.count([piece])[0]
            characters += len(piece)
            lines += piece.count("\n")
            is_blank = is_blank and not piece.strip()
    return TextFacts(
        digest=text.digest,
        bytes=text.size,
        characters=characters,
        lossy=text.lossy,
        is_blank=is_blank,
        lines=lines,
        head=NO_FRONTMATTER,
        raw=(Section(1, 0, "", tokens),),
        body=None,
        body_characters=characters,
        bare=None,
        imports=(),
        gemini=(),
        blocks=(),
    )
