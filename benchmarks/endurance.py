"""Count for a long time: very many strings with all engines, and a very long text in little memory.

Usage: python benchmarks/endurance.py strings [N] [--seed S]
       python benchmarks/endurance.py stream [GIGABYTES] [--below DIRECTORY]

`strings` generates N strings (ten million unless told otherwise) of every class of Unicode, code, white space, bytes
that are no UTF-8 and what the patterns of the encodings treat differently, counts each with the table, with toktok and
with tiktoken in both encodings, on two processes, and prints how many were compared and how many differ. The same seed
gives the same strings. Ends with 1 if there is a difference.

`stream` writes a file of that many gigabytes (ten unless told otherwise) out of known parts, and profiles it with the
command, in a process of its own. Prints the peak memory beside that of a run over a little of each part, and the tokens
beside the sum of the parts, which tiktoken counts one by one. Ends with 1 if memory grew by 50 MB or more, or if the
sums differ. The file is removed afterwards.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

from loopflow.tokens.choice import create_counter
from loopflow.tokens.encodings import DEFAULT_ENCODING, VOCABULARY_DIGESTS
from loopflow.tokens.gate import Gate
from loopflow.tokens.protocol import TokenCounter

PROCESSES = 2
BATCH = 5_000
SHOWN = 5
PROGRESS = 500_000

MOST_GROWTH = 50_000_000
PART_BYTES = 1_000_000
SMALL_RUNS = 4
GIGABYTE = 10**9
# What /proc says of a process at its end is its own; what a parent is told may be that of whoever started it.
COMMAND = """
import atexit, re, sys
from loopflow.cli.code_context import main
def report(name):
    with open("/proc/self/status") as status, open(name, "w") as file:
        file.write(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1])
atexit.register(report, sys.argv.pop())
main()
"""

WORDS = (
    *("def", "return", "self", "import", "const", "function", "HTTPServer", "fooBar", "snake_case", "__init__", "x"),
    *("the", "The", "THE", "naïve", "straße", "Ελλάδα", "привет", "日本語", "नमस्ते", "שלום", "مرحبا", "e\u0301"),
    *("'s", "'S", "'LL", "'re", "\u2019t", "\u017f", "don't", "I'm", "<|endoftext|>", "<|fim_prefix|>", "\ufffd"),
)
MARKS = (
    *"()[]{}<>=+-*/%!?.,:;#@$^&|~`\\\"'_",
    "//",
    "/*",
    "*/",
    "->",
    "=>",
    "::",
    "...",
    "#!",
    "</",
    "/>",
    "\n/",
    "\n}",
)
BLANKS = (
    " ",
    "  ",
    "    ",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    " \n",
    "\n ",
    "\v",
    "\f",
    "\x1c",
    "\x85",
    "\xa0",
    "\u2028",
)


class Tally(NamedTuple):
    """What a batch came to; `differences` are the strings, with the encoding and the engine.

    `detours` are the strings that the gate gives to tiktoken, whatever the engine.
    """

    strings: int
    characters: int
    detours: int
    tokens: int
    differences: list[tuple[str, str, str]]


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    strings = commands.add_parser("strings")
    strings.add_argument("number", type=int, nargs="?", default=10_000_000)
    strings.add_argument("--seed", type=int, default=1)
    stream = commands.add_parser("stream")
    stream.add_argument("gigabytes", type=float, nargs="?", default=10.0)
    stream.add_argument("--below", type=Path, default=Path(tempfile.gettempdir()))
    given = parser.parse_args()
    if given.command == "strings":
        sys.exit(compare_strings(given.number, given.seed))
    with tempfile.TemporaryDirectory(dir=given.below) as directory:
        sys.exit(stream_text(int(given.gigabytes * GIGABYTE), Path(directory)))


# --- Many strings ---


def compare_strings(number: int, seed: int) -> bool:
    """Count as many strings with all engines, print the result, and return whether any count differs."""
    begun = time.perf_counter()
    sizes = [min(BATCH, number - start) for start in range(0, number, BATCH)]
    seeds = [f"{seed}:{batch}" for batch in range(len(sizes))]
    done = characters = tokens = detours = 0
    differences: list[tuple[str, str, str]] = []
    with ProcessPoolExecutor(PROCESSES) as pool:
        for tally in pool.map(compare_batch, seeds, sizes, chunksize=4):
            done, characters, tokens = done + tally.strings, characters + tally.characters, tokens + tally.tokens
            detours += tally.detours
            differences += tally.differences
            if done % PROGRESS == 0:
                print(f"{done:>12,} strings, {len(differences):,} differences", flush=True)
    minutes = (time.perf_counter() - begun) / 60
    print(f"{done:,} strings of {characters:,} characters compared in {len(VOCABULARY_DIGESTS)} encodings: ", end="")
    print(f"{tokens:,} tokens, {len(differences):,} differences, {minutes:.1f} minutes")
    print(f"{detours:,} of the strings hold what tiktoken counts in any case")
    for encoding, engine, text in differences[:SHOWN]:
        print(f"{encoding}, {engine}: {text!r}")
    return bool(differences)


def compare_batch(seed: str, size: int) -> Tally:
    """Generate and count `size` strings; the same seed gives the same ones."""
    chance = random.Random(seed)
    texts = [make_string(chance) for _ in range(size)]
    tokens, differences = 0, []
    for encoding in VOCABULARY_DIGESTS:
        theirs = load(encoding, "tiktoken").count(texts)
        tokens += sum(theirs)
        for engine in ("table", "toktok"):
            ours = load(encoding, engine).count(texts)
            pairs = zip(texts, ours, theirs, strict=True)
            differences += [(encoding, engine, text) for text, one, other in pairs if one != other]
    detours = sum(map(gate().holds, texts))
    return Tally(len(texts), sum(map(len, texts)), detours, tokens, differences)


@cache
def load(encoding: str, engine: str) -> TokenCounter:
    """Return a counter, loaded once for each process."""
    return create_counter(encoding, engine)


@cache
def gate() -> Gate:
    """Return what tells which strings are tiktoken's."""
    return Gate()


