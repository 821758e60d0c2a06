"""Runs whose work can be counted: texts that are counted, files that are opened, git processes that are started."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from loopflow.io.cache.database import Cache, NoCache
from loopflow.io.count.counting import Engine, count
from loopflow.io.file import select
from loopflow.io.git.repository import Git
from loopflow.io.read.opening import Opener
from loopflow.model import Index, Report, Revision, SelectRequest, Source, Worktree
from loopflow.model.progress import NoProgress
from loopflow.render.json import render_json
from loopflow.tokens.choice import create_counter
from loopflow.tokens.encodings import DEFAULT_ENCODING
from loopflow.tokens.protocol import TokenCounter
from loopflow.usecases.pipeline import build_profile

SOURCES: dict[str, Source] = {"worktree": Worktree(), "index": Index(), "revision": Revision("HEAD")}
OPTIONS = {"worktree": (), "index": ("--staged",), "revision": ("--rev", "HEAD")}


class Tally:
    """A real counter that remembers the texts it was given, and how often it was called."""

    def __init__(self, counter: TokenCounter | None = None) -> None:
        self._counter = counter or create_counter()
        self.encoding = self._counter.encoding
        self.engine = self._counter.engine
        self.id = self._counter.id
        self.texts: list[str] = []
        self.calls = 0

    def expect(self, size: int, *, is_all: bool = False) -> None:
        """Pass it on."""
        self._counter.expect(size, is_all=is_all)

    def apart(self, text: str) -> str:
        """Say what the real one does."""
        return self._counter.apart(text)

    def count(self, texts: Sequence[str]) -> list[int]:
        """Count, and take note."""
        self.calls += 1
        self.texts += texts
        return self._counter.count(texts)


@dataclass(frozen=True, slots=True)
class Way:
    """How a run counts: with which encoding and engine, from which cache, on how many threads, asking which git."""

    cache: Cache = field(default_factory=NoCache)
    encoding: str = DEFAULT_ENCODING
    engine: str | None = None
    jobs: int = 2
    git: Git = field(default_factory=Git)


def profile_json(root: Path, source: Source, way: Way, counter: TokenCounter | None = None) -> str:
    """Return what `--profile --format json` prints for the repository at `root`."""
    counter = counter or create_counter(way.encoding, way.engine)
    selection = select(SelectRequest(source=source), way.git, os.path.realpath(root))
    counts = count(selection.to_count, Engine(way.git, counter, way.cache, NoProgress(), way.jobs))
    return "".join(render_json(Report(build_profile(selection, counter, counts), selection.unmatched)))


def note_openings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which every path is added that is opened from now on."""
    opened: list[str] = []
    real: Callable[[Opener, str], tuple[int, os.stat_result]] = Opener.open

    def noting(opener: Opener, path: str) -> tuple[int, os.stat_result]:
        opened.append(path)
        return real(opener, path)

    monkeypatch.setattr(Opener, "open", noting)
    return opened


class GitLog:
    """A program named git in a directory of its own, that writes down its arguments and becomes the real git."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self._log = directory / "log"
        program = directory / "git"
        real = shutil.which("git")
        program.write_text(f'#!/bin/sh\necho "$@" >>"{self._log}"\nexec "{real}" "$@"\n', "utf-8")
        program.chmod(0o755)
        self.environment = {"PATH": f"{directory}{os.pathsep}{os.environ['PATH']}"}

    def take(self) -> list[str]:
        """Return the arguments of each call since the last time, one line each."""
        lines = self._log.read_text("utf-8").splitlines() if self._log.exists() else []
        self._log.unlink(missing_ok=True)
        return lines
