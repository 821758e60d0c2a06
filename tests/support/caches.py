"""Caches in files of their own, and what a run does with one."""

from dataclasses import dataclass, field
from pathlib import Path

from loopflow.io.cache.database import SqliteCache
from loopflow.io.cache.page_format import NO_STAMP, Content, Entry, pack, unpack
from loopflow.model import Stamp

States = dict[str, tuple[Stamp, str]]
"""By path: the state of a file on disk, and the blob id of its content."""

DAY_NS = 86_400_000_000_000
NOW_NS = 20_000 * DAY_NS + 12_345
OLD = Stamp(7, NOW_NS - DAY_NS, NOW_NS - DAY_NS, 12)
ROOT = "/somewhere/repo"
COUNTER = "o200k_base:digest:rule:engine-1"


@dataclass
class Opened:
    """A cache that was opened, and what it remarked on."""

    file: Path
    counter: str = COUNTER
    now_ns: int = NOW_NS
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cache = SqliteCache(str(self.file), self.counter, self.now_ns, self.remarks.append)

    def save(self, contents: dict[str, Content], states: States | None = None) -> "Opened":
        """Save, and return this."""
        pages: dict[str, dict[str, Entry]] = {}
        for path, (stamp, blob) in (states or {}).items():
            directory, _, name = path.rpartition("/")
            pages.setdefault(directory, {})[name] = Entry(self.cache.settled(stamp), (len(path), 1, 0), blob)
        self.cache.save(contents, ROOT, {directory: pack(entries) for directory, entries in pages.items()})
        return self

    def states(self, root: str = ROOT) -> States:
        """Return the states that it trusts."""
        return {
            f"{directory}/{name}" if directory else name: (Stamp(*stamp), blob)
            for directory, page in self.cache.pages(root).items()
            for name, (stamp, _, blob, _) in unpack(page).entries().items()
            if stamp != NO_STAMP
        }

    def knows(self, contents: dict[str, Content], states: States | None = None) -> bool:
        """Whether it returns exactly these, and has nothing to remark."""
        found = self.cache.contents(contents), self.states()
        return found == (contents, states or {}) and not self.remarks


def some_contents(number: int, first: int = 0) -> dict[str, Content]:
    """Return contents that are the same for the same numbers."""
    return {f"{key:040x}": Content(key, key * 3, bool(key % 2), key % 5 == 0) for key in range(first, first + number)}


def some_states(number: int) -> States:
    """Return states that are the same for the same number."""
    return {
        f"dir{key % 7}/file{key}.py": (Stamp(key, NOW_NS - DAY_NS - key, NOW_NS - DAY_NS, key), f"{key:040x}")
        for key in range(number)
    }


def use(file: Path) -> Opened:
    """Do with the cache in `file` what a run does, and hold that it neither raises nor returns what is wrong."""
    contents, states = some_contents(300), some_states(300)
    opened = Opened(file)
    assert isinstance(opened.cache.is_empty, bool)
    for asked in (contents, dict(list(contents.items())[:9])):
        assert opened.cache.contents(asked).items() <= contents.items()
    assert opened.states().items() <= states.items()
    return opened.save(contents, states)


def fill(file: Path) -> None:
    """Make a cache as `use` leaves it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    use(file)


def is_whole(file: Path) -> bool:
    """Whether everything that `use` saves is known."""
    return Opened(file).knows(some_contents(300), some_states(300))
