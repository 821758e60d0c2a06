"""What one writes first: list with git, read, decode, count, one file after the other.

Usage: python benchmarks/plain_loop.py REPOSITORY [tiktoken|toktok]. Prints the total. With tiktoken it shares nothing
with the command but the packed vocabulary, so that its total is a check as well.
"""

import base64
import lzma
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import tiktoken
import tiktoken_ext.openai_public as public

VOCABULARY = Path(__file__).resolve().parent.parent / "loopflow" / "vocab" / "o200k_base.tiktoken.xz"


def ranks(*_arguments: object, **_options: object) -> dict[bytes, int]:
    """Read the packed vocabulary in place of a download."""
    lines = lzma.decompress(VOCABULARY.read_bytes()).splitlines()
    return {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines if line)}


def counter(engine: str) -> Callable[[str], int]:
    """Return what counts one text."""
    if engine == "toktok":
        import toktok  # noqa: PLC0415

        return lambda text: toktok.batch_count([text], "o200k_base", threads=1)[0]
    with mock.patch.object(public, "load_tiktoken_bpe", ranks):
        encoding = tiktoken.Encoding(**public.ENCODING_CONSTRUCTORS["o200k_base"]())
    return lambda text: len(encoding.encode_ordinary(text))


def main() -> None:
    """Print the total."""
    count = counter(*sys.argv[2:] or ["tiktoken"])
    os.chdir(sys.argv[1])
    listed = subprocess.run(["git", "ls-files", "-s", "-z"], check=True, capture_output=True).stdout
    total = 0
    for entry in listed.split(b"\0")[:-1]:
        meta, _, path = entry.partition(b"\t")
        if meta[:6] in {b"120000", b"160000"} or os.path.islink(path) or not os.path.isfile(path):
            continue
        data = Path(os.fsdecode(path)).read_bytes()
        if b"\0" not in data[:8000]:
            total += count(data.decode("utf-8", "replace"))
    print(total)


if __name__ == "__main__":
    main()
