"""A merge that is being made: which commits it brings in.

Git writes them to MERGE_HEAD (gitrevisions(7)). The hook pre-merge-commit runs before that; there, they are in the
names of variables. What stands there and is no commit is an error: a merge is not to be judged as a plain commit.
"""

import os
import re
import stat

from loopflow.analysis.names import escape_name
from loopflow.errors import GitError, describe_os_error
from loopflow.io.git.repository import Git
from loopflow.model import Repository

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MOST_BYTES = 65_536  # of a file with an id a line; git merges far fewer at once
_GIVE_UP = "finish the merge or give it up: git merge --abort, or git merge --quit to keep the files"


def find_merged(git: Git, repository: Repository) -> list[str]:
    """Return the ids of the commits that a merge in progress brings in.

    Raises GitError where something else is written in their place.
    """
    written = _read_merge_head(repository)
    if written is None:
        names = [name.removeprefix("GITHEAD_") for name in git.surroundings.environ if name.startswith("GITHEAD_")]
        return [name for name in names if _ID.fullmatch(name) and git.find_commit(repository, name)]
    odd = next((each for each in written if not (_ID.fullmatch(each) and git.find_commit(repository, each))), None)
    if odd is not None or not written:
        what = f"MERGE_HEAD names {escape_name(odd)}, which is no commit" if odd else "MERGE_HEAD names no commit"
        raise GitError(f"{what} in {escape_name(repository.root)}", _GIVE_UP)
    return written


def _read_merge_head(repository: Repository) -> list[str] | None:
    """Return the words in MERGE_HEAD; None if there is none. A pipe in its place is not waited for."""
    path = os.path.join(repository.git_dir, "MERGE_HEAD")
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise GitError(f"{escape_name(path)} cannot be read: {describe_os_error(error)}", _GIVE_UP) from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise GitError(f"{escape_name(path)} is no file", _GIVE_UP)
        return os.read(handle, _MOST_BYTES).decode("ascii", "backslashreplace").split()
    finally:
        os.close(handle)
