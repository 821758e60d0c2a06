"""Profile what is too large for tests, and see that it takes little memory and the right number.

Usage: python benchmarks/large.py [--below DIRECTORY]

Makes, one after the other, and removes again:

- a text of 500 MB, on disk and in the index;
- a blob of 1.5 GB of zeros, which takes 1.5 MB in a pack, and a file of as many on disk;
- texts of 16 MB of one character, or of letters drawn by chance, with both engines;
- a text of 1 GB that is interrupted while it is counted.

Prints one line each: what, seconds, the peak memory of the command or of a git that it started, and what came of it.
Ends with 1 if a count is not the one that is known, or --most megabytes were exceeded, or an interrupt took longer than
a second, said anything or left anything behind.
"""

import argparse
import hashlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

COMMAND = [sys.executable, "-P", "-c", "from loopflow.cli.code_context import main; main()"]
LINE = b"def function(argument: str) -> int:  # 12345\n"
LINE_TOKENS = 15
MEGABYTE = 1_000_000
TOTAL = re.compile(rb"^Total: ([\d,]+) tokens?", re.MULTILINE)


def drawn(letters: bytes, length: int) -> bytes:
    """Return a text that looks drawn by chance from `letters`, as many as a power of two."""
    return (
        hashlib.shake_128(letters).digest(length).translate(bytes(letters[byte % len(letters)] for byte in range(256)))
    )


# What makes the text, and the tokens that it has in o200k_base, where that is known. It is made when it is its turn:
# what this process holds would count as the memory of one that it starts.
SIXTEEN: dict[str, tuple[Callable[[], bytes], int | None]] = {
    "a": (lambda: b"a" * (16 * MEGABYTE), 2_000_000),
    "line feed": (lambda: b"\n" * (16 * MEGABYTE), 1_000_000),
    "NUL, after text": (lambda: b"a" * 8_000 + b"\0" * (16 * MEGABYTE), 8_001_000),
    "emoji": (lambda: "\U0001f600".encode() * (4 * MEGABYTE), 4_000_000),
    "accent": (lambda: "\u0301".encode() * (8 * MEGABYTE), 8_000_000),
    "letters": (lambda: drawn(b"abcdefghijklmnop", 16 * MEGABYTE), None),
    "acgt": (lambda: drawn(b"acgt", 16 * MEGABYTE), None),
}


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--below", type=Path, default=Path(tempfile.gettempdir()), help="where there is room for 3 GB")
    parser.add_argument("--most", type=int, default=300, help="megabytes that a run may take  [default: 300]")
    given = parser.parse_args()
    print(f"{'what':<44} {'seconds':>8} {'MB':>6}  {'came of it'}")
    parts = (large_text, zeros, one_character, interrupted)
    good = [part(Path(directory), given.most) for part in parts for directory in made(given.below)]
    sys.exit(not all(good))


def made(below: Path) -> Iterable[str]:
    """Yield a directory with an empty repository, and remove it."""
    with tempfile.TemporaryDirectory(dir=below) as directory:
        git(Path(directory), "init", "--quiet")
        yield directory


def large_text(root: Path, most: int) -> bool:
    """Count a text of 500 MB."""
    lines = 500 * MEGABYTE // len(LINE)
    write(root / "text.py", LINE, lines)
    git(root, "add", "text.py")
    expected = lines * LINE_TOKENS
    on_disk = show("500 MB of text on disk", root, most, expected)
    return show("500 MB of text in the index", root, most, expected, "--staged") and on_disk


def zeros(root: Path, most: int) -> bool:
    """Leave zeros alone."""
    with (root / "zeros.bin").open("wb") as file:
        file.truncate(1_500 * MEGABYTE)
    git(root, "-c", "core.bigFileThreshold=1m", "add", "zeros.bin")  # goes into a pack as it is read
    on_disk = show("1.5 GB of zeros on disk", root, most, 0)
    return show("1.5 GB of zeros in a pack", root, most, 0, "--staged") and on_disk


def one_character(root: Path, most: int) -> bool:
    """Count texts that are hard to count; the engines have to agree where no number is known."""
    good = []
    for name, (make, known) in SIXTEEN.items():
        (root / "text").write_bytes(make())
        git(root, "add", "text")
        found = [measure(root, "--no-cache", engine=engine) for engine in ("toktok", "tiktoken")]
        for engine, (seconds, megabytes, tokens) in zip(("toktok", "tiktoken"), found, strict=True):
            right = tokens == (known or found[1][2])
            print_line(f"16 MB of {name}, {engine}", seconds, megabytes, f"{tokens:,} tokens", right=right)
            good.append(right and (engine == "tiktoken" or megabytes < most))
    return all(good)


def interrupted(root: Path, most: int) -> bool:  # noqa: ARG001
    """Interrupt a run that saves a baseline."""
    write(root / "text.py", LINE, 1_000 * MEGABYTE // len(LINE))
    git(root, "add", "--intent-to-add", "text.py")
    command = [*COMMAND, "--profile", "--save-baseline", "--no-cache"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        time.sleep(1.5)
        begun = time.perf_counter()
        process.send_signal(signal.SIGINT)
        said = b"".join(process.communicate())
    seconds = time.perf_counter() - begun
    left = sorted(path.name for path in root.iterdir()) != [".git", "text.py"]
    right = (process.returncode, said, left) == (130, b"", False) and seconds < 1
    print_line("1 GB of text, interrupted", seconds, 0, f"exit code {process.returncode}", right=right)
    return right


def show(name: str, root: Path, most: int, expected: int, *options: str) -> bool:
    """Run once, print a line, and return whether all was well."""
    seconds, megabytes, tokens = measure(root, "--no-cache", *options)
    right = tokens == expected and megabytes < most
    print_line(name, seconds, megabytes, f"{tokens:,} tokens", right=right)
    return right


def measure(root: Path, *options: str, engine: str = "toktok") -> tuple[float, float, int]:
    """Run once; return seconds, megabytes and tokens."""
    with tempfile.TemporaryFile() as output:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [*COMMAND, "--profile", *options], cwd=root, stdout=output, env=os.environ | {"LOOPFLOW_ENGINE": engine}
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        found = TOTAL.search(output.read())
    if process.returncode or not found:
        raise SystemExit(f"{options} ended with {process.returncode}")
    return seconds, usage.ru_maxrss * 1024 / 1e6, int(found[1].replace(b",", b""))


def print_line(name: str, seconds: float, megabytes: float, what: str, *, right: bool) -> None:
    """Print one line of the table."""
    print(f"{name:<44} {seconds:>8.1f} {megabytes:>6,.0f}  {what}{'' if right else '  WRONG'}", flush=True)


def write(path: Path, line: bytes, lines: int) -> None:
    """Write a line many times."""
    block = line * 10_000
    with path.open("wb") as file:
        for _ in range(lines // 10_000):
            file.write(block)
        file.write(line * (lines % 10_000))


def git(root: Path, *arguments: str) -> None:
    """Run git to its end."""
    subprocess.run(["git", *arguments], cwd=root, check=True)


if __name__ == "__main__":
    main()
