"""What every use case begins with: what is listed, what holds for it, and what counts it."""

import os
import time
from typing import TYPE_CHECKING

from loopflow.analysis.facts import VERSION as FACTS_VERSION
from loopflow.config.resolve import Config
from loopflow.io.cache.database import Cache, NoCache, SqliteCache
from loopflow.io.count.counting import Engine, available_processors
from loopflow.io.file import list_all
from loopflow.io.git.repository import Git
from loopflow.io.surroundings import Root, read_surroundings
from loopflow.io.tree_files import TreeFiles
from loopflow.model import ConfigRequest, CountRequest, Criteria, SelectRequest, Surroundings
from loopflow.tokens.choice import create_counter
from loopflow.tokens.protocol import TokenCounter
from loopflow.usecases.find_config import find_config

if TYPE_CHECKING:
    from loopflow.usecases.outputs import NamedInput

_TYPICAL_BYTES = 4_000  # what a file of source code has, more or less


class Run:
    """A request, and what it takes to answer it: `listed`, `files`, `config`, `criteria` and `engine`.

    Raises LoopflowError where something that is named is not there, or the config file is wrong.
    """

    def __init__(
        self, request: SelectRequest, counting: CountRequest, configuring: ConfigRequest, surroundings: Surroundings
    ) -> None:
        git = Git(surroundings)
        self.request = request
        self.listed = list_all(request, git, surroundings.root)
        self.files = TreeFiles(git, self.listed)
        self.config = find_config(self.files, self.listed, configuring, surroundings.root)
        self.configuring = configuring
        for remark in self.config.unknown:
            counting.remark(remark)
        self.criteria = Criteria(request, self.config.include, self.config.exclude, self.config.baseline)
        self.engine = start_engine(counting, self.config.encoding, git)
        if self.engine.cache.is_empty:  # what is listed will have to be counted: an engine may load meanwhile
            self.engine.counter.expect(_TYPICAL_BYTES * sum(len(listing.items) for listing in self.listed.wanted))


def read_config(request: SelectRequest, configuring: ConfigRequest, *, root: Root = None) -> Config:
    """Return what holds for a run. Raises ConfigError for a bad config file."""
    surroundings = read_surroundings(root)
    git = Git(surroundings)
    listed = list_all(request, git, surroundings.root)
    config = find_config(TreeFiles(git, listed), listed, configuring, surroundings.root)
    if request.outputs:
        from loopflow.usecases.outputs import keep_inputs  # noqa: PLC0415  a hook writes nothing

        selected = (item.path for listing in listed.wanted for item in listing.items)
        named = name_inputs(config, configuring, listed.root, surroundings.root)
        keep_inputs(request.outputs, surroundings.root, listed.root, selected, named)
    return config


def name_inputs(
    config: Config, configuring: ConfigRequest, root: str, here: str, baseline: str | None = None
) -> "list[NamedInput]":
    """Return the files that a run reads by their names: `root` is that of the tree, `here` that of the run."""
    named = [(os.path.join(root, config.baseline), "the baseline")]
    if baseline is not None:
        named.append((os.path.join(here, baseline), "the baseline"))
    if config.file is not None:
        named.append((os.path.join(here if configuring.file else root, config.file), "the config file"))
    return named


def start_engine(counting: CountRequest, encoding: str, git: Git) -> Engine:
    """Return what counts, and where it keeps what it has counted; nothing is loaded yet."""
    file = None if counting.cache_file is None else os.path.join(git.surroundings.root, counting.cache_file)
    counter = create_counter(encoding, counting.engine, file and os.path.dirname(file))
    cache = _open_cache(file, counting, counter)
    return Engine(git, counter, cache, counting.progress, counting.jobs or available_processors())


def _open_cache(file: str | None, counting: CountRequest, counter: TokenCounter) -> Cache:
    if file is None:
        return NoCache()
    counter_id = f"{counter.id}:facts-{FACTS_VERSION}"
    return SqliteCache(file, counter_id, time.time_ns(), counting.remark)