@cache
def classes() -> list[str]:
    """Return all characters that a text can hold, by their general category in Unicode."""
    found: dict[str, list[str]] = defaultdict(list)
    for point in range(sys.maxunicode + 1):
        found[unicodedata.category(chr(point))].append(chr(point))
    del found["Cs"]  # half of a pair: decoding never gives one
    return ["".join(found[category]) for category in sorted(found)]


def make_string(chance: random.Random) -> str:
    """Return a string of one kind or of several, mostly short."""
    parts = [chance.choice(KINDS)(chance) for _ in range(chance.choice((1, 1, 1, 2, 3)))]
    return "".join(parts)


def of_any_class(chance: random.Random) -> str:
    """Return characters of a few categories next to each other."""
    some = chance.choices(classes(), k=chance.choice((1, 2, 4)))
    return "".join(chance.choice(chance.choice(some)) for _ in range(chance.randint(1, 30)))


def like_code(chance: random.Random) -> str:
    """Return words, marks and white space as code has them."""
    return "".join(chance.choices((*WORDS, *MARKS, *BLANKS), k=chance.randint(1, 30)))


def like_prose(chance: random.Random) -> str:
    """Return words with blanks between them."""
    return " ".join(chance.choices(WORDS, k=chance.randint(1, 20)))


def of_white_space(chance: random.Random) -> str:
    """Return runs of white space, with a word or a mark here and there."""
    runs = [chance.choice(BLANKS) * chance.choice((1, 2, 3, 7, 40)) for _ in range(chance.randint(1, 6))]
    return "".join(run + chance.choice(("", "", "x", "/", "é", "1")) for run in runs)


def of_one_character(chance: random.Random) -> str:
    """Return one character many times, the lengths being those where a rule could begin to differ."""
    return chance.choice(chance.choice(classes())) * chance.choice((2, 3, 16, 100, 257))


def of_digits(chance: random.Random) -> str:
    """Return numbers as programs and people write them."""
    return "".join(chance.choices("0123456789.,-+eE_x %\u0663\u00bd\u2167", k=chance.randint(1, 40)))


def of_bytes(chance: random.Random) -> str:
    """Return what is left of bytes that are hardly UTF-8."""
    return chance.randbytes(chance.randint(1, 40)).decode("utf-8", "replace")


