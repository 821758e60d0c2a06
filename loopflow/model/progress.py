"""How far a run is: what counting tells, and whoever wants to show it listens to."""

from typing import Protocol


class Progress(Protocol):
    """Is told how far a run is."""

    def start(self, files: int, size: int) -> None:
        """Take note that `files` files of `size` bytes (0 if not known) will be read."""
        ...

    def advance(self, files: int, size: int) -> None:
        """Take note that so many more are done."""
        ...


class NoProgress:
    """Keeps it to itself."""

    def start(self, files: int, size: int) -> None:
        """Do nothing."""

    def advance(self, files: int, size: int) -> None:
        """Do nothing."""
