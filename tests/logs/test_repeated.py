"""`--repeated short`: what earlier runs had takes a line, wherever it stands."""

from pathlib import Path

from loopflow.cli.logs import logs
from tests.support.run import Result, run

_TRACE = 'Traceback (most recent call last):\n  File "shop/{0}.py", line 3, in run\n    {0}()\n{1}: no {0}\n'
_BEFORE = "".join(f"step {number} of the work\n" for number in range(300))


def _reduce(here: Path, text: str, *arguments: str) -> Result:
    (here / "build.log").write_text(text)
    env = {"LOOPFLOW_DATA_DIR": str(here / "data")}
    return run("build.log", "--fit", "400", *arguments, cwd=here, env=env, command=logs)


def test_what_is_known_takes_a_line_at_the_end_too(tmp_path: Path) -> None:
    """The end of a log is printed at length, but for a failure in it that an earlier run had."""
    known, new = _TRACE.format("pears", "KeyError"), _TRACE.format("figs", "ValueError")
    assert known in _reduce(tmp_path, _BEFORE + known).out
    short = _reduce(tmp_path, f"{_BEFORE}{known}and on it goes\n{new}", "--repeated", "short").out
    [told] = [line for line in short.splitlines() if "pears" in line and not line.startswith("[also:")]
    assert " known since " in told
    assert new in short


def test_without_the_option_what_is_known_is_told_as_any(tmp_path: Path) -> None:
    """Whoever reads this digest need not have read the one before."""
    known = _TRACE.format("pears", "KeyError")
    first, second = (_reduce(tmp_path, _BEFORE + known).out for _ in range(2))
    assert first == second
