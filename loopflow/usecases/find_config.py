"""The config of a run, read and resolved in one place: of the tree that is measured, of the disk, of a commit."""

import os
from dataclasses import replace

from loopflow.analysis.names import escape_name
from loopflow.config.resolve import CONFIG_FILES, Config, resolve
from loopflow.errors import LoopflowError, UsageError, describe_os_error
from loopflow.io.file import Listed
from loopflow.io.git.discovery import nearest_git_entry
from loopflow.io.git.repository import Git
from loopflow.io.tree_files import TreeFiles, read_named
from loopflow.model import ConfigRequest, Repository, Worktree


def find_config(files: TreeFiles, listed: Listed, configuring: ConfigRequest, root: str) -> Config:
    """Read the config file that was named, or those of the one tree that is measured, and return what holds.

    Raises ConfigError for a bad config file, UsageError for a named one that is not there or says nothing.
    """
    if configuring.file is not None:
        found = {configuring.file: _read_config_file(configuring.file, root)}
    else:
        found = _read_tree(files) if len(listed.trees) == 1 else {}
    config = resolve(found, configuring.environment, configuring.given)
    if configuring.file is not None and config.file is None:
        what = f"{escape_name(configuring.file)} does not configure code-context"
        raise UsageError(what, "write [tool.loopflow] in it, or name another file")
    return config


def find_config_here(here: str, configuring: ConfigRequest) -> Config:
    """Return what holds for a command that has no tree: as the files say at the root of the repository around `here`.

    Where there is no repository, those in the directory itself do. Raises as `find_config` does.
    """
    if configuring.file is not None:
        found = {configuring.file: _read_config_file(configuring.file, here)}
    else:
        root = find_root(here) or here
        found = {name: data for name in CONFIG_FILES if (data := _read_if_there(os.path.join(root, name))) is not None}
    return resolve(found, configuring.environment, configuring.given)


def find_root(here: str) -> str | None:
    """Return the root of the repository around the directory `here`, None if there is none. Git is not asked."""
    return nearest_git_entry(here)


def _read_if_there(path: str) -> bytes | None:
    try:
        return read_named(path)
    except OSError as error:
        what = f"the config file {escape_name(path)} cannot be read: {describe_os_error(error)}"
        raise UsageError(what, "make it readable, or name another one with --config") from error


def find_config_on_disk(git: Git, listed: Listed, configuring: ConfigRequest) -> Config:
    """Return what would hold for the work tree of what is listed. Raises ConfigError for a bad config file."""
    on_disk = replace(listed, request=replace(listed.request, source=Worktree()))
    return find_config(TreeFiles(git, on_disk), on_disk, configuring, git.surroundings.root)


def find_config_at(git: Git, repository: Repository, commit: str, configuring: ConfigRequest) -> Config:
    """Return what holds in a commit (an id), which is not listed for it. Raises ConfigError for a bad config file."""
    if configuring.file is not None:
        found = {configuring.file: _read_config_file(configuring.file, git.surroundings.root)}
    else:
        found = _read_commit(git, repository, commit)
    return resolve(found, configuring.environment, configuring.given)


def find_former_config(git: Git, repository: Repository, commit: str, files: TreeFiles) -> Config | None:
    """Return what the config files in a commit said; None where that is what those in `files` say.

    Where there was none, or one that was not valid, nothing was said.
    """
    past = _read_commit(git, repository, commit)
    if past == _read_tree(files):
        return None
    try:
        return resolve(past, {}, {})
    except LoopflowError:
        return Config()


def _read_tree(files: TreeFiles) -> dict[str, bytes]:
    return {name: data for name in CONFIG_FILES if (data := files.read(name)) is not None}


def _read_commit(git: Git, repository: Repository, commit: str) -> dict[str, bytes]:
    return {name: data for name in CONFIG_FILES if (data := git.read_file(repository, commit, name)) is not None}


def _read_config_file(path: str, root: str) -> bytes:
    try:
        data = read_named(os.path.join(root, path))
    except OSError as error:
        what = f"the config file {escape_name(path)} cannot be read: {describe_os_error(error)}"
        raise UsageError(what, "check what --config names") from error
    if data is None:
        raise UsageError(f"there is no config file {escape_name(path)}", "check what --config names")
    return data
