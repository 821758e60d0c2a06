"""The one exception that stops a run, and the exit codes a run can end with.

Trouble with a single file is data (`model.Skipped`); trouble that makes an answer impossible is a `LoopflowError`;
anything else that is raised is a bug.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a run ends."""

    OK = 0
    OVER_BUDGET = 1
    CANNOT_RUN = 2
    BUG = 3
    INTERRUPTED = 130


def describe_os_error(error: OSError) -> str:
    """Return what the system said, so that it can stand within a sentence."""
    return (error.strerror or str(error)).lower()


class LoopflowError(Exception):
    """A run cannot go on.

    `message` says what happened and where, `hint` what to do about it. Both are one line of text for a terminal; names
    in them were escaped by whoever wrote the message.
    """

    def __init__(self, message: str, hint: str = "", exit_code: ExitCode = ExitCode.CANNOT_RUN) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code


class UsageError(LoopflowError):
    """Something in the request is wrong: an option, a path, a pattern."""


class MissingPathError(UsageError):
    """A path that is asked for is not there."""

    def __init__(self, message: str, hint: str, path: str) -> None:
        super().__init__(message, hint)
        self.path = path


class GitError(LoopflowError):
    """Git is missing, too old, or refuses."""


class VocabularyError(LoopflowError):
    """A packaged vocabulary is missing or damaged."""


class UncountableError(Exception):
    """One text cannot be counted; its file becomes `Skipped`, the run goes on."""


class TooLargeError(UncountableError):
    """A text has no place where it could be cut for too long a stretch."""


class UnreadableError(UncountableError):
    """A file could not be read to its end."""


class ConfigError(LoopflowError):
    """The config file, or a value from elsewhere, cannot hold."""


class LedgerError(LoopflowError):
    """The ledger of `loopflow usage` cannot be used."""


class BaselineError(LoopflowError):
    """The stored baseline is missing, or cannot be used."""
