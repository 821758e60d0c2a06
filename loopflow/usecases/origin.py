"""What a report says of where it comes from, read when somebody wants it said: it costs git two questions."""

import os
import re
import time
from collections.abc import Mapping

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
    today = day_of(find_moment(git.surroundings.environ))
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


def find_moment(environ: Mapping[str, str]) -> int:
    """Return the moment of this run, in seconds since 1970; who makes builds reproducible says which.

    See https://reproducible-builds.org. Raises UsageError where SOURCE_DATE_EPOCH is no moment.
    """
    given = environ.get(_EPOCH)
    if not given:
        return int(time.time())
    if not _SECONDS.fullmatch(given) or day_of(int(given)) is None:
        raise UsageError(f"{_EPOCH} is {escape_name(given)}", "set it to seconds since 1970, or unset it")
    return int(given)
