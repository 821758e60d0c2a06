"""Baselines and config files: any bytes give a value or an error that names the file, in bounded time.

A baseline that was read can be written, and reads the same. A config that was read has patterns that can be matched.
Most files begin as valid ones, of which some lines are then replaced, so that more than the first line is reached.
"""

import json
from collections.abc import Sequence
from typing import TypeAlias

from fuzz.draw import Draw
from loopflow.analysis.patterns import compile_patterns
from loopflow.config.resolve import resolve
from loopflow.errors import LoopflowError
from loopflow.io.baseline import Baseline, dump, parse
from loopflow.tokens.encodings import encoding_id
from tests.support.screen import can_act

_ENCODING = encoding_id("o200k_base")
# What is put among the lines of a baseline, each as a line of its own.
_BASELINE = (
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b'"',
        b"\\",
        b"",
        b" ",
        b'"schema": true,',
        b'"schema": 2,',
        b'"schema": 1e0,',
    ),
    *(b'"encoding": "cl100k_base:x:y",', b'"encoding": 1,', b'"encoding": "o200k_base:old:x",', b'"files": {'),
    *(b'"files": 1,', b'"a":\n-1,', b'"a":\n1.5,', b'"a":\n1e9,', b'"a":\nNaN,', b'"a":\nnull,', b'"a":\ntrue,'),
    *(
        b'"a":\n"1",',
        b'"a":\n{},',
        b"<<<<<<< ours",
        b"=======",
        b">>>>>>> theirs",
        b'"\\ud800":\n1,',
        b'"\\udcff":\n1,',
    ),
    *(
        b'"\\u0000":\n1,',
        b'"..":\n1,',
        b'"a":\n1,',
        b'"/etc":\n1,',
        b'"a":\n' + b"9" * 5000 + b",",
        b'"a":\n' + b"[" * 2000,
    ),
    *(b"\xff", b"\xef\xbb\xbf", b"\r", b"\x1b", b"\xe2\x80\xae", b"// x", b'"x": 1,', b'"a" 1', b"0", b"\x00"),
)
_TABLES = (
    *("", "[budget]", "[[rule]]", "[rule]", "[budget.x]", "[tool.loopflow]", "[tool.loopflow.budget]"),
    *("[[tool.loopflow.rule]]", "[[rule]]", "[x]"),
)
_KEYS = (
    *("encoding", "include", "exclude", "against", "baseline", "keep", "budget", "rule", "name", "paths", "types"),
    *("total", "file", "growth", "warn", "level", "x", "budget.total", '"a\\nb"', "'name'", "a.b.c.d", "rule.x"),
)
_VALUES = (
    *(
        '"o200k_base"',
        '"cl100k_base"',
        '"gpt2"',
        '"a"',
        '"b/"',
        '["a", "b"]',
        '["a/**/b/**/c/**/d"]',
        '["[[:digit:]]"]',
    ),
    *(
        '["[a"]',
        '["\\\\"]',
        '["**/**/**"]',
        '["' + "*a" * 40 + '"]',
        '["!"]',
        '["!a"]',
        '[""]',
        "[1]",
        "[]",
        "[[]]",
        "{}",
    ),
    *(
        '"400k"',
        '"1.5M"',
        '"2%"',
        '"0%"',
        '"101%"',
        '"-1"',
        '"1e3"',
        "400_000",
        "-1",
        "0",
        "1.5",
        "1e400",
        "inf",
        "nan",
    ),
    *(
        "true",
        "1979-05-27",
        '"fail"',
        '"warn"',
        '"../x"',
        '"/x"',
        '"x/"',
        '"a\\u0000"',
        '"\\u202e"',
        '""',
        '"""a\nb"""',
    ),
    *('{total = "1k"}', '[{name = "x", paths = ["a"], total = 1}]', "9" * 5000, '".py"', '[".py", "Makefile"]', "["),
)
_CONFIG = (
    *(b"# x", b"", b"=", b'"', b"'", b'"""', b"\\", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\r", b"\x1b", b"\xe2\x80\xae"),
    *(b"[" * 500, b"a = {" * 200, b"]", b"}", b"[[rule]", b"rule = 1", b"x = ''", b"loopflow", b"x"),
)
_PATHS = ("a", "a/b/c/d/e/f", "a" * 60, "src/a.py", "caf\udce9", "b/a/b/a/b")
_MOST_LINES = 8

_Change: TypeAlias = tuple[int, int, list[bytes]]


def check(data: bytes) -> None:
    """Raise AssertionError, or whatever is raised, where anything of that does not hold."""
    draw = Draw(data)
    if draw.yes():
        _check_baseline(draw.rest() if draw.number(7) == 1 else _make_baseline(draw))
    else:
        _check_config(draw)


def _make_baseline(draw: Draw) -> bytes:
    changes = _changes(draw, _BASELINE)
    lines = [b"{", b'"schema": 1,', f'"encoding": "{_ENCODING}",'.encode(), b'"files": {']
    for _ in range(min(draw.number(_MOST_LINES), draw.left)):
        lines += [f"{json.dumps(draw.path())}:".encode(), b"%d," % draw.count()]
    return _spoil([*lines, b'"":', b"0", b"}", b"}", b""], changes)


def _make_config(draw: Draw) -> bytes:
    changes = _changes(draw, _CONFIG)
    lines = []
    for _ in range(min(draw.number(_MOST_LINES), draw.left)):
        if draw.number(3) == 1:
            lines.append(draw.pick(_TABLES))
        value = json.dumps(draw.name()) if draw.number(7) == 1 else draw.pick(_VALUES)
        lines.append(f"{draw.pick(_KEYS)} = {value}")
    return _spoil([line.encode() for line in lines], changes)


def _changes(draw: Draw, others: Sequence[bytes]) -> list[_Change]:
    """Return up to three changes: where, how many lines go, what comes."""
    return [
        (draw.number(2 * _MOST_LINES), draw.number(1), [draw.pick(others)] if draw.yes() else [])
        for _ in range(draw.number(3))
    ]


def _spoil(lines: list[bytes], changes: Sequence[_Change]) -> bytes:
    for at, gone, come in changes:
        lines[at : at + gone] = come
    return b"\n".join(lines)


def _check_baseline(data: bytes) -> None:
    try:
        baseline = parse(data, "base\nline", _ENCODING)
    except LoopflowError as error:
        _require_readable(error, "base\\nline")
        return
    assert parse(dump(baseline).encode(), "again", _ENCODING) == Baseline(_ENCODING, dict(baseline.files))


def _check_config(draw: Draw) -> None:
    names = draw.pick((("loopflow.toml",), ("pyproject.toml",), ("loopflow.toml", "pyproject.toml")))
    options = {key: draw.name() for key in ("encoding", "against", "baseline") if draw.number(7) == 1}
    variables = {"LOOPFLOW_BASELINE": draw.name()} if draw.number(7) == 1 else {}
    files = {name: draw.take(draw.number(200)) if draw.number(7) == 1 else _make_config(draw) for name in names}
    try:
        config = resolve(files, variables, options)
    except LoopflowError as error:
        _require_readable(error, "")
        return
    for patterns in (config.include, config.exclude, *(rule.paths for rule in config.rules)):
        matcher = compile_patterns(patterns, "here")
        for path in _PATHS:
            matcher.match(path)


def _require_readable(error: LoopflowError, name: str) -> None:
    """Raise AssertionError unless an error is two lines that can be printed, and names the file."""
    assert not can_act(error.message + error.hint), error.message
    assert name in error.message
