"""What a database keeps for the service, as the rest sees it; and the one that keeps nothing."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from loopflow.model import Stamp


class CountRow(NamedTuple):
    """A count to keep: digest of the text, encoding with its id, tokens, bytes."""

    digest: str
    encoding: str
    encoding_id: str
    tokens: int
    bytes: int


class FileRow(NamedTuple):
    """What a file was when its state was this."""

    root: str
    name: str
    stamp: Stamp
    digest: str
    bytes: int
    lossy: bool


class ResponseRow(NamedTuple):
    """What was fetched last: by which key, under which name, and how to ask whether it changed."""

    key: str
    name: str
    digest: str
    bytes: int
    lossy: bool
    etag: str
    last_modified: str
    fetched_at: float
    expires_at: float


class VariableRow(NamedTuple):
    """The digest of the value that a variable had last."""

    name: str
    digest: str


class Removal(NamedTuple):
    """What to forget: a text, all of an encoding, references by their names, or everything."""

    digest: str | None = None
    encoding: str | None = None
    pattern: str | None = None
    everything: bool = False


class Store(Protocol):
    """Answers soon or raises StoreUnavailable. What is kept may be written later, and lost before."""

    async def find_counts(self, digests: Collection[str], ids: Collection[str]) -> Mapping[tuple[str, str], int]:
        """Return tokens by digest and encoding's id."""
        ...

    async def find_files(self, root: str, names: Collection[str]) -> Mapping[str, FileRow]:
        """Return what is known of files, by name."""
        ...

    async def find_response(self, key: str) -> ResponseRow | None:
        """Return what was fetched last."""
        ...

    async def find_variable(self, name: str) -> VariableRow | None:
        """Return the last digest of a variable."""
        ...

    def keep(self, row: CountRow | FileRow | ResponseRow | VariableRow) -> None:
        """Note what is to be kept."""
        ...

    async def remove(self, removal: Removal) -> int:
        """Forget, what is not yet written included; return how many rows that were."""
        ...

    @property
    def state(self) -> str:
        """How it is: "up", "down", or "none" where nothing is kept."""
        ...

    @property
    def pending(self) -> int:
        """How many rows wait to be written."""
        ...

    @property
    def lost(self) -> int:
        """How many rows could not be written."""
        ...


class NoStore:
    """Keeps nothing."""

    state = "none"
    pending = 0
    lost = 0

    async def find_counts(self, digests: Collection[str], ids: Collection[str]) -> Mapping[tuple[str, str], int]:  # noqa: ARG002
        """Return nothing."""
        return {}

    async def find_files(self, root: str, names: Collection[str]) -> Mapping[str, FileRow]:  # noqa: ARG002
        """Return nothing."""
        return {}

    async def find_response(self, key: str) -> ResponseRow | None:  # noqa: ARG002
        """Return nothing."""
        return None

    async def find_variable(self, name: str) -> VariableRow | None:  # noqa: ARG002
        """Return nothing."""
        return None

    def keep(self, row: CountRow | FileRow | ResponseRow | VariableRow) -> None:
        """Keep nothing."""

    async def remove(self, removal: Removal) -> int:  # noqa: ARG002
        """Return 0."""
        return 0


Rows = Sequence[CountRow | FileRow | ResponseRow | VariableRow]
