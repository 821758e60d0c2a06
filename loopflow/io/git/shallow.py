"""Where the history of a shallow clone ends.

Git keeps the commits whose parents it does not have in a file of the repository (gitrepository-layout(5), "shallow").
Reading it costs no process, so that a clone that is whole pays nothing for the question.
"""

import os
from contextlib import suppress

from loopflow.model import Repository


def common_directory(repository: Repository) -> str:
    """Return where history and objects are: a linked work tree shares them with the main one."""
    common = "."
    with suppress(OSError), open(os.path.join(repository.git_dir, "commondir"), "rb") as file:
        common = os.fsdecode(file.read()).rstrip("\n")
    return os.path.join(repository.git_dir, common)


def shallow_commits(repository: Repository) -> frozenset[str]:
    """Return the ids of the commits whose parents are not here; none where the history is whole."""
    try:
        with open(os.path.join(common_directory(repository), "shallow"), encoding="ascii", errors="replace") as file:
            return frozenset(file.read().split())
    except OSError:
        return frozenset()
