"""What a tree holds and costs, asked of git's plumbing and of tiktoken, and of nothing of ours."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.oracle import LINK, SUBMODULE, count_text

_NO_TEXT = {LINK: "symlink", SUBMODULE: "submodule"}


@dataclass(frozen=True, slots=True)
class Cost:
    """The files of a tree: path to tokens and bytes of each text, and path to reason of everything else."""

    files: Mapping[str, tuple[int, int]]
    skipped: Mapping[str, str]


def git_at(directory: Path, *arguments: str | bytes, data: bytes | None = None) -> bytes:
    """Run git in `directory`, which need not be a work tree, and return its output."""
    return subprocess.run(["git", *arguments], cwd=directory, input=data, capture_output=True, check=True).stdout


def split_records(output: bytes) -> list[bytes]:
    """Return the records of NUL-terminated output."""
    return output.split(b"\0")[:-1]


def split_paths(output: bytes) -> set[str]:
    """Return the paths in NUL-terminated output."""
    return set(map(os.fsdecode, split_records(output)))


def list_tree(directory: Path, tree: str) -> dict[str, tuple[bytes, str]]:
    """Return the mode and the object id of every file of a tree."""
    files = {}
    for record in split_records(git_at(directory, "ls-tree", "-r", "-z", "--full-tree", tree)):
        meta, path = record.split(b"\t", 1)
        mode, _, blob = meta.split(b" ")
        files[os.fsdecode(path)] = mode, blob.decode("ascii")
    return files


def read_objects(directory: Path, blobs: Sequence[str]) -> list[bytes]:
    """Return the content of each blob."""
    output = git_at(directory, "cat-file", "--batch", data="".join(f"{blob}\n" for blob in blobs).encode())
    contents = []
    for blob in blobs:
        header, _, output = output.partition(b"\n")
        name, kind, size = header.split(b" ")
        assert (name.decode(), kind) == (blob, b"blob")
        contents.append(output[: int(size)])
        output = output[int(size) + 1 :]
    return contents


def texts_of_tree(directory: Path, tree: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the texts in a tree, and why everything else in it is no text."""
    listed = list_tree(directory, tree)
    skipped = {path: _NO_TEXT[mode] for path, (mode, _) in listed.items() if mode in _NO_TEXT}
    paths = [path for path in listed if path not in skipped]
    texts = {}
    for path, data in zip(paths, read_objects(directory, [listed[path][1] for path in paths]), strict=True):
        if b"\0" in data[:8000]:
            skipped[path] = "binary"
        else:
            texts[path] = data.decode("utf-8", "replace")
    return texts, skipped


def cost_of_tree(directory: Path, tree: str) -> Cost:
    """Count every file of a tree, slowly. All of its text must be UTF-8."""
    texts, skipped = texts_of_tree(directory, tree)
    return Cost({path: (count_text(text, "o200k_base"), len(text.encode())) for path, text in texts.items()}, skipped)
