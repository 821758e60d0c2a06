"""Where a report comes from: what somebody who finds it later has to know."""

from dataclasses import dataclass
from datetime import date as Date  # noqa: N812  the field has the name


@dataclass(frozen=True, slots=True)
class Origin:
    """A repository, or a directory, by name; the commit that was read, or that what was read stands on.

    `commit` is its id, None where there is none, `subject` the first lines of its message. `date` is that of a commit
    that was read, else that of the run; None for a commit whose date cannot be one.
    """

    repository: str
    date: Date | None
    commit: str | None = None
    subject: str = ""
