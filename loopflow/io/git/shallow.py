"""Where the history of a shallow clone ends.

Git keeps the commits whose parents it does not have in a file of the repository (gitrepository-layout(5), "shallow").
Reading it costs no process, so that a clone that is whole pays nothing for the question.
"""

import os
from contextlib import suppress

from loopflow.model import Repository


def shallow_commits(repository: Repository) -> frozenset[str]:
    """Return the ids of the commits whose parents are not here; none where the history is whole."""
    common = "."
    with suppress(OSError), open(os.path.join(repository.git_dir, "commondir"), "rb") as file:
        common = os.fsdecode(file.read()).rstrip("\n")  # a linked work tree shares the history of the main one
    try:
        with open(os.path.join(repository.git_dir, common, "shallow"), encoding="ascii", errors="replace") as file:
            return frozenset(file.read().split())
    except OSError:
        return frozenset()
