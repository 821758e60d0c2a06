"""Limits: what a context has at most, exactly, and what is left out of it first.

Large literals are cut and moved to what is read only; docstrings there go, then bodies of helpers of helpers, then
pieces one by one. More room never shows less: the steps stand in one order, and the first that fits is taken.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from loopflow.function.contexts import SIGNATURE, WHOLE, Builder, Piece, Pieces, Rendered
from loopflow.function.counting import Tally
from loopflow.function.discover import CONSTRUCTORS
from loopflow.function.elide import elide
from loopflow.function.model import Step
from loopflow.function.settings import FunctionConfig

_ORDER: Final = ("enrichment", "implicit", "second", "annotations", "bases", "shown")
"""Parts of what is read only, in the order in which they go."""

Count = Callable[[Rendered, Rendered], int]
"""Counts what is printed of two contexts."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Contexts that keep a limit, or the least that there is where none does."""

    writable: Rendered
    readable: Rendered
    pieces: Pieces
    steps: tuple[Step, ...]
    tokens: int
    needed: int
    fits: bool
    texts: Mapping[tuple[str, str], str]


class Fitter:
    """Brings the contexts of one function, or of several together, under a limit."""

    def __init__(self, builder: Builder, tally: Tally, config: FunctionConfig) -> None:
        self._builder = builder
        self._tally = tally
        self._config = config

    def fit(self, pieces: Pieces, first: str, limit: int | None, *, count: Count | None = None) -> Fitted:
        """Return the most that keeps a limit, by `count`: else by what is printed of both contexts."""
        count = count or self._tally.count_printed
        whole = self._state(pieces, first, (), {}, True, count)  # noqa: FBT003
        needed = whole.tokens
        if limit is None or needed <= limit:
            return self._with(whole, needed, fits=True)
        pieces, texts, steps = self._cut_literals(pieces)
        if self._tally.count_blocks(whole.writable) > limit and "literals" in self._config.steps:
            pieces, moved, more = self._move_literals(pieces)
            texts, steps = {**texts, **moved}, (*steps, *more)
        if "drop" in self._config.steps:
            pieces, more = self._move_constructors(pieces, first, limit)
            steps = (*steps, *more)
        at = self._state(pieces, first, steps, texts, True, count)  # noqa: FBT003
        if at.tokens <= limit:
            return self._with(at, needed, fits=True)
        for pieces_now, steps_now, docstrings in self._reductions(pieces, steps):
            at = self._state(pieces_now, first, steps_now, texts, docstrings, count)
            if at.tokens <= limit:
                break
        if at.tokens > limit and "drop" in self._config.steps:
            return self._with(self._drop(at, first, texts, limit, count), needed, limit)
        return self._with(at, needed, limit)

    def _with(self, state: Fitted, needed: int, limit: int | None = None, *, fits: bool = False) -> Fitted:
        is_fit = fits or (limit is not None and state.tokens <= limit)
        return Fitted(
            state.writable, state.readable, state.pieces, state.steps, state.tokens, needed, is_fit, state.texts
        )

    def _state(  # noqa: PLR0913, PLR0917
        self,
        pieces: Pieces,
        first: str,
        steps: tuple[Step, ...],
        texts: Mapping[tuple[str, str], str],
        docstrings: bool,  # noqa: FBT001
        count: Count,
    ) -> Fitted:
        writable = self._builder.render(pieces.read_writable, first)
        readable = self._builder.render(pieces.read_only, first, docstrings=docstrings, texts=texts)
        tokens = count(writable, readable)
        return Fitted(writable, readable, pieces, steps, tokens, 0, False, texts)  # noqa: FBT003

    def _cut_literals(self, pieces: Pieces) -> tuple[Pieces, dict[tuple[str, str], str], tuple[Step, ...]]:
        """Cut large literals that are to be read only."""
        wanted = pieces.read_only if "literals" in self._config.steps else []
        texts = self._elided(piece for piece in wanted if piece.mode == WHOLE)
        return pieces, texts, tuple(Step("read_only:literals", f"{path}:{name}") for path, name in texts)

    def _elided(self, pieces: Iterable[Piece]) -> dict[tuple[str, str], str]:
        """Return statements with large literals as they are when these are cut."""
        texts: dict[tuple[str, str], str] = {}
        for piece in pieces:
            units = self._builder.units(piece.path).get(piece.qualname, ())
            if "." in piece.qualname or len(units) != 1 or units[0].kind != "v":
                continue
            source = self._builder.source(piece.path, piece.qualname)
            if self._tally.count(source) > self._config.literal and (made := elide(source)):
                texts[piece.path, piece.qualname] = made
        return texts

    def _move_literals(self, pieces: Pieces) -> tuple[Pieces, dict[tuple[str, str], str], tuple[Step, ...]]:
        """Take large literals out of what is writable: elided, they are to be read only."""
        texts = self._elided(piece for piece in pieces.read_writable if piece.part == "variables")
        left = [piece for piece in pieces.read_writable if (piece.path, piece.qualname) not in texts]
        moved = [Piece(path, qualname, WHOLE, "literals") for path, qualname in texts]
        steps = tuple(Step("read_writable:literals", f"{path}:{qualname}") for path, qualname in texts)
        return Pieces(pieces.target, left, [*pieces.read_only, *moved]), texts, steps

    def _move_constructors(self, pieces: Pieces, first: str, limit: int) -> tuple[Pieces, tuple[Step, ...]]:
        """Take constructors that came along with methods out of what is writable, if that alone is too much."""
        if self._tally.count_blocks(self._builder.render(pieces.read_writable, first)) <= limit:
            return pieces, ()
        moved = [
            piece
            for piece in pieces.read_writable
            if piece.part == "classes" and piece.mode == WHOLE and piece.qualname.rpartition(".")[2] in CONSTRUCTORS
        ]
        left = [piece for piece in pieces.read_writable if piece not in moved]
        shown = [piece._replace(part="second") for piece in moved]
        steps = tuple(Step("read_writable:constructors", f"{piece.path}:{piece.qualname}") for piece in moved)
        return Pieces(pieces.target, left, [*pieces.read_only, *shown]), steps

    def _reductions(self, pieces: Pieces, steps: tuple[Step, ...]) -> Iterator[tuple[Pieces, tuple[Step, ...], bool]]:
        docstrings = True
        if "docstrings" in self._config.steps:
            docstrings = False
            steps = (*steps, Step("read_only:docstrings"))
            yield pieces, steps, docstrings
        if "bodies" in self._config.steps:
            short = [
                piece._replace(mode=SIGNATURE)
                if piece.part in {"second", "implicit"} and piece.mode == WHOLE
                else piece
                for piece in pieces.read_only
            ]
            yield Pieces(pieces.target, pieces.read_writable, short), (*steps, Step("read_only:bodies")), docstrings

    def _drop(self, at: Fitted, first: str, texts: Mapping[tuple[str, str], str], limit: int, count: Count) -> Fitted:
        """Leave out pieces one by one, those that matter least and cost most first."""
        order = sorted(
            (piece for piece in at.pieces.read_only if piece.part in _ORDER),
            key=lambda piece: (_ORDER.index(piece.part), -len(self._builder.source(piece.path, piece.qualname)), piece),
        )
        docstrings = not any(step.name == "read_only:docstrings" for step in at.steps)

        def without(number: int) -> Fitted:
            gone = set(order[:number])
            left = [piece for piece in at.pieces.read_only if piece not in gone]
            dropped = tuple(Step("read_only:drop", f"{piece.path}:{piece.qualname}") for piece in order[:number])
            pieces = Pieces(at.pieces.target, at.pieces.read_writable, left)
            return self._state(pieces, first, (*at.steps, *dropped), texts, docstrings, count)

        low, high = 0, len(order)
        while low < high:
            middle = (low + high) // 2
            if without(middle).tokens <= limit:
                high = middle
            else:
                low = middle + 1
        return without(low)
