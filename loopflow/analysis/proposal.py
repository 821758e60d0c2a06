"""A first config file for a repository: limits that hold today, each with the reason for its number.

Nothing in it is stricter than what is there, so that the first check passes; what it holds is the growth from here on.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from loopflow.analysis.names import path_bytes, quote_toml
from loopflow.analysis.pattern_lines import Block, Line, PatternWriter
from loopflow.analysis.patterns import to_pattern
from loopflow.model import Cut, CutReason, FileTokens

EVERYTHING = "everything"
INSTRUCTIONS = "agent instructions"
AGENT_FILES = ("AGENTS.md", "CLAUDE.md", ".github/copilot-instructions.md", ".cursor/rules/")
_EXCLUDED = frozenset(
    {
        CutReason.LOCK,
        CutReason.MINIFIED,
        CutReason.GENERATED,
        CutReason.VENDORED,
        CutReason.SNAPSHOT,
        CutReason.DATA,
        CutReason.TRANSLATION,
    }
)
_LEAST_EXCLUDED = 500  # tokens: less is not worth a line
_MOST_EXCLUDED = 40
_LEAST_GROWTH = 2_000
_LEAST_FILE = 8_000
_LEAST_TOTAL = 8_000
_LEAST_LIMIT = 1_000
_LEAST_INSTRUCTIONS = 2_000
_MOST_DIRECTORIES = 6
_LEAST_SHARE = Fraction(1, 20)
_MILLION = 1_000_000
_MOST_SHARE = Fraction(3, 5)
_GROWTH = Fraction(1, 50)
_ROOM = Fraction(11, 10)
_ROOM_FOR_INSTRUCTIONS = Fraction(5, 4)


@dataclass(frozen=True, slots=True)
class Proposal:
    """The text of a config file, and a line for what each part of it is there for."""

    text: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """What a proposal is made from: the files and what of them could be left out; `against` is a branch or None.

    `owned` are patterns of directories that a CODEOWNERS file names; `growth` is an allowance that is needed already.
    """

    files: Sequence[FileTokens]
    cuts: Sequence[Cut]
    against: str | None = None
    owned: Sequence[str] = ()
    growth: str | None = None


@dataclass(slots=True)
class _Draft:
    lines: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def add(self, *lines: str, reason: str = "") -> None:
        self.lines += lines
        if reason:
            self.reasons.append(reason)


def propose(observed: Observed) -> Proposal:
    """Return a config file for a repository of which this was observed."""
    draft = _Draft()
    draft.add("# Budgets for what a language model has to read. Sizes are tokens.")
    left_out = _exclude(draft, observed)
    own = [file for file in observed.files if file.path not in left_out]
    if observed.against and observed.against.isprintable():  # what is not UTF-8 cannot be written
        draft.add(
            f"against = {quote_toml(observed.against)}",
            reason=f"against {observed.against}: a branch is judged by what it adds since it left the default branch",
        )
    _whole(draft, own, observed.growth)
    _everything(draft, own)
    _instructions(draft, own)
    for name, pattern, tokens in _directories(own, observed.owned):
        limit = _round_up(tokens * _ROOM)
        draft.add("", "[[rule]]", f"name = {quote_toml(name)}", f"paths = [{quote_toml(pattern)}]")
        draft.add(f"total = {_size(limit)}", _WARN)
        draft.reasons.append(f"{name}: {_words(limit)}, today's {tokens:,}{_and_room(limit, _LEAST_LIMIT)}")
    return Proposal("\n".join([*draft.lines, ""]), tuple(draft.reasons))


_WARN = 'warn = "95%"'
"""Of today's tokens and 10 %, 90 % would warn at once."""


def _exclude(draft: _Draft, observed: Observed) -> set[str]:
    tokens = {file.path: file.tokens for file in observed.files if file.tokens}
    cuts = [cut for cut in observed.cuts if cut.reason in _EXCLUDED]
    reasons = {path: cut.reason.value for cut in cuts for path in cut.paths if path in tokens}
    stays = [path for path in tokens if path not in reasons]
    families, others = PatternWriter(reasons, stays, families=_families(cuts)).write()

    def size(block: Block) -> int:
        return sum(tokens[path] for line in block for path in line.paths)

    # Those of families come first, and must: what they take back may lie where another one takes all.
    blocks = [*families, *sorted(others, key=size, reverse=True)]
    largest = sorted(blocks, key=size, reverse=True)[:_MOST_EXCLUDED]
    chosen = [line for block in blocks if size(block) >= _LEAST_EXCLUDED and block in largest for line in block]
    if chosen:
        kinds = Counter(reasons[path] for line in chosen for path in line.paths)
        width = max(len(quote_toml(line.pattern)) for line in chosen) + 1
        draft.add(
            "exclude = [",
            *(f"    {quote_toml(line.pattern) + ',':{width}}  # {_name_kinds(line, reasons)}" for line in chosen),
            "]",
            reason=f"exclude: {sum(tokens[path] for line in chosen for path in line.paths):,} tokens that nobody here "
            f"writes ({', '.join(kinds)})",
        )
    return {path for line in chosen for path in line.paths}


