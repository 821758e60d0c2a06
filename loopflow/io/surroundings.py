"""What a run in this process may know of it, for whoever does not say."""

import os
from typing import TypeAlias

from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError
from loopflow.model import Surroundings

Root: TypeAlias = str | Surroundings | None
"""The directory that paths are relative to, None for the current one; or all that a run may know of around it."""


def read_surroundings(root: Root = None) -> Surroundings:
    """Return the process's environment and current directory, with paths relative to `root` if that is named.

    Raises UsageError where the current directory is gone and no absolute one is named, or `root` is no directory.
    """
    if isinstance(root, Surroundings):
        return root
    if root is not None and not os.path.isdir(root):
        raise UsageError(f"there is no directory {escape_name(root)}", "name one that is there as root")
    try:
        here = os.getcwd()
    except OSError as error:
        if root is None or not os.path.isabs(root):
            raise UsageError("the current directory does not exist any more", "change to another one") from error
        here = root
    return Surroundings(os.environ, here, os.path.join(here, root) if root else here)
