"""--window and --fit with the name of a model."""

import pytest

from loopflow.analysis.windows import DATE, WINDOWS, ModelWindow
from tests.support.builder import Repo
from tests.support.charts import words
from tests.support.oracle import count_text
from tests.support.run import Result, run
from tests.support.schema import complaints


@pytest.fixture
def project(repo: Repo) -> Repo:
    repo.track({"a.py": words(300), "b.py": words(200, "b")}).commit()
    return repo


@pytest.mark.parametrize("row", WINDOWS, ids=lambda row: row.name)
def test_a_name_is_a_number(row: ModelWindow, project: Repo) -> None:
    """The name of a model is its number, however it is written, and the line says whose it is and of when."""
    options = ("--profile", "--depth", "0", "--top", "0", "--window")
    named, numbered = (run(*options, each, cwd=project.root) for each in (row.name.upper(), str(row.tokens)))
    assert f"Window of {row.name} ({DATE}): {row.tokens:,} tokens, " in named.out
    assert "other models' tokenizers" in named.out
    assert named.out.replace(f" of {row.name} ({DATE})", "") == numbered.out


@pytest.mark.parametrize("option", [("--profile", "--window"), ("--fit",)])
@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("gpt5", "gpt-5, "),
        ("sonnet-4.5", "claude-sonnet-4-5, "),
        ("gemini", "gemini-3.5-flash, "),
        ("gpt-5\x1b[31m", "gpt-5, "),
        ("zzzz", ""),
    ],
)
def test_an_unknown_name(option: tuple[str, ...], name: str, near: str, project: Repo) -> None:
    """A model that is not in the table is no window: the nearest names are said, and where the table is."""
    result = run(*option, name, cwd=project.root)
    shown = name.replace("\x1b", "\\x1b")
    what = f"code-context: error: {option[-1]}: '{shown}' is no number of tokens, and no model of the table of {DATE}; "
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert result.err.startswith(f"{what}try {near}" if near else f"{what}write for example")
    assert result.err.endswith("the table is docs/reference/windows.md\n")


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "k", "", "5%", "1e6", "9" * 30])
def test_what_is_neither(value: str, project: Repo) -> None:
    """What is no number of tokens is still none."""
    result = run("--fit", value, cwd=project.root)
    assert (result.code, result.out) == (2, "")
    assert "is no number of tokens" in result.err


def test_the_model_in_json(project: Repo) -> None:
    """JSON has the model beside its window, and null where a number was named."""
    for window, model in (("o3", "o3"), ("200k", None)):
        document = run("--profile", "--format", "json", "--window", window, cwd=project.root).json
        assert complaints(document) == []
        assert (document["plan"]["model"], document["plan"]["window"]) == (model, 200_000)


def test_a_context_for_a_model_keeps_the_reserve(repo: Repo) -> None:
    """--fit with a name keeps a quarter of the window free, as --window does, and says why; with a number, nothing."""
    repo.track({f"{name}.py": words(30_000, name) for name in "abcde"}).commit()
    named = run("--fit", "gpt-4o", cwd=repo.root)
    assert 60_000 < count_text(named.out, "o200k_base") <= 96_000
    assert f"the window of gpt-4o has 128,000 tokens ({DATE}), 32,000 kept back: counted is o200k_base" in named.err
    whole = run("--fit", "gpt-4o", "--reserve", "0%", cwd=repo.root)
    numbered = run("--fit", "128k", cwd=repo.root)
    assert whole.out == numbered.out
    assert _without_model(whole) == numbered.err


def _without_model(result: Result) -> str:
    return "".join(line for line in result.err.splitlines(keepends=True) if "the window of" not in line)