def _families(cuts: Iterable[Cut]) -> Iterable[tuple[str, ...]]:
    return dict.fromkeys(lines for cut in cuts for lines in cut.lines)


def _name_kinds(line: Line, reasons: Mapping[str, str]) -> str:
    return ", ".join(dict.fromkeys(reasons[path] for path in line.paths)) or "what stays of these"


def _whole(draft: _Draft, own: Sequence[FileTokens], needed: str | None) -> None:
    total = sum(file.tokens for file in own)
    largest = max((file.tokens for file in own), default=0)
    limit = max(_round_up(largest * _ROOM), _LEAST_FILE)
    growth = needed or ("2%" if total * _GROWTH >= _LEAST_GROWTH else _size(_LEAST_GROWTH).strip('"'))
    why = "2 % is what one change seldom adds" if growth == "2%" else f"2 % of {total:,} would be very little"
    if needed:
        why = "this branch has added nearly as much already"
    draft.add("", "[budget]", f'growth = "{growth}"', f"file = {_size(limit)}", _WARN)
    draft.reasons.append(f"growth {growth} for each change: {why}")
    draft.reasons.append(
        f"no file over {_words(limit)}: the largest today has {largest:,}{_and_room(limit, _LEAST_FILE)}"
    )


def _everything(draft: _Draft, own: Sequence[FileTokens]) -> None:
    total = sum(file.tokens for file in own)
    limit = max(_round_up(total * _ROOM), _LEAST_TOTAL)
    draft.add("", "[[rule]]", f'name = "{EVERYTHING}"', 'paths = ["*"]', f"total = {_size(limit)}")
    draft.add(_WARN, 'level = "warn"')
    draft.reasons.append(
        f"everything: {_words(limit)}, today's {total:,}{_and_room(limit, _LEAST_TOTAL)}; it only warns"
    )


def _instructions(draft: _Draft, own: Sequence[FileTokens]) -> None:
    there = [name for name in AGENT_FILES if any(_is_at(file.path, name) for file in own)]
    if there:
        tokens = sum(file.tokens for file in own if any(_is_at(file.path, name) for name in there))
        limit = max(_round_up(tokens * _ROOM_FOR_INSTRUCTIONS), _LEAST_INSTRUCTIONS)
        patterns = ", ".join(quote_toml(f"/{name}") for name in there)
        draft.add("", "[[rule]]", f'name = "{INSTRUCTIONS}"', f"paths = [{patterns}]", f"total = {_size(limit)}")
        draft.reasons.append(f"agent instructions: {_words(limit)}, read in every session; today {tokens:,}")


def _is_at(path: str, place: str) -> bool:
    return path.startswith(place) if place.endswith("/") else path == place


def _directories(own: Sequence[FileTokens], owned: Iterable[str]) -> list[tuple[str, str, int]]:
    """Return name, pattern and tokens of the directories that get a rule: those with owners, else the largest."""
    total = sum(file.tokens for file in own) or 1
    found = []
    for below in dict.fromkeys(place.strip("/") + "/" for place in owned):
        tokens = sum(file.tokens for file in own if file.path.startswith(below))
        if tokens:
            found.append((_name(below), to_pattern(below), tokens))
    if not found:
        sums = _sums(own, "")
        whole = next((place for place, tokens in sums.items() if tokens > _MOST_SHARE * total), None)
        if whole is not None:  # one directory is nearly all of it: those below say more
            sums |= _sums(own, whole)
        large = {place: tokens for place, tokens in sums.items() if tokens >= _LEAST_SHARE * total}
        found = [(_name(place), to_pattern(place), tokens) for place, tokens in large.items()]
    return sorted(found, key=lambda each: (-each[2], each[0]))[:_MOST_DIRECTORIES]


def _name(place: str) -> str:
    """Return the name of a directory's rule, which no other rule has."""
    place = path_bytes(place).decode("utf-8", "backslashreplace")
    name = place.rstrip("/")
    return place if name in {"budget", EVERYTHING, INSTRUCTIONS} or not name.strip() else name


def _sums(own: Sequence[FileTokens], below: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for file in own:
        name, slash, _ = file.path[len(below) :].partition("/")
        if slash and file.path.startswith(below):
            sums[f"{below}{name}/"] = sums.get(f"{below}{name}/", 0) + file.tokens
    return sums


def _round_up(tokens: Fraction) -> int:
    """Return `tokens` rounded up to two digits that count, and to whole thousands."""
    step = max(_LEAST_LIMIT, int("1" + "0" * (len(str(int(tokens))) - 2)))
    return ceil(tokens / step) * step


def _and_room(limit: int, least: int) -> str:
    """Return how a limit follows from today's tokens."""
    return "; less would only be in the way" if limit == least else " and 10 %, rounded up"


def _size(tokens: int) -> str:
    return f'"{tokens / 1_000_000:g}M"' if tokens >= _MILLION else f'"{tokens // 1_000}k"'


def _words(tokens: int) -> str:
    return f"{tokens:,} tokens"
