"""What to leave out so that the rest fits a window: everything is kept in order of worth until the window is full.

What could be left out goes first, by evidence; then classes by their paths (see worth.py). Within a class what stays is
the upper part of every package. The result is written as few lines, which are a proposal for a person to read.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import accumulate

from loopflow.analysis.attributes import Attributes
from loopflow.analysis.hashed_names import glob_of, has_hash
from loopflow.analysis.names import directories_above, path_bytes
from loopflow.analysis.pattern_lines import Block, Line, PatternWriter
from loopflow.analysis.worth import Wishes, Worth, describe_worth, order, rank
from loopflow.model import Cut, PlanLine

_FULL = 0.03  # share of the room that may stay free: a class that did not fit whole is not filled further
_NEARLY_FULL = 0.05  # and no lesser class comes in
_WASTED = 0.10  # that neither units nor fewer lines may leave free
_WORTH_A_SPLIT = 0.05  # that a part of a unit holds at least
_MANY_ALIKE, _NEARLY_ALL = 40, 0.75  # files of a kind in a directory, and the share that is evidence for the rest
_FEW_FILES = 10  # of evidence, whose candidates are not put together by suffix
_MANY_FILES = 100  # of a directory of evidence, which is not split: each would be a line
_MANY_LINES = 20
_ATTEMPTS = 5  # at fewer lines
_TRIFLE = 0.05  # share of a line, below which a class does not name it
_PROTECTED = {Worth.KEPT, Worth.NAMED, Worth.FRONT}
_NO_ATTRIBUTES = Attributes()
_SPARED = "what stays of these"


class Planner:
    """A plan for the files with these `tokens`, of which `cuts` could be left out, for `room`.

    Files without tokens decide nothing. `unseen` are files that are there and not among these: no line reaches them.
    """

    def __init__(  # noqa: PLR0913  everything that decides
        self,
        tokens: Mapping[str, int],
        cuts: Sequence[Cut],
        room: int,
        wishes: Wishes | None = None,
        *,
        attributes: Attributes = _NO_ATTRIBUTES,
        unseen: Iterable[str] = (),
    ) -> None:
        evidence = {path for cut in cuts if cut.reason.is_evidence for path in cut.paths}
        evidence |= _find_companions(tokens, evidence)
        self._tokens = {path: number for path, number in tokens.items() if number}
        self._places = rank(tokens, evidence, attributes, wishes or Wishes())
        self._cuts = cuts
        self._room = max(room, 0)
        # No line is written for what has no tokens, and none may take what must stay.
        empty = [
            path for path, place in self._places.items() if path not in self._tokens and place.worth <= Worth.NAMED
        ]
        self._unseen = [*unseen, *empty]
        self._stays: dict[str, None] = {}
        self._free = self._room

    def leave_out(self, *, widely: bool = True) -> tuple[PlanLine, ...]:
        """Return lines for what goes; not `widely`, none takes back more than one path."""
        if sum(self._tokens.values()) <= self._room:
            return ()
        self._stays, self._free = {}, self._room
        self._fill()
        self._give_back()
        return self._write_few(widely=widely)

    def _keep(self, paths: Iterable[str]) -> None:
        for path in paths:
            self._stays[path] = None
            self._free -= self._tokens[path]

    def _fill(self) -> None:
        """Keep what fits, the best first, but for evidence."""
        ordered = order(self._tokens, {path: self._places[path] for path in self._tokens})
        self._keep(path for path in ordered if self._places[path].worth is Worth.KEPT)
        self._border: Worth | None = None
        for path in ordered:
            worth = self._places[path].worth
            if worth not in {Worth.KEPT, Worth.EVIDENCE} and self._is_open(worth):
                if self._tokens[path] <= self._free:
                    self._keep([path])
                elif self._border is None:
                    self._border = worth

    def _is_open(self, worth: Worth) -> bool:
        """Whether more of a class may come in, now that something did not fit."""
        if self._border is None:
            return True
        return self._free > self._room * (_FULL if worth is self._border else _NEARLY_FULL)

    def _give_back(self) -> None:
        """Keep evidence in units, the smallest first; then parts of them, if much would stay free."""
        units = sorted(self._units(), key=lambda unit: (self._sum(unit), unit[0]))
        for unit in units:
            if self._sum(unit) <= self._free and self._is_open(Worth.EVIDENCE):
                self._keep(unit)
        for unit in units:
            if unit[0] not in self._stays and self._free > self._room * _WASTED:
                part = self._find_part(unit)
                if self._sum(part) >= self._room * _WORTH_A_SPLIT:
                    self._keep(part)

    def _find_part(self, unit: Sequence[str]) -> list[str]:
        """Return what of a unit there is room for: small directories, and small files where those are not too many.

        No file with a hash in its name is picked from others: the next build would give it another one.
        """
        directories: defaultdict[str, list[str]] = defaultdict(list)
        for path in unit:
            if not has_hash(path):
                directories[path.rpartition("/")[0]].append(path)
        part: list[str] = []
        free = self._free
        for paths in sorted(directories.values(), key=lambda paths: (self._sum(paths), paths[0])):
            small = sorted(paths, key=lambda path: (self._tokens[path], path))
            totals = [*accumulate(self._tokens[path] for path in small)]
            if totals[-1] > free and len(small) > _MANY_FILES:
                continue
            fitting = small[: bisect_right(totals, free)]
            part += fitting
            free -= self._sum(fitting)
        return part

    def _units(self) -> list[list[str]]:
        """Return what of the evidence is given back together: a candidate, or those of a directory with one suffix."""
        evidence = [cut for cut in self._cuts if cut.reason.is_evidence]
        units: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        few = sum(len(cut.paths) for cut in evidence) <= _FEW_FILES
        for cut in evidence:
            unit = _kind(cut.at) if len(cut.paths) == 1 and not few else (cut.at, "")
            units[unit] += [path for path in cut.paths if path in self._tokens]
        known = {path for cut in evidence for path in cut.paths}
        for path in self._tokens:
            if path not in known:
                units[_kind(path)].append(path)
        found = ([path for path in unit if self._places[path].worth is Worth.EVIDENCE] for unit in units.values())
        return [unit for unit in found if unit]

    def _sum(self, paths: Iterable[str]) -> int:
        return sum(self._tokens[path] for path in paths)

    def _write_few(self, *, widely: bool) -> tuple[PlanLine, ...]:
        """Write lines; where they are many, give up directories that take many and hold little."""
        writer = self._writer(widely=widely)
        families, others = writer.write()
        attempts = 0
        while (number := sum(map(len, families + others))) > _MANY_LINES and attempts < _ATTEMPTS:
            attempts += 1 if self._give_up([*writer.counts()], number) else _ATTEMPTS
            writer = self._writer(widely=widely)
            families, others = writer.write()
        return self._explain(families, Worth.EVIDENCE) + self._explain(others)

    def _writer(self, *, widely: bool) -> PatternWriter:
        gone = [path for path in self._tokens if path not in self._stays]
        families = dict.fromkeys(lines for cut in self._cuts for lines in cut.lines) if widely else ()
        return PatternWriter(gone, sorted(self._stays), self._unseen, families)

    def _give_up(self, counts: Sequence[tuple[str, int]], number: int) -> bool:
        """Let whole directories go, the most lines for the fewest tokens first; return whether there was one."""
        may_cost = self._room * _WASTED - self._free
        kept: Counter[str] = Counter()
        closed: set[str] = set()
        for path in self._stays:
            above = [*directories_above(path)]
            kept.update(dict.fromkeys(above, self._tokens[path]))
            if self._places[path].worth in _PROTECTED:
                closed.update(above)
        gone: set[str] = set()
        for at, lines in sorted(counts, key=lambda each: (kept[each[0]] / (each[1] - 1), each[0])):
            is_part = any(place in gone for place in directories_above(at)) or any(
                place.startswith(at) for place in gone
            )
            if at not in closed and not is_part and kept[at] <= may_cost and number > _MANY_LINES:
                gone.add(at)
                may_cost -= kept[at]
                number -= lines - 1
        for path in [path for path in self._stays if any(place in gone for place in directories_above(path))]:
            del self._stays[path]
            self._free += self._tokens[path]
        return bool(gone)

    def _explain(self, blocks: Iterable[Block], known: Worth | None = None) -> tuple[PlanLine, ...]:
        """Return the lines with what they take and why, what goes first at the top; `known` is why, if it is."""
        evidence = [cut for cut in self._cuts if cut.reason.is_evidence]
        reasons = {path: cut.reason.value for cut in evidence for path in cut.paths}
        explained = []
        for block in blocks:
            worths = [known or (self._find_worth(line.paths) if line.paths else Worth.KEPT) for line in block]
            lines = [self._explain_line(line, worth, reasons) for line, worth in zip(block, worths, strict=True)]
            worth = max(worths)
            explained.append((-worth, -sum(line.tokens for line in lines), path_bytes(block[0].pattern), lines))
        return tuple(line for *_, lines in sorted(explained) for line in lines)

    def _explain_line(self, line: Line, worth: Worth, reasons: Mapping[str, str]) -> PlanLine:
        if not line.paths:
            return PlanLine(line.pattern, 0, _SPARED)
        of_it = Counter(reasons[path] for path in line.paths if path in reasons)
        return PlanLine(line.pattern, self._sum(line.paths), describe_worth(worth, of_it))

    def _find_worth(self, paths: Sequence[str]) -> Worth:
        """Return the best class of files that is more than a trifle of them: what is lost counts."""
        tokens: Counter[Worth] = Counter()
        for path in paths:
            tokens[self._places[path].worth] += self._tokens[path]
        return min(worth for worth, number in tokens.items() if number >= tokens.total() * _TRIFLE)


def _find_companions(paths: Iterable[str], evidence: Collection[str]) -> set[str]:
    """Return what is of one directory and suffix with many files of which nearly all could be left out.

    An icon among a thousand is one as well, though its drawing has too few paths to tell.
    """
    kinds: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for path in paths:
        kinds[_kind(path)].append(path)
    return {
        path
        for alike in kinds.values()
        if len(alike) >= _MANY_ALIKE and sum(each in evidence for each in alike) >= _NEARLY_ALL * len(alike)
        for path in alike
    } - set(evidence)


def _kind(path: str) -> tuple[str, str]:
    """Return the directory, whatever hashes are in its name, and the suffix of a file."""
    *above, name = path.split("/")
    return "/".join(glob_of(each, is_directory=True) or each for each in above), name.rpartition(".")[2]
