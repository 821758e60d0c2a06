"""What .gitattributes files say of paths, as git tells it.

Git is not asked in the repository that they come from. There it would also read `info/attributes`, which belongs to one
clone and cannot be switched off; it would open whatever is called .gitattributes on disk, follow links on the way to it
and wait for pipes; and a list whose object is missing would be no list. So it is asked in an empty repository of its
own, thrown away, whose index holds these lists and nothing else: for each source, for every kind of repository, and
where there is none.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from loopflow.analysis.attributes import EXPORT_IGNORE, NAMES
from loopflow.analysis.names import directories_above, escape_name, path_bytes
from loopflow.errors import GitError, describe_os_error
from loopflow.io.git.command import decode_path
from loopflow.io.git.repository import Git
from loopflow.model import Repository

FILE = ".gitattributes"
MOST_BYTES = 100 * 1024 * 1024
"""Git reads no list of so many bytes, or more (ATTR_MAX_FILE_SIZE in its attr.h)."""

_SETTINGS = (
    ("core.attributesFile", os.devnull),
    ("core.ignoreCase", "false"),
    # Of names that git refuses for the sake of other systems: nothing is ever checked out from here.
    ("core.protectHFS", "false"),
    ("core.protectNTFS", "false"),
)
_TRIPLE = 3  # path, attribute, state


def ask_attributes(
    git: Git, where: str, lists: Mapping[str, bytes], paths: Sequence[str]
) -> dict[str, dict[str, bool]]:
    """Return the attributes that `lists`, by the directory that each lies in, give to `paths`, and which they take.

    Directories end in a slash, the root is "". Those above the paths are among the answers, because export-ignore holds
    for what lies in one. What nothing is said of is not; where no list names one of the attributes, git is not started.
    `where` is what an error names. Raises GitError where git does not answer in full.
    """
    places = {place for place, text in lists.items() if any(name.encode() in text for name in NAMES)}
    if not places:
        return {}
    names = [name for name in NAMES if any(name.encode() in lists[place] for place in places)]
    asked = [path for path in paths if "" in places or not places.isdisjoint(directories_above(path))]
    asked += {place: None for path in asked for place in directories_above(path)}
    try:
        with _throwaway(git, where) as throwaway:
            throwaway.take(lists)
            return throwaway.answer(names, asked)
    except OSError as error:
        what = f"git cannot be asked for the attributes of {escape_name(where)}: {describe_os_error(error)}"
        raise GitError(what, "check the memory, and the space for temporary files") from error


@contextmanager
def _throwaway(git: Git, where: str) -> Iterator["_Throwaway"]:
    with TemporaryDirectory(prefix="code-context-") as directory:
        git_dir, objects = os.path.join(directory, "git"), os.path.join(directory, "git", "objects")
        for each in (git_dir, objects, os.path.join(git_dir, "refs")):
            os.mkdir(each)
        with open(os.path.join(git_dir, "HEAD"), "wb") as head:
            head.write(b"ref: refs/heads/none\n")
        repository = Repository(directory, git_dir, os.path.join(git_dir, "index"))
        environment = {
            **git.setting(_SETTINGS),
            "GIT_ATTR_NOSYSTEM": "1",
            # What a hook is told of the repository that it runs in is not about this one.
            "GIT_COMMON_DIR": git_dir,
            "GIT_OBJECT_DIRECTORY": objects,
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
            "GIT_FLUSH": "0",  # git would write each line by itself
        }
        yield _Throwaway(git, where, repository, environment)


@dataclass(frozen=True, slots=True)
class _Throwaway:
    """An empty repository (gitrepository-layout(5)), where git reads nothing but what it is given."""

    git: Git
    where: str
    repository: Repository
    environment: Mapping[str, str]

    def take(self, lists: Mapping[str, bytes]) -> None:
        """Put `lists` into the index."""
        for number, text in enumerate(lists.values()):
            with open(os.path.join(self.repository.root, str(number)), "wb") as file:
                file.write(text)
        numbers = "".join(f"{number}\n" for number in range(len(lists))).encode()
        ids = self._ask(["hash-object", "-w", "--no-filters", "--stdin-paths"], numbers).split()
        if len(ids) != len(lists):
            raise self._short("hash-object")
        entries = [
            b"100644 %b\t%b\0" % (blob, path_bytes(place + FILE)) for place, blob in zip(lists, ids, strict=True)
        ]
        self._ask(["update-index", "-z", "--index-info"], b"".join(entries))

    def answer(self, names: Sequence[str], paths: Sequence[str]) -> dict[str, dict[str, bool]]:
        """Return the attributes of paths, and which of them are set."""
        given = b"".join(path_bytes(path) + b"\0" for path in paths)
        output = self._ask(["check-attr", "--cached", "-z", "--stdin", *names], given)
        fields = decode_path(output).split("\0")
        states = fields[2::_TRIPLE]
        if fields.pop() or len(fields) != _TRIPLE * len(names) * len(paths):
            raise self._short("check-attr")
        found: dict[str, dict[str, bool]] = {}
        for number, name in enumerate(names):
            for path, state in zip(paths, states[number :: len(names)], strict=True):
                if state != "unspecified":
                    found.setdefault(path, {})[name] = _is_set(name, state)
        return found

    def _ask(self, command: Sequence[str], given: bytes) -> bytes:
        # What git complains of is lost: it does so of each line that it does not understand, in the line's own words.
        answer = self.git.ask_quietly(self.repository, command, self.environment, given)
        if answer.status:
            raise self._failed(command[0], f"exit status {answer.status}")
        return answer.output

    def _short(self, command: str) -> GitError:
        return self._failed(command, "its answer is not whole")

    def _failed(self, command: str, why: str) -> GitError:
        where = escape_name(self.where)
        return GitError(f"git {command} failed for the attributes of {where}: {why}", f"look at its {FILE} files")


def _is_set(name: str, state: str) -> bool:
    """Whether an attribute counts as set. Git archive leaves out what has no value; linguist knows true and false."""
    return state == "set" if name == EXPORT_IGNORE else state not in {"unset", "false"}
