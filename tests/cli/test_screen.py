"""Colours and widths: on a terminal, off it, and when somebody asks for something else."""

from pathlib import Path

import pytest

from tests.support.builder import Repo
from tests.support.run import Result, run
from tests.support.screen import ANSI, can_act, columns, run_in_terminal

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
        (["--color", "always"], {}, True),
        (["--color", "always"], NO_COLOR, True),
        (["--color", "never"], FORCE_COLOR, False),
        (["--color", "auto"], FORCE_COLOR, True),
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
        ([], DUMB | FORCE_COLOR, True),
        (["--color", "never"], {}, False),
        (["--color", "always"], NO_COLOR | DUMB, True),
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
    """At 220 columns the same names are whole, and what is printed is what a pipe gets."""
    wide = run_in_terminal("--profile", "--files", cwd=shown, width=220)
    assert ANSI.sub("", wide.out) == run("--profile", "--files", cwd=shown).out
    assert LONG in wide.out


def test_data_is_not_shortened(shown: Path) -> None:
    """A context has whole names on the narrowest terminal, and no colours."""
    narrow = run_in_terminal(LONG, cwd=shown, width=20)
    assert f"\n<source>{LONG}</source>\n" in narrow.out
    assert "\x1b" not in narrow.out
