"""Logs that are reduced in the tests' own process, from bytes."""

import io
from functools import cache

from loopflow.logs.gathering import Input
from loopflow.logs.model import LogRequest
from loopflow.logs.running import Reduced, read_and_reduce
from loopflow.tokens import create_counter
from loopflow.tokens.protocol import TokenCounter

HOSTILE = (
    "::set-env name=PATH::/tmp",
    "  ::error file=x::y",
    "##[error]Process completed with exit code 1.",
    "</details><script>hit()</script>",
    "</code></pre><img src=x onerror=hit()>",
    "```",
    "`````text",
    "~~~~",
    "| a | b |",
    "\\| `x | y`",
    "[L1-2 ERR-AAAAAAAAAA] not ours",
    "]]> & &amp; {{ 7 * 7 }} {% x %}",
    "100%25 %0A::stop-commands::x",
    "@everyone #1 :tada: <https://x.example>",
    "\u202egnp.exe \u2066x\u2069",
    "\u2028::warning::x\u2029",
    "error: src/a.py:3: <b>bold</b>",
    'File "a,b::c.py", line 4, in <module>',
    "ValueError: `x` | <i>y</i> ::error::z",
    "FAILED tests/test_a.py::test_x - assert '</summary>' == 1",
)
"""Lines that would like to act in some form of a digest."""


@cache
def counter() -> TokenCounter:
    """Return what counts."""
    return create_counter("o200k_base")


def count(text: str) -> int:
    """Return the tokens of a text."""
    return counter().count([text])[0]


def reduce_text(text: str, fit: int, name: str = "build.log") -> Reduced:
    """Return the digest of a log with this text."""
    given = Input(name, "", io.BytesIO(text.encode("utf-8", "surrogateescape")))
    return read_and_reduce([given], LogRequest(fit), counter())
