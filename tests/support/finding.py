"""Select and read in one step, and see what became of every file."""

from dataclasses import dataclass
from os import PathLike, fspath

from loopflow.io.file import read, select
from loopflow.io.git.repository import Git
from loopflow.io.read.opening import Opener
from loopflow.model import Document, Reason, Selection, SelectRequest, Skipped

EVERYTHING = SelectRequest()


@dataclass(frozen=True, slots=True)
class Found:
    """What a request led to: documents in the order in which they are printed, and every skipped file."""

    selection: Selection
    documents: tuple[Document, ...]
    skips: tuple[Skipped, ...]

    @property
    def paths(self) -> list[str]:
        """The paths of the documents, in order."""
        return [document.ref.path for document in self.documents]

    @property
    def texts(self) -> dict[str, str]:
        """The text of each document."""
        return {document.ref.path: document.text for document in self.documents}

    @property
    def skipped(self) -> dict[str, Reason]:
        """The reason for each skipped file."""
        return {skip.path: skip.reason for skip in self.skips}

    @property
    def listed(self) -> set[str]:
        """Every path that was selected, whatever became of it."""
        return {*self.paths, *self.skipped}


def find(here: str | PathLike[str], request: SelectRequest = EVERYTHING) -> Found:
    """Select what `request` asks for, seen from `here`, and read it."""
    selection = select(request, Git(), fspath(here))
    with Opener(selection.root) as opener:
        items = [read(opener, ref, selection.object_format) for ref in selection.candidates]
    return Found(
        selection=selection,
        documents=tuple(item for item in items if isinstance(item, Document)),
        skips=(*selection.skipped, *(item for item in items if isinstance(item, Skipped))),
    )
