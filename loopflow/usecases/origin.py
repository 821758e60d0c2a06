"""What a report says of where it comes from, read when somebody wants it said: it costs git two questions."""

import os
import re
import time
from datetime import date

from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError
from loopflow.io.git.origin import day_of, name_repository, read_commit
from loopflow.model import Origin, Revision
from loopflow.usecases.measurement import Measured

_EPOCH = "SOURCE_DATE_EPOCH"
_SECONDS = re.compile(r"[0-9]{1,15}")


def find_origin(measured: Measured) -> Origin:
    """Return what was measured by name, its commit, and the day: of a commit its own, else that of the run.

    Raises UsageError where SOURCE_DATE_EPOCH is no moment.
    """
    git, repository, source = measured.engine.git, measured.repository, measured.selection.request.source
    today = _today(git.surroundings.environ.get(_EPOCH))
    if repository is None:
        root = os.path.abspath(measured.selection.root)
        return Origin(os.path.basename(root) or root, today)
    name = name_repository(git, repository)
    if isinstance(source, Revision):
        tip = git.resolve(repository, source.revision)
        commit = read_commit(git, repository, tip)
        return Origin(name, commit.date, tip, commit.subject)
    head = git.find_commit(repository, "HEAD")
    return Origin(name, today, head, read_commit(git, repository, head).subject) if head else Origin(name, today)


def _today(given: str | None) -> date | None:
    """Return the day of this run, in UTC; whoever makes builds reproducible says which (reproducible-builds.org)."""
    if not given:
        return day_of(int(time.time()))
    day = day_of(int(given)) if _SECONDS.fullmatch(given) else None
    if day is None:
        raise UsageError(f"{_EPOCH} is {escape_name(given)}", "set it to seconds since 1970, or unset it")
    return day
