"""Files of a work tree as git would store them: line ends and encodings converted, as attributes ask for.

What git converts by itself (gitattributes(5): text, eol, working-tree-encoding, ident) it is asked for; the objects go
to a directory that is thrown away. What a filter driver makes of a file cannot be told, since none is run.
"""

import os
from collections.abc import Mapping, Sequence
from tempfile import TemporaryDirectory

from loopflow.analysis.names import path_bytes
from loopflow.io.git.command import decode_path
from loopflow.io.git.repository import Git
from loopflow.io.git.scratch import scratch_objects
from loopflow.model import FileRef, Repository


def read_converted(git: Git, repository: Repository, ids: Mapping[str, str]) -> dict[str, bytes]:
    """Return what git would store for files that are on disk, by path, where that is other than what is there.

    `ids` are blob ids of what is on disk, by path. Raises GitError where git cannot convert one.
    """
    paths = [path for path in ids if "\n" not in path and os.path.lexists(os.path.join(repository.root, path))]
    if not paths:
        return {}
    with TemporaryDirectory(prefix="code-context-") as directory:
        environment = {**git.without_filters(repository), **scratch_objects(git, repository, directory)}
        given = b"".join(path_bytes(path) + b"\n" for path in paths)
        answer = git.ask(repository, ["hash-object", "-w", "--stdin-paths"], environment, given=given)
        stored = dict(zip(paths, answer.line.split("\n"), strict=True))
        other = [FileRef(path, 0, blob) for path, blob in stored.items() if blob != ids[path]]
        if not other:
            return {}
        objects = git.objects(repository, environment)
        try:
            return {blob.ref.path: blob.read(blob.size) for blob in objects.read_blobs(other)}
        finally:
            objects.close()


def find_filtered(git: Git, repository: Repository, paths: Sequence[str]) -> frozenset[str]:
    """Return those of `paths` that git gives to a filter driver that has a program."""
    drivers = {
        key.split(".", 1)[1].rpartition(".")[0] for key in git.configured(repository, r"^filter\..*\.(clean|process)$")
    }
    if not drivers or not paths:
        return frozenset()
    given = b"".join(path_bytes(path) + b"\0" for path in paths)
    answer = git.ask(repository, ["check-attr", "-z", "--stdin", "filter"], given=given)
    fields = decode_path(answer.output).split("\0")[:-1]
    return frozenset(path for path, driver in zip(fields[::3], fields[2::3], strict=True) if driver in drivers)
