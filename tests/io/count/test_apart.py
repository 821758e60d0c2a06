"""What only one engine counts so is kept apart: under its name and version, in no page, and found again."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from loopflow.io.cache.database import SqliteCache
from loopflow.io.cache.page_format import unpack
from loopflow.tokens import versions
from loopflow.tokens.choice import create_counter
from tests.support.builder import Repo
from tests.support.work import SOURCES, Tally, Way, profile_json

LATER_NS = 10_000_000_000


class Named(Tally):
    """A real counter whose gated texts are those of an engine with this name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def apart(self, text: str) -> str:
        """Say so of texts that the gate holds."""
        return self._name if super().apart(text) else ""

    def taken(self) -> Sequence[str]:
        """Return what was counted since this was asked last."""
        texts, self.texts = self.texts, []
        return texts


@pytest.mark.parametrize("source", SOURCES)
def test_a_gated_text_is_known_to_its_own_engine_only(source: str, repo: Repo, tmp_path: Path) -> None:
    """The next run with the same version counts nothing, one with another counts that text alone; no page holds it."""
    repo.track({"a.py": "x = 1\n", "new.txt": "\u0378\n"}).commit()
    file = str(tmp_path / "cache")
    found = []
    for name, counted in (("e-1", ["x = 1\n", "\u0378\n"]), ("e-1", []), ("e-2", ["\u0378\n"]), ("e-1", [])):
        counter = Named(name)
        cache = SqliteCache(file, counter.id, time.time_ns() + LATER_NS, lambda _: None)
        found.append(profile_json(repo.root, SOURCES[source], Way(cache), counter))
        assert sorted(counter.taken()) == sorted(counted)
        assert {name for page in cache.pages(str(repo.root)).values() for name in unpack(page).names} == {"a.py"}
    assert found == [found[0]] * 4


@pytest.mark.parametrize("engine", ["toktok", "tiktoken", None])
def test_an_engine_that_was_not_tested_keeps_its_counts_apart(
    engine: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name and version are said of every text that it counted; the table's own ASCII texts are everybody's."""
    monkeypatch.setattr(versions, "TESTED", dict.fromkeys(versions.TESTED, ((0, 0), (0, 0))))
    counter = create_counter(engine=engine)
    counter.count(["abc"])
    assert counter.apart("abc").rpartition("-")[0] == (engine or "")


@pytest.mark.parametrize("engine", ["table", "toktok", "tiktoken", None])
def test_a_tested_engine_gives_everybodys_answer(engine: str | None) -> None:
    """Only what the gate holds is said to be tiktoken's."""
    counter = create_counter(engine=engine)
    texts = ["abc", "naïve", "\u0378"]
    counter.count(texts)
    assert [counter.apart(text).rpartition("-")[0] for text in texts] == ["", "", "tiktoken"]
