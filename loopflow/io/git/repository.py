"""Git, as the rest of the program sees it: which repository there is, and what one of its files holds."""

import stat
from collections.abc import Iterator, Sequence

from loopflow.analysis.names import escape_name
from loopflow.errors import GitError
from loopflow.io.git.file_lists import FileLists
from loopflow.io.git.objects import Blob, read_entries
from loopflow.io.read.document import blob_id
from loopflow.model import FileRef, Repository


class Git(FileLists):
    """Questions to git about one repository or another, in the surroundings of a run; without any, the process's."""

    @property
    def named_repository(self) -> Repository | None:
        """The repository that git's environment variables name, if they name one."""
        return self._discovery.named

    def find_repository(self, directory: str) -> Repository | None:
        """Return the repository with a work tree around `directory` (absolute, without links), or None.

        Raises GitError where there is one that git refuses to use.
        """
        return self._discovery.find(directory)

    def find_bare_repository(self, directory: str) -> Repository | None:
        """Return the bare repository that `directory` (absolute) itself is, or None."""
        return self._discovery.find_bare(directory)

    def read_file(self, repository: Repository, commit: str, path: str) -> bytes | None:
        """Return the content of the regular file at `path` in a commit (an id), None if there is none.

        Raises GitError for an object that is missing or damaged.
        """
        directory, _, name = path.rpartition("/")
        if "\n" in path or "\0" in path:  # which the answer of `git cat-file` would not be told apart with
            refs = {ref.path: ref for ref in self.list_commit(repository, commit)}
            ref = refs.get(path)
            return self.read_blob(repository, ref.blob) if ref and ref.blob and stat.S_ISREG(ref.mode) else None
        if not {"", ".", ".."}.isdisjoint(path.split("/")):  # to git, "./a" is relative to where it stands
            return None
        tree = self._objects_of(repository).read("tree", f"{commit}:{directory}")
        if tree is None:  # there is no such directory, or git says what is damaged
            self._checked(repository, ["ls-tree", "-z", "--full-tree", commit, "--", path])
            return None
        id_bytes = len(self.empty_tree(repository)) // 2
        for mode, found, blob in read_entries(tree, id_bytes):
            if found == name and mode.startswith("100"):
                return self.read_blob(repository, blob)
        return None

    def read_blob(self, repository: Repository, blob: str) -> bytes:
        """Return the content of a blob. Raises GitError if it is missing."""
        data = self._objects_of(repository).read("blob", blob)
        if data is None:
            return self._checked(repository, ["cat-file", "blob", blob]).output
        _require_id(data, blob, repository)
        return data

    def read_small(self, repository: Repository, refs: Sequence[FileRef], limit: int) -> Iterator[tuple[str, bytes]]:
        """Yield path and content of each candidate whose blob has fewer bytes than `limit`. Raises as `read_blob`."""
        for blob in self.read_blobs(repository, refs):
            if blob.size < limit:
                data = blob.read(blob.size)
                _require_id(data, blob.ref.blob, repository)
                yield blob.ref.path, data

    def read_blobs(self, repository: Repository, refs: Sequence[FileRef]) -> Iterator[Blob]:
        """Yield the blob of each candidate, in order. Raises GitError for an object that is missing."""
        return self._objects_of(repository).read_blobs(refs)


def _require_id(data: bytes, blob: str | None, repository: Repository) -> None:
    if blob_id(data, repository.object_format) != blob:
        what = f"the object {blob} is damaged in {escape_name(repository.root)}: its content has another id"
        raise GitError(what, "run git fsck there")
