"""What is said of paths: by us, as a run would ask it, and by git, in the repository itself."""

import io
import os
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from loopflow.analysis.attributes import NAMES, Attributes
from loopflow.analysis.filetype import file_type
from loopflow.analysis.names import directories_above, path_bytes
from loopflow.io.attribute_files import find_attributes
from loopflow.io.file import choose, list_all
from loopflow.io.git.repository import Git
from loopflow.io.surroundings import read_surroundings
from loopflow.model import Criteria, FileTokens, SelectRequest
from tests.support.builder import Repo

FILE = ".gitattributes"

Said = Mapping[str, Mapping[str, bool]]
"""Which attributes are set, and which unset, by path. Directories end in a slash."""

_STATES = {"set": True, "unset": False, "false": False}


def said_by_us(here: Path, request: SelectRequest | None = None) -> Said:
    """Return what is said of all that a request selects, and of the directories that it lies in."""
    return attributes_at(here, request).given


def attributes_at(here: Path, request: SelectRequest | None = None) -> Attributes:
    """Return the attributes of all that a request selects, seen from a directory."""
    surroundings = read_surroundings(os.fspath(here))
    git, asked = Git(surroundings), request or SelectRequest()
    listed = list_all(asked, git, surroundings.root)
    selected = choose(listed, Criteria(asked)).candidates
    return find_attributes(git, listed, files_of([ref.path for ref in selected]))


def files_of(paths: Sequence[str]) -> list[FileTokens]:
    """Return files at these paths; what they hold is no matter."""
    return [FileTokens(path, file_type(path), 1, 1, "") for path in paths]


def said_by_git(repo: Repo, paths: Sequence[str], *options: str) -> Said:
    """Return what `git check-attr` says in a repository, with directories, where it says anything."""
    asked = dict.fromkeys([*paths, *(place for path in paths for place in directories_above(path))])
    given = b"".join(path_bytes(path) + b"\0" for path in asked)
    output = repo.git("check-attr", "-z", "--stdin", *options, *NAMES, data=given)
    words = output.decode("utf-8", "surrogateescape").split("\0")[:-1]
    said: dict[str, dict[str, bool]] = {}
    for path, name, state in zip(words[::3], words[1::3], words[2::3], strict=True):
        if state != "unspecified":
            # Git archive only takes what is set, and what has a value is not.
            said.setdefault(path, {})[name] = _STATES.get(state, name != "export-ignore")
    return said


def archived(repo: Repo, tree: str) -> set[str]:
    """Return the paths of the files that `git archive` keeps of a tree."""
    with tarfile.open(fileobj=io.BytesIO(repo.git("archive", "--format=tar", tree)), errors="surrogateescape") as tar:
        return {member.name for member in tar if not member.isdir()}