def of_letters(chance: random.Random) -> str:
    """Return letters without an end, as in a hash, a sequence or something minified."""
    return "".join(
        chance.choices(chance.choice(("acgt", "abcdef0123456789", "aA", "QUJDREVG+/=")), k=chance.randint(1, 80))
    )


KINDS = (of_any_class, of_any_class, like_code, like_code, like_prose, of_white_space, of_one_character)
KINDS += (of_digits, of_bytes, of_letters)


# --- One long text ---


def stream_text(size: int, directory: Path) -> bool:
    """Profile a text of about `size` bytes, print the result, and return whether something is wrong."""
    counter = create_counter(DEFAULT_ENCODING, "tiktoken")
    print(f"{'bytes':>16} {'tokens':>16} {'sum of parts':>16} {'peak MB':>9} {'MB more':>9} {'minutes':>9}")
    least = 0
    wrong = False
    small = [(0, PART_BYTES // 50)] * SMALL_RUNS  # what they need differs by chance: the most of them is the measure
    for wanted, part_bytes in (*small, (size // 100, PART_BYTES), (size, PART_BYTES)):
        parts = list(make_parts(part_bytes))
        used = write_parts(directory / "long.txt", parts, wanted)
        counts = counter.count([part.decode("utf-8", "replace") for part in parts])
        expected = sum(counts[number] * times for number, times in used.items())
        begun = time.perf_counter()
        found, held, peak = profile(directory)
        minutes = (time.perf_counter() - begun) / 60
        least = least if wanted else max(least, peak)
        grown = peak - least
        numbers = f"{held:>16,} {found:>16,} {expected:>16,} {peak / 1e6:>9.1f} {grown / 1e6:>9.1f} {minutes:>9.1f}"
        print(numbers, flush=True)
        wrong |= found != expected or grown >= MOST_GROWTH or held != (directory / "long.txt").stat().st_size
    return wrong


def make_parts(size: int) -> Iterator[bytes]:
    """Yield texts of about `size` bytes. Each begins with a letter and ends with a line break, so that sums hold."""
    chance = random.Random(10)
    for kind in (like_code, like_prose, of_any_class, of_white_space, of_digits, of_bytes, of_letters):
        lines, length = ["Part\n"], 0
        while length < size:
            line = f"{make_line(chance, kind)}\n"
            lines.append(line)
            length += len(line.encode())
        yield "".join(lines).encode()
    yield b"Part " + "\U0001f600 é\r\n".encode() * (size // 9) + b"\n"
    yield b"Part " + b"caf\xe9 \xff\xfe \xe6\x97 \xef\xbf\n" * (size // 16)
    yield (b"Part " + b"a line that is followed by blanks\n    and then by a slash\n/ and so on" * (size // 70) + b"\n")


def make_line(chance: random.Random, kind: Callable[[random.Random], str]) -> str:
    """Return some strings of a kind as one line, in which no NUL makes the whole text binary."""
    return " ".join(kind(chance) for _ in range(3)).replace("\0", "0")


def write_parts(path: Path, parts: Sequence[bytes], size: int) -> Counter[int]:
    """Write each part once, and more by chance up to `size` bytes; return how often each was written."""
    chance = random.Random(size)
    order = list(range(len(parts)))
    written = sum(map(len, parts))
    while written < size:
        order.append(chance.randrange(len(parts)))
        written += len(parts[order[-1]])
    with path.open("wb") as file:
        for number in order:
            file.write(parts[number])
    return Counter(order)


def profile(directory: Path) -> tuple[int, int, int]:
    """Return the tokens and bytes that the command finds below `directory`, and its peak memory in bytes."""
    with tempfile.NamedTemporaryFile("r") as memory:
        command = [sys.executable, "-P", "-c", COMMAND, "--profile", "--no-cache", "--format", "json", str(directory)]
        done = subprocess.run([*command, memory.name], stdout=subprocess.PIPE, check=True, cwd=directory)
        peak = int(memory.read()) * 1024
    total = json.loads(done.stdout)["total"]
    return total["tokens"], total["bytes"], peak


if __name__ == "__main__":
    main()
