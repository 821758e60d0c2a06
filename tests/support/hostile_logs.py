"""Logs that are hostile, and what every digest must hold: tiktoken counts, and lines are compared."""

import io
import random
import re
from collections.abc import Sequence
from functools import cache

from loopflow.logs.gathering import Input
from loopflow.logs.model import Digest, LogRequest, Priority
from loopflow.logs.other_process import OtherProcess
from loopflow.logs.running import reduce_logs
from loopflow.tokens import create_counter
from loopflow.tokens.protocol import TokenCounter
from tests.support.oracle import count_text

ENCODINGS = ("o200k_base", "cl100k_base")

_OURS = re.compile(
    r"\[(?:log .*|[\d,]+ lines?(?:; .*)?|(?:F\d+:)?L\d.*|also: .*|also critical: .*|the same at .*|same: .*"
    r"|\.\.\. [\d,]+ lines? \.\.\.|[\d,]+ more critical)\](?: .*)?"
)

LINES = (
    b"",
    b"   ",
    b"\t",
    b"ok 12 - it works",
    b"INFO starting worker 17",
    b"2025-03-01T10:00:00.1234567Z step begins",
    b"2025-03-01T10:00:00.1234567Z ##[error]Process completed with exit code 1.",
    b"##[group]Run make",
    b"##[endgroup]",
    b"ERROR: cannot open file 'a.txt' for reading",
    b"error[E0308]: mismatched types",
    b"  --> src/main.rs:12:5",
    b"src/a.c:12:3: error: expected ';' before '}' token",
    b"src/b.c:99:3: error: expected ';' before '}' token",
    b"Traceback (most recent call last):",
    b'  File "a.py", line 3, in <module>',
    b"    raise ValueError('x')",
    b"ValueError: x",
    b"E       assert 1 == 2",
    b"____________________ test_a ____________________",
    b"FAILED tests/test_a.py::test_b - AssertionError: assert 1 == 2",
    b"make: *** [all] Error 2",
    b"warning: unused variable",
    b"npm ERR! code ELIFECYCLE",
    b"panic: runtime error: index out of range [5] with length 3",
    b"goroutine 1 [running]:",
    b'Exception in thread "main" java.lang.IllegalStateException: no',
    b"\tat a.b.C.d(C.java:12)",
    b"Caused by: java.io.IOException: gone",
    b"\t... 12 more",
    b"[L1-2]",
    b"[L1-2 ERR-0123456789] x",
    b"[also: 3 x L1-9] x",
    b"[... 7 lines ...]",
    b"[log a.log: 3 lines, 12 tokens -> 3 of 9; info]",
    b"<|endoftext|>",
    b"<|fim_prefix|> error: <|endofprompt|>",
    b"\x00\x01\x02",
    b"a\x00b",
    b"\x1b[31merror\x1b[0m: red",
    b"\x1b]0;title\x07 done",
    b"caf\xe9 na\xefve",
    b"\xff\xfe\xfd",
    b"\xc2\x9b31m",
    "ошибка: нет файла".encode(),
    "错误 文件".encode(),
    b" 10 %\r 50 %\rerror: it broke\r100 %",
    b"\r",
    b"a\rb\r",
    b"abc\b\b\bxyz",
    b"password=hunter2hunter2 and more",
    b"AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    b"AKIAIOSFODNN7EXAMPLE",
    b"-----BEGIN RSA PRIVATE KEY-----",
    b"MIIEpAIBAAKCAQEAu5mNPq6xmAwXn2v5nq1w0cVd8hZs0kqk9o9a8pMnQ1Yy",
    b"-----END RSA PRIVATE KEY-----",
    b'{"log":"error: in a container\\n","stream":"stderr","time":"2025-03-01T10:00:00Z"}',
    b'{"log":"half a ","stream":"stdout","time":"2025-03-01T10:00:00Z"}',
    b'{"level":"error","msg":"a\\nb","service":"s\\n\\u001b[31m","time":"2025-03-01T10:00:00Z"}',
    b'{"level":50,"msg":"it failed","err":{"stack":"Error: x\\n    at a (b.js:1:2)"}}',
    b'{"level":"info","message":"\\ud800 \\u0000 \\u009b"}',
    b"2025-03-01T10:00:00.123456789Z stderr F error: from cri",
    b"2025-03-01T10:00:00.123456789Z stdout P half",
    b"web-1  | error: no database",
    b"web-2  | Traceback (most recent call last):",
    b"[gw0] FAILED tests/test_a.py::test_c",
    b"travis_fold:start:install",
    b"travis_fold:end:install",
    b"section_start:1560896352:my_first_section\r\x1b[0KHeader",
    b"x" * 5_000,
    b"y " * 3_000 + b"error: in the middle " + b"z " * 3_000,
    b" " * 9_000,
    b"/path/to/a",
    b"    /indented",
    b"0 errors, 3 failed",
    b"0 errors, 0 failed",
    b'HTTP/1.1" 500 12',
    b"Segmentation fault (core dumped)",
    b"data corrupt",
    b"+ make test",
    b"::error file=a.js,line=1::Missing semicolon",
    b"##[add-mask]secret",
    b"<b>bold</b> <script>alert(1)</script>",
    b"BUILD FAILURE",
    b"Done. Your build exited with 1.",
    b"--- FAIL: TestX (0.00s)",
    "\u2028\u202e\u0085 x".encode(),
)


