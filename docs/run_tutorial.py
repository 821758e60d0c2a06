"""Run the commands of the tutorial, one after the other, and put what they print below them.

Usage: python docs/run_tutorial.py

A command is a line that begins with "$ ", and goes on in lines that begin with ">".
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).parent / "tutorial.md"
_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
_MARK = "==== the next command ===="


def run(page: str, directory: Path) -> str:
    """Return `page` with what its commands print when they are run in one shell in `directory`."""
    blocks = [list(_commands(block)) for block in _BLOCK.findall(page)]
    script = "".join(f"{_script(command)}\necho '{_MARK}'\n" for block in blocks for command in block)
    identity = {
        f"GIT_{who}_{what}": "a@example.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    done = subprocess.run(
        ["bash"],
        input=script,
        cwd=directory,
        env={**os.environ, **identity, "HOME": str(directory), "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=True,
    )
    printed = iter(done.stdout.split(f"{_MARK}\n"))
    shown = iter(["".join(command + next(printed) for command in block) for block in blocks])
    return _BLOCK.sub(lambda _: next(shown), page)


def _commands(block: str) -> Iterator[str]:
    """Yield each command with the lines it goes on in, as they stand."""
    command = ""
    for line in block.splitlines(keepends=True):
        if line.startswith("$ "):
            yield from [command] if command else []
            command = line
        elif line.startswith(">"):
            command += line
    yield command


def _script(command: str) -> str:
    return "\n".join(re.sub(r"^(?:\$ |> ?)", "", line) for line in command.splitlines())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        PAGE.write_text(run(PAGE.read_text("utf-8"), Path(temporary)), "utf-8")
