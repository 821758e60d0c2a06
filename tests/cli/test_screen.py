"""Colours and widths: on a terminal, off it, and when somebody asks for something else."""

import re
from pathlib import Path

import pytest

from tests.support.builder import Repo
from tests.support.run import Result, run
from tests.support.screen import ANSI, can_act, columns, run_beside_terminal, run_in_terminal

NO_COLOR, FORCE_COLOR, DUMB = {"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}, {"TERM": "dumb"}

LONG = "a-directory-with-a-name/" * 4 + "日本語の長いファイル名-and-then-some.component.test.tsx"


@pytest.fixture(scope="module")
def shown(isolated_session: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """Return a repository with names that are long, deep or hostile."""
    repo = Repo(tmp_path_factory.mktemp("shown") / "repo")
    deep = "deep/" * 20 + "end.py"
    return repo.track({LONG: "x = 1\n" * 9, deep: "y\n", "[red]\x1b[31m\u202e.py": "z\n", "long" * 40: b"\0"}).root


@pytest.mark.parametrize(
    ("options", "env", "coloured"),
    [
        ([], {}, False),
        ([], FORCE_COLOR, True),
        ([], FORCE_COLOR | NO_COLOR, False),
        (["--color", "always"], NO_COLOR, True),
        (["--color", "never"], FORCE_COLOR, False),
        (["--format", "json", "--color", "always"], FORCE_COLOR, False),
    ],
)
def test_colour_in_a_pipe(options: list[str], env: dict[str, str], coloured: bool, binary: Path) -> None:  # noqa: FBT001
    """Off a terminal there is no colour unless it is asked for; the option goes before the environment."""
    result = run("--profile", *options, cwd=binary, env=env)
    assert ("\x1b[" in result.out) == coloured
    assert result.code == 0


@pytest.mark.parametrize(
    ("options", "env", "coloured"),
    [
        ([], {}, True),
        ([], NO_COLOR, False),
        ([], DUMB, False),
        (["--color", "never"], {}, False),
        (["--format", "json"], {}, False),
    ],
)
def test_colour_on_a_terminal(options: list[str], env: dict[str, str], coloured: bool, binary: Path) -> None:  # noqa: FBT001
    """On a terminal there is colour unless it cannot show any, or nobody wants it."""
    result = run_in_terminal("--profile", *options, cwd=binary, env=env)
    assert ("\x1b[" in result.out) == coloured
    assert result.code == 0


@pytest.fixture(scope="module")
def at_60(shown: Path) -> Result:
    """Return the charts on a terminal of 60 columns."""
    return run_in_terminal("--profile", "--files", cwd=shown, width=60)


def test_charts_fit_the_terminal(at_60: Result) -> None:
    """Long names and deep trees are shortened to the width that the terminal has, with colour or without."""
    lines = ANSI.sub("", at_60.out).splitlines()
    assert max(map(columns, lines)) <= 60
    assert any("…" in line and line.endswith(".test.tsx") for line in lines)
    assert (at_60.code, at_60.err) == (0, "")


def test_names_cannot_act_on_a_terminal(at_60: Result) -> None:
    """Apart from our own colours, nothing that is printed is a control or a format character."""
    lines = ANSI.sub("", at_60.out).splitlines()
    assert not [line for line in lines if can_act(line)]
    assert any(line.endswith("[red]\\x1b[31m\\u202e.py") for line in lines)


def test_a_wide_terminal_shortens_nothing(shown: Path) -> None:
    """At 220 columns the same names are whole, and what is printed is what a pipe gets, but for longer bars."""
    wide = run_in_terminal("--profile", "--files", cwd=shown, width=220)
    bars = re.compile(r"[▏▎▍▌▋▊▉█]+ *|(?<=[0-9]) {3,}(?=[├└│])")
    assert bars.sub("", ANSI.sub("", wide.out)) == bars.sub("", run("--profile", "--files", cwd=shown).out)
    assert LONG in wide.out


def test_a_large_tree_is_two_screens_long(repo: Repo) -> None:
    """On a terminal the smallest rows are folded; -v, a depth, a file and a pipe have all of them."""
    repo.track({f"d{number}/in/{each}.py": "x = 1\n" * number for number in range(1, 41) for each in "ab"}).commit()
    folded = run_in_terminal("--profile", cwd=repo.root, env={"LINES": "24"}).out
    assert len(folded.splitlines()) <= 48
    assert "smaller rows are folded; -v or --depth N shows them" in folded
    for options in (("-v",), ("--depth", "9")):
        assert "d1/in/" in run_in_terminal("--profile", *options, cwd=repo.root, env={"LINES": "24"}).out
    assert "d1/in/" in run("--profile", cwd=repo.root, env={"LINES": "24"}).out


def test_columns_go_before_the_terminal(shown: Path) -> None:
    """COLUMNS says how wide charts are on a terminal, and nothing off it."""
    env = {"COLUMNS": "70"}
    lines = ANSI.sub("", run_in_terminal("--profile", cwd=shown, width=200, env=env).out).splitlines()
    assert 60 < max(map(columns, lines)) <= 70
    assert LONG in run("--profile", cwd=shown, env=env).out


def test_data_is_not_shortened(shown: Path) -> None:
    """A context has whole names on the narrowest terminal, and no colours."""
    narrow = run_in_terminal(LONG, cwd=shown, width=20)
    assert f"\n<source>{LONG}</source>\n" in narrow.out
    assert "\x1b" not in narrow.out


# Slow enough for somebody to wait: the engine alone takes longer to load than progress takes to appear.
SLOW = {"LOOPFLOW_ENGINE": "tiktoken"}
BRIEF = ["--profile", "--depth", "0", "--top", "1"]


def test_progress_is_shown_to_who_waits(large: Path) -> None:
    """With a terminal for stderr a run that takes a while shows how far it is there, and takes it away at the end."""
    result = run_beside_terminal(*BRIEF, cwd=large, env=SLOW)
    assert result.code == 0
    assert re.search(r"counting .* of 1,000 files, 0 MB", result.err)
    assert result.err.endswith("\x1b[2K")
    assert result.out == run(*BRIEF, cwd=large).out


@pytest.mark.parametrize(("options", "env"), [([], {"CI": "true"}), ([], {"PRE_COMMIT": "1"}), (["--quiet"], {})])
def test_progress_is_not_shown(options: list[str], env: dict[str, str], large: Path) -> None:
    """In CI, under pre-commit and with --quiet, stderr has no progress even if it is a terminal."""
    result = run_beside_terminal(*BRIEF, *options, cwd=large, env=SLOW | env)
    assert (result.code, result.err) == (0, "")


def test_progress_is_not_shown_in_a_log(large: Path) -> None:
    """Without a terminal for stderr, nothing is said while the run goes on."""
    assert run(*BRIEF, cwd=large, env=SLOW | {"FORCE_COLOR": "1"}).err == ""
