"""Rust: rustc, cargo test, panics."""

from typing import Final

from loopflow.logs.recognisers.rows import Recogniser

RECOGNISERS: Final = (
    Recogniser(
        "error",  # of rustc, and of what else writes so: git, cargo
        rb"^error(?:\[E\])?: (?!aborting|could not compile|test failed|subprocess)",
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
        goes_on=b"",
        ends=rb"---- .+ ----$|failures:$|test result:",
        headline=rb"thread '|assertion|Error:",
    ),
    Recogniser(
        "rust panic",
        rb"^\s*thread '.*' (?:\(\) )?panicked at",
        "panicked at",
        100,
        goes_on=rb"\s|$|note:|stack backtrace|\d+:|left|right|assertion",
        plain=1,
    ),
)