def make_log(seed: int, lines: int) -> bytes:
    """Return a log made by chance of hostile lines, some of which are repeated or numbered."""
    chance = random.Random(seed)  # noqa: S311  the same each time
    chosen: list[bytes] = []
    while len(chosen) < lines:
        line = chance.choice(LINES)
        kind = chance.random()
        if kind < 0.1:
            chosen += [line] * chance.randrange(2, 8)
        elif kind < 0.25:
            chosen.append(line + b" %d" % chance.randrange(1_000))
        else:
            chosen.append(line)
    end = chance.choice((b"\n", b"\n", b"\r\n", b"\r"))
    ends = [end if chance.random() < 0.2 else b"\n" for _ in chosen]
    data = b"".join(part for pair in zip(chosen, ends, strict=True) for part in pair)
    return data[:-1] if chance.random() < 0.3 else data


@cache
def counter(encoding: str = ENCODINGS[0]) -> TokenCounter:
    """Return what counts."""
    return create_counter(encoding)


def reduced(data: bytes | Sequence[bytes], request: LogRequest, encoding: str = ENCODINGS[0]) -> Digest:
    """Reduce a log, or several."""
    logs = [data] if isinstance(data, bytes) else data
    inputs = [Input("a.log", "", io.BytesIO(each)) for each in logs]
    return reduce_logs(inputs, request, counter(encoding))


def kill(process: OtherProcess | None) -> None:
    """End a process from outside."""
    assert process is not None
    process._process.kill()  # noqa: SLF001  who uses one has no need to


def is_ours(line: str) -> bool:
    """Whether a line of a digest has the form of one that we write."""
    return _OURS.fullmatch(line) is not None


def require_contract(digest: Digest) -> None:
    """Hold what is true of every digest."""
    tokens = count_text(digest.text, digest.encoding)
    assert tokens == digest.tokens_after
    assert tokens <= max(digest.fit - digest.buffer, 0)
    if digest.tokens_before is not None:
        assert tokens <= digest.tokens_before
    critical = next(each for each in digest.priorities if each.priority is Priority.CRITICAL)
    assert critical.found == critical.kept + digest.critical_missing
    assert critical.kept == critical.full + critical.trimmed + critical.line + critical.row
    assert digest.complete == (not digest.critical_missing)
    if not digest.is_whole:
        said = [int(each.replace(",", "")) for each in re.findall(r"(?m)^\[([\d,]+) more critical\]$", digest.text)]
        assert said == ([digest.critical_missing] if digest.critical_missing else [])
        ours = [line for line in digest.text.split("\n") if line.startswith("[")]
        assert [line for line in ours if not is_ours(line)] == []
