"""A file that the user named: it is read where it is, links are followed, and git is not asked."""


def read_named(path: str) -> bytes | None:
    """Return the content of the file at `path`, None where there is none. Raises OSError for one that is unreadable."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
