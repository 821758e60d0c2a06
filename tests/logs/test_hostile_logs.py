"""Logs that are large or strange: bounded memory, no failure lost, and a digest that keeps its word."""

import gzip
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from loopflow.logs.model import Digest, LogRequest, Priority
from tests.support.hostile_logs import reduced, require_contract
from tests.support.run import environment

PROGRAM = (sys.executable, "-c", "from loopflow.cli.main import main; main()", "logs")
WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa")


def name(number: int) -> str:
    """Return a name without digits, another for each number."""
    return "".join(chr(97 + int(digit)) for digit in str(number))


def critical(digest: Digest) -> tuple[int, int]:
    """Return how many critical failures were found, and how many are told."""
    return next((each.found, each.kept) for each in digest.priorities if each.priority is Priority.CRITICAL)


def test_thousands_of_different_errors() -> None:
    """Each is counted, and what is not told is said."""
    lines = [f"error: cannot open file '{name(number)}.txt'\n\n\n\n\n" for number in range(4_000)]
    digest = reduced("".join(lines).encode(), LogRequest(4_000))
    require_contract(digest)
    assert critical(digest)[0] == 4_000
    assert digest.critical_missing > 0


def test_many_equal_errors_are_one() -> None:
    """With their number, and where the first and the last of them were."""
    digest = reduced(b"error: cannot open file a.txt\nplain\nwords\nof\na\nlog\n" * 20_000, LogRequest(1_000))
    require_contract(digest)
    [failure] = [each.failure for each in digest.outcomes]
    assert failure.count == 20_000
    assert (failure.spans[0].first, failure.spans[-1].last > 119_990) == (1, True)


def test_a_block_of_more_lines_than_one_may_have() -> None:
    """Its beginning and its end are kept, and how many lines are not."""
    frames = b"".join(b'  File "a.py", line %d, in f%d\n    f()\n' % (each, each) for each in range(2_000))
    data = b"Traceback (most recent call last):\n" + frames + b"RecursionError: maximum depth\n" + b"more words\n" * 900
    digest = reduced(data, LogRequest(3_000))
    require_contract(digest)
    [failure] = [each.failure for each in digest.outcomes]
    assert (failure.block.span.first, failure.block.span.last, failure.block.cut > 3_000) == (1, 4_002, True)
    assert "RecursionError: maximum depth" in digest.text


def test_a_trace_that_the_end_cuts_is_told() -> None:
    """As far as it goes."""
    cut = 'Traceback (most recent call last):\n  File "a.py", line 3, in <module>\n    rai'
    digest = reduced(b"words of a log\n" * 2_000 + cut.encode(), LogRequest(200))
    require_contract(digest)
    assert cut in digest.text


OURS = (
    "[L1-2]",
    "[L1-2 ERR-0123456789] error: it is not ours",
    "[also: 12 x L1-9] words",
    "[... 12 lines ...]",
    "[log a.log: 12 lines, 3 tokens -> 2 of 9; info]",
    "[12 more critical]",
    "[same: L1 a | L2 b]",
)


@pytest.mark.parametrize("line", OURS)
def test_a_line_that_looks_like_ours_has_a_space_before_it(line: str) -> None:
    """So nobody takes it for what we say."""
    words = "words of a log\n" * 3_000
    digest = reduced(f"{words}error: it broke\n{line}\n  indented\n{line}\n".encode(), LogRequest(300))
    require_contract(digest)
    assert [each for each in digest.text.split("\n") if each.strip() == line] == [f" {line}"] * 2


def test_a_digest_within_a_log_is_a_log() -> None:
    """What it says of failures is not what happened here, but its lines are lines."""
    inner = reduced(b"error: it broke\n" * 5 + b"words of a log\n" * 3_000, LogRequest(300)).text.encode()
    digest = reduced(b"begins\n" + inner + b"words of a log\n" * 3_000, LogRequest(500))
    require_contract(digest)


@pytest.mark.parametrize("token", ["<|endoftext|>", "<|fim_prefix|>", "<|endofprompt|>", "<|im_start|>"])
def test_names_of_special_tokens_are_text(token: str) -> None:
    """They are counted as what they are, and printed."""
    for data in (f"error: {token} it broke\n", f"error: {token} it broke\n" + f"{token}\n" * 5_000):
        digest = reduced(data.encode(), LogRequest(1_000))
        require_contract(digest)
        assert token in digest.text


@pytest.mark.parametrize("char", [b" ", b"\t", b"\xc2\xa0", b"a", b"/", b"{", b"\x00", b"\xff", "😀".encode()])
def test_a_line_of_a_million_of_one_character(char: bytes) -> None:
    """It is cut before its digest is counted."""
    digest = reduced(b"error: it broke\n" + char * 1_000_000 + b"\nerror: after\n", LogRequest(5_000))
    require_contract(digest)
    assert digest.text.startswith("error: it broke\n")
    assert digest.text.endswith("\nerror: after\n")


