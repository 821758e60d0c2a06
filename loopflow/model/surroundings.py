"""Where a run takes place: what it may know of the process around it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Surroundings:
    """An environment, the directory it holds in, and the directory that paths are relative to.

    `environ` may hold git's own variables, which are about `here`. Both directories are absolute; they differ where a
    program judges another repository (`root`) than the one that it was started for.
    """

    environ: Mapping[str, str]
    here: str
    root: str
