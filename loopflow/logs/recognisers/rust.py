"""Rust: rustc, cargo test, panics."""

from typing import Final

from loopflow.logs.recognisers.rows import Recogniser

RECOGNISERS: Final = (
    Recogniser(
        "rustc",
        rb"^(?:\x1b\[[\d;]*m)?error(?:\[E\])?: (?!aborting|could not compile|test failed)",
        "^error",
        90,
        goes_on=rb"\s|\d+ +\||=|\.\.\.|note:|help:",
        headline=rb"error",
    ),
    Recogniser(
        "cargo test",
        rb"^---- .+ (?:stdout|stderr) ----$",
        "^----",
        100,
        ends=rb"---- .+ ----$|failures:$|test result:",
        headline=rb"thread '|assertion|Error:",
    ),
    Recogniser(
        "rust panic",
        rb"^\s*thread '.*' (?:\(\) )?panicked at",
        "panicked at",
        100,
        goes_on=rb"\s|$|note:|stack backtrace|\d+:|left|right|assertion",
    ),
    Recogniser("cargo test name", rb"^test \S+ .*\.\.\. FAILED$", "... failed", 60, goes_on=rb"(?!)", is_high=True),
)
