"""What a repository costs, counted slowly and by other means: git, the vocabulary files, tiktoken, and nothing of ours.

The names of the encodings, their patterns and their special tokens are tiktoken's own; the vocabularies are the files
packaged with the project, as they lie there.
"""

import base64
import lzma
import os
import subprocess
from functools import cache
from pathlib import Path

import tiktoken
import tiktoken_ext.openai_public
from tiktoken.load import load_tiktoken_bpe

VOCABULARIES = Path(__file__).parents[2] / "loopflow" / "vocab"

LINK, SUBMODULE = b"120000", b"160000"


@cache
def load_encoding(name: str) -> tiktoken.Encoding:
    """Build an encoding as tiktoken does, from the packaged vocabulary in the place of the downloaded one."""
    lines = lzma.decompress((VOCABULARIES / f"{name}.tiktoken.xz").read_bytes()).splitlines()
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines)}
    public = tiktoken_ext.openai_public
    public.load_tiktoken_bpe = lambda *_, **__: ranks
    try:
        return tiktoken.Encoding(**public.ENCODING_CONSTRUCTORS[name]())
    finally:
        public.load_tiktoken_bpe = load_tiktoken_bpe


def count_text(text: str, encoding: str) -> int:
    """Count one text."""
    return len(load_encoding(encoding).encode_ordinary(text))


def count_repository(root: Path, encoding: str) -> dict[str, int]:
    """Count every tracked file of a work tree that is text."""
    records = subprocess.run(["git", "ls-files", "-s", "-z"], cwd=root, check=True, capture_output=True).stdout
    tokens: dict[str, int] = {}
    for record in records.split(b"\0")[:-1]:
        meta, path = record.split(b"\t", 1)
        full = os.path.join(os.fsencode(root), path)
        if meta.split()[0] in {LINK, SUBMODULE} or os.path.islink(full) or not os.path.isfile(full):
            continue
        with open(full, "rb") as file:
            data = file.read()
        if b"\0" not in data[:8000]:
            tokens[os.fsdecode(path)] = count_text(data.decode("utf-8", "replace"), encoding)
    return tokens
