"""Run the commands of the tutorial and the how-tos, and put what they print below them.

Usage: python docs/run_tutorial.py [PAGE ...]

Without a PAGE, all that have commands to run: blocks of the language "console". Those of one page are run one after the
other, in one shell. A command is a line that begins with "$ ", and goes on in the next lines that begin with ">".
What differs from run to run, how long tests took and what day it is, is shown as one that stays.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).parent
_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
_MARK = "==== the next command ===="
_PEOPLE = ("AUTHOR", "COMMITTER")
_DIFFERS = (
    (re.compile(r"\bin \d\.\d\ds\b"), "in 1.00s"),
    (re.compile(r"\blast \d{4}-\d\d-\d\d \d\d:\d\d\b"), "last 2026-03-01 12:00"),
    (re.compile(r"\bsince \d{4}-\d\d-\d\d\b"), "since 2026-03-01"),
)


def find_pages() -> list[Path]:
    """Return the pages that have commands to run."""
    return sorted(path for path in DOCS.rglob("*.md") if _BLOCK.search(path.read_text("utf-8")))


def run(page: str, directory: Path) -> str:
    """Return `page` with what its commands print when they are run in one shell in `directory`."""
    blocks = [list(_commands(block)) for block in _BLOCK.findall(page)]
    script = "".join(f"{_script(command)}\necho '{_MARK}'\n" for block in blocks for command in block)
    # Of the shell that this runs in nothing is there but where programs are. Who commits is said in the tutorial;
    # whoever reads a how-to has said it to git.
    people = [] if "git config user.email" in page else [(who, what) for who in _PEOPLE for what in ("NAME", "EMAIL")]
    identity = {f"GIT_{who}_{what}": "a@example.invalid" for who, what in people}
    done = subprocess.run(
        ["bash"],
        input=script,
        cwd=directory,
        env={"PATH": os.environ["PATH"], **identity, "HOME": str(directory), "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=True,
    )
    printed = iter(_settle(done.stdout).split(f"{_MARK}\n"))
    shown = iter(["".join(command + next(printed) for command in block) for block in blocks])
    return _BLOCK.sub(lambda _: next(shown), page)


def _settle(printed: str) -> str:
    for pattern, settled in _DIFFERS:
        printed = pattern.sub(settled, printed)
    return printed


def _commands(block: str) -> Iterator[str]:
    """Yield each command with the lines it goes on in, as they stand."""
    command, goes_on = "", False
    for line in block.splitlines(keepends=True):
        is_first = line.startswith("$ ")
        goes_on = is_first or (goes_on and line.startswith(">"))  # what is printed may begin so too
        if is_first:
            yield from [command] if command else []
            command = ""
        command += line if goes_on else ""
    yield command


def _script(command: str) -> str:
    return "\n".join(re.sub(r"^(?:\$ |> ?)", "", line) for line in command.splitlines())


def main() -> None:
    """Renew the pages that are named, or all."""
    for page in [Path(name) for name in sys.argv[1:]] or find_pages():
        with tempfile.TemporaryDirectory() as temporary:
            page.write_text(run(page.read_text("utf-8"), Path(temporary)), "utf-8")


if __name__ == "__main__":
    main()