@pytest.mark.parametrize("line", [b"    indented words\n", b"/path/of/a/file\n", b"\n", b" \n", b"\twords\n"])
def test_lines_between_which_nothing_can_be_cut(line: bytes) -> None:
    """A log that is one stretch for the tokenizer is read in the same time for any size of reads."""
    data = line * 20_000
    digest = reduced(data, LogRequest(2_000, read_size=997))
    require_contract(digest)
    assert digest == reduced(data, LogRequest(2_000))


def test_what_other_programs_act_on_is_text() -> None:
    """Commands of a workflow and markup: a digest as text has them as they are, where they begin no line of ours."""
    lines = [
        "::error::x",
        "::set-output name=a::b",
        "##[add-mask]x",
        "<script>alert(1)</script>",
        "# title",
        "| a | b |",
    ]
    data = "\n".join([*lines, "error: it broke", *["words of a log"] * 3_000])
    digest = reduced(data.encode(), LogRequest(400))
    require_contract(digest)
    assert not [line for line in digest.text.split("\n") if line.startswith("[") and "::" in line.partition("]")[0]]


@pytest.mark.long
def test_long_lines_that_all_differ_take_bounded_memory(tmp_path: Path) -> None:
    """What is remembered of kinds of lines is bounded by bytes and not by their number."""
    code = "import sys\nfor n in range(10_000):\n print('error: cannot open', chr(97 + n % 26) * 3_000, hex(n * 7919))"
    assert piped(code, tmp_path) < 330 * 1_048_576


# Those that take long.


def piped(code: str, cwd: Path, *options: str) -> int:
    """Let a program print a log into ours; return the most memory that ours had, in bytes."""
    report = cwd / "peak"
    watch = (
        "import atexit, re\n"
        f"atexit.register(lambda: open({str(report)!r}, 'w').write("
        "re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]))\n"
        "from loopflow.cli.main import main\nmain()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as source:
        done = subprocess.run(
            [sys.executable, "-c", watch, "logs", "-", "--fit", "4000", *options],
            cwd=cwd,
            env=environment(),
            stdin=source.stdout,
            capture_output=True,
            check=False,
            preexec_fn=_limit(3 << 30),
        )
    assert (done.returncode, done.stderr) == (0, done.stderr)
    assert b"error" in done.stdout
    return int(report.read_text()) * 1024


def _limit(most: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most))


@pytest.mark.long
@pytest.mark.parametrize(
    "body",
    [
        "w(b'error: x ')\nfor _ in range(3_000): w(bytes(1_000_000))",
        "for n in range(1_000_000): w(b'error: cannot open %s %s\\n' % (hex(n * 7919).encode(), b'x' * 170))",
        "for n in range(1_000_000): w(b'error: cannot open a.txt\\n\\n\\n\\n\\n')",
        "w(b'error: x\\n')\nfor n in range(3_000_000): w(b'    indented words of a log\\n')",
    ],
    ids=["a line of 3 GB", "a million different errors", "a million equal errors", "nowhere to cut"],
)
def test_memory_is_bounded(body: str, tmp_path: Path) -> None:
    """Whatever comes, however much of it."""
    code = f"import sys\nw = sys.stdout.buffer.write\n{body}"
    assert piped(code, tmp_path, "--no-store") < 400 * 1_048_576


@pytest.mark.long
def test_what_unpacks_to_a_gigabyte_takes_bounded_memory(tmp_path: Path) -> None:
    """It is read as a stream."""
    packed = tmp_path / "a.gz"
    with gzip.open(packed, "wb", compresslevel=1) as file:
        file.write(b"error: it broke\n")
        for _ in range(1_000):
            file.write(bytes(1_000_000))
    code = f"import shutil, sys\nshutil.copyfileobj(open({str(packed)!r}, 'rb'), sys.stdout.buffer)"
    assert piped(code, tmp_path, "--no-store") < 400 * 1_048_576


@pytest.mark.long
def test_a_command_that_prints_much_takes_bounded_memory(tmp_path: Path) -> None:
    """As a pipe does."""
    script = "import sys\nfor n in range(4_000_000): sys.stdout.write('words of a log and error %d: x\\n' % (n % 7))"
    (tmp_path / "much.py").write_text(script)
    done = subprocess.run(
        [*PROGRAM, "run", "--no-store", "--fit", "2000", "--", sys.executable, "much.py"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        check=False,
        preexec_fn=_limit(3 << 30),
    )
    assert (done.returncode, b"4,000,000 lines" in done.stdout) == (0, True)
