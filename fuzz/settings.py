"""Baselines and config files: any bytes give a value or an error that names the file, in bounded time.

A baseline that was read can be written, and reads the same. A config that was read has patterns that can be matched.
Half of the files are put together from the words of their languages, so that more than the first line is reached.
"""

from fuzz.draw import Draw
from loopflow.analysis.patterns import compile_patterns
from loopflow.config import resolve
from loopflow.errors import LoopflowError
from loopflow.io.baseline import Baseline, dump, parse
from loopflow.io.encoding import encoding_id
from tests.support.screen import can_act

_ENCODING = encoding_id("o200k_base")
_BASELINE = (
    *(b"{\n", b"}\n", b"[", b"]", b",\n", b":\n", b'"', b"\\", b"\n", b" ", b'"schema": 1,\n', b'"schema": true,', b'"files": {\n'),
    *(f'"encoding": "{_ENCODING}",\n'.encode(), b'"encoding": "cl100k_base:x:y",\n', b'"encoding": 1,', b'"":\n0\n}\n}\n'),
    *(b'"a":\n1,\n', b'"a":\n-1,\n', b'"b":\n', b"0", b"1e9", b"1.5", b"9" * 30, b"NaN", b"Infinity", b"null", b"true"),
    *(b"<<<<<<< ours\n", b"=======\n", b">>>>>>> theirs\n", b'"\\ud800":\n1,\n', b'"\\udcff":\n1,\n', b'"\\u0000":\n1,\n'),
    *(b'"..":\n1,\n', b'"/etc":\n1,\n', b"[" * 2000, b"\xff", b"\xef\xbb\xbf", b"\r", b"\x1b", b"\xe2\x80\xae"),
)
_CONFIG = (
    *(b"[budget]\n", b"[[rule]]\n", b"[tool.loopflow]\n", b"[tool.loopflow.budget]\n", b"[[tool.loopflow.rule]]\n", b"[rule]\n"),
    *(b'encoding = "o200k_base"\n', b"encoding = ", b"include = ", b"exclude = ", b"against = ", b"baseline = ", b"name = "),
    *(b"paths = ", b"types = ", b"total = ", b"file = ", b"growth = ", b"warn = ", b"level = ", b"keep = ", b"x = "),
    *(b'"a"\n', b'"b/"\n', b'["a", "b"]\n', b'["a/**/b/**/c/**/d"]\n', b'["[[:digit:]]"]\n', b'["[a"]\n', b'["\\\\"]\n'),
    *(b'["**/**/**"]\n', b'["' + b"*a" * 40 + b'"]\n', b'["!"]\n', b'[""]\n', b"[1]\n", b"[]\n", b"[", b"]\n", b"{", b"}\n"),
    *(b'"400k"\n', b'"1.5M"\n', b'"2%"\n', b'"0%"\n', b'"101%"\n', b'"-1"\n', b'"1e3"\n', b"400_000\n", b"-1\n", b"1.5\n"),
    *(b"9" * 5000, b"true\n", b"1979-05-27\n", b"inf\n", b"nan\n", b'"fail"\n', b'"warn"\n', b'"../x"\n', b'"/x"\n', b'"a\\u0000"\n'),
    *(b"# x\n", b"\n", b"=", b".", b'"', b"'", b'"""', b"\\", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\r", b"\x1b", b"\xe2\x80\xae", b"loopflow"),
    *(b"a.b.c.d = 1\n", b'"a\\nb" = 1\n', b"[" * 500, b"budget.total = 1\n", b'budget = {total = "1k"}\n', b'rule = [{name = "x"}]\n'),
)
_PATHS = ("a", "a/b/c/d/e/f", "a" * 60, "src/a.py", "caf\udce9", "b/a/b/a/b")
_MOST_ATOMS = 40


def check(data: bytes) -> None:
    """Raise AssertionError, or whatever is raised, where anything of that does not hold."""
    draw = Draw(data)
    if draw.yes():
        _check_baseline(draw.join(_BASELINE, _MOST_ATOMS) if draw.yes() else draw.rest())
    else:
        _check_config(draw)


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
    files = {name: draw.join(_CONFIG, _MOST_ATOMS) if draw.yes() else draw.take(draw.number(200)) for name in names}
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
