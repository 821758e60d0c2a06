"""What every use case begins with: what is listed, what holds for it, and what counts it."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from loopflow.analysis.facts import VERSION as FACTS_VERSION
from loopflow.analysis.names import escape_name
from loopflow.config import CONFIG_FILES, Config, resolve
from loopflow.errors import UsageError, describe_os_error
from loopflow.io.cache import Cache, NoCache, SqliteCache
from loopflow.io.counting import Engine, available_processors
from loopflow.io.file import Listed, list_all
from loopflow.io.git import Git
from loopflow.io.named_file import read_named
from loopflow.io.progress import NoProgress, Progress
from loopflow.io.surroundings import Root, read_surroundings
from loopflow.io.tree_files import TreeFiles
from loopflow.model import Repository, SelectRequest, Surroundings, Worktree
from loopflow.tokens.choice import create_counter
from loopflow.tokens.protocol import TokenCounter

_TYPICAL_BYTES = 4_000  # what a file of source code has, more or less


@dataclass(frozen=True, slots=True)
class CountRequest:
    """How to count: the engine (None for what is fastest for the amount), the number of threads.

    `cache_file` is where counts are kept, None for nowhere. `progress` is told how far the run is, and `remark` what
    only the curious want to know.
    """

    engine: str | None = None
    jobs: int | None = None
    cache_file: str | None = None
    progress: Progress = field(default_factory=NoProgress)
    remark: Callable[[str], object] = lambda _: None


@dataclass(frozen=True, slots=True)
class ConfigRequest:
    """Where to find what holds: `given` are options, `file` is read instead of the tree's own config file."""

    given: Mapping[str, str | None] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    file: str | None = None


class Run:
    """A request, and what it takes to answer it: `listed`, `files`, `config` and `engine`.

    Raises LoopflowError where something that is named is not there, or the config file is wrong.
    """

    def __init__(
        self, request: SelectRequest, counting: CountRequest, configuring: ConfigRequest, surroundings: Surroundings
    ) -> None:
        git = Git(surroundings)
        self.listed = list_all(request, git, surroundings.root)
        self.files = TreeFiles(git, self.listed)
        self.config = _find_config(self.files, self.listed, configuring, surroundings.root)
        self.request = replace(
            request,
            config_include=self.config.include,
            config_exclude=self.config.exclude,
            baseline=self.config.baseline,
        )
        self.engine = _start_engine(counting, self.config.encoding, git)
        if self.engine.cache.is_empty:  # what is listed will have to be counted: an engine may load meanwhile
            self.engine.counter.expect(_TYPICAL_BYTES * sum(len(listing.items) for listing in self.listed.wanted))


def read_config(request: SelectRequest, configuring: ConfigRequest, *, root: Root = None) -> Config:
    """Return what holds for a run. Raises ConfigError for a bad config file."""
    surroundings = read_surroundings(root)
    git = Git(surroundings)
    listed = list_all(request, git, surroundings.root)
    return _find_config(TreeFiles(git, listed), listed, configuring, surroundings.root)


def read_config_on_disk(run: Run, configuring: ConfigRequest) -> Config:
    """Return what would hold for the work tree of what a run has listed. Raises ConfigError for a bad config file."""
    listed = replace(run.listed, request=replace(run.request, source=Worktree()))
    git = run.engine.git
    return _find_config(TreeFiles(git, listed), listed, configuring, git.surroundings.root)


def read_config_at(git: Git, repository: Repository, commit: str, configuring: ConfigRequest) -> Config:
    """Return what holds in a commit (an id), which is not listed for it. Raises ConfigError for a bad config file."""
    if configuring.file is not None:
        found = {configuring.file: _read_config_file(configuring.file, git.surroundings.root)}
    else:
        read = {name: git.read_file(repository, commit, name) for name in CONFIG_FILES}
        found = {name: data for name, data in read.items() if data is not None}
    return resolve(found, configuring.environment, configuring.given)


def _find_config(files: TreeFiles, listed: Listed, configuring: ConfigRequest, root: str) -> Config:
    """Read the config file that was named, or those of the one tree that is measured."""
    if configuring.file is not None:
        found = {configuring.file: _read_config_file(configuring.file, root)}
    elif len(listed.trees) == 1:
        found = {name: data for name in CONFIG_FILES if (data := files.read(name)) is not None}
    else:
        found = {}
    config = resolve(found, configuring.environment, configuring.given)
    if configuring.file is not None and config.file is None:
        what = f"{escape_name(configuring.file)} does not configure code-context"
        raise UsageError(what, "write [tool.loopflow] in it, or name another file")
    return config


def _read_config_file(path: str, root: str) -> bytes:
    try:
        data = read_named(os.path.join(root, path))
    except OSError as error:
        what = f"the config file {escape_name(path)} cannot be read: {describe_os_error(error)}"
        raise UsageError(what, "check what --config names") from error
    if data is None:
        raise UsageError(f"there is no config file {escape_name(path)}", "check what --config names")
    return data


def _start_engine(counting: CountRequest, encoding: str, git: Git) -> Engine:
    directory = counting.cache_file and os.path.dirname(counting.cache_file)
    counter = create_counter(encoding, counting.engine, directory)
    cache = _open_cache(counting, counter)
    return Engine(git, counter, cache, counting.progress, counting.jobs or available_processors())


def _open_cache(counting: CountRequest, counter: TokenCounter) -> Cache:
    if counting.cache_file is None:
        return NoCache()
    counter_id = f"{counter.id}:facts-{FACTS_VERSION}"
    return SqliteCache(counting.cache_file, counter_id, time.time_ns(), counting.remark)
