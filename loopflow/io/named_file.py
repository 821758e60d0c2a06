"""A file that the user named: it is read where it is, links are followed, and git is not asked."""

from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError, describe_os_error


def read_named(path: str, kind: str, option: str) -> bytes | None:
    """Return the content of the file at `path`, None where there is none.

    Raises UsageError for one that cannot be read, which says what `kind` of file it is and which `option` names it.
    """
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"the {kind} {escape_name(path)} cannot be read: {describe_os_error(error)}"
        raise UsageError(message, f"check what {option} names") from error
