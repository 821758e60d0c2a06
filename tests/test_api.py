"""What `import loopflow` gives: the examples in its documentation are run on a small repository."""

import doctest
import os
import pydoc
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import loopflow
from loopflow import api, tokens
from loopflow.errors import LoopflowError
from loopflow.model import CompareRequest, CountRequest, FitRequest, Index, SelectRequest
from loopflow.usecases import pipeline
from tests.support.builder import Repo, write_files
from tests.support.run import run

CONFIG = """
[budget]
total = "10k"
[[rule]]
name = "library"
paths = ["src/lib/"]
total = 7
"""


@pytest.fixture
def project(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Return a repository with a commit and a staged file, and make it the current directory."""
    repo.track({"src/app.py": "def main():\n    return 'hello'\n", "loopflow.toml": CONFIG}).commit()
    repo.track({"src/lib/util.py": "def twice(x):\n    return 2 * x\n"})
    monkeypatch.chdir(repo.root)
    return repo


@pytest.mark.parametrize("module", [loopflow, pipeline, api, tokens])
@pytest.mark.usefixtures("project")
def test_the_examples_are_true(module: object) -> None:
    """Every example in the documentation prints what it says."""
    finder = doctest.DocTestFinder()
    runner = doctest.DocTestRunner(optionflags=doctest.FAIL_FAST)
    for test in finder.find(module):
        runner.run(test)
    assert runner.tries
    assert runner.failures == 0


def test_everything_that_is_exported_is_there() -> None:
    """Each name can be imported, is documented and has one home."""
    for name in loopflow.__all__:
        assert getattr(loopflow, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = loopflow.nothing


def test_importing_it_imports_nothing_else() -> None:
    """What is not used is not loaded: the command's --help passes through the package too."""
    shown = "import sys, loopflow; print([name for name in sys.modules if name.startswith('loopflow.')])"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: SelectRequest(paths="src"), "paths=('src',)"),  # type: ignore[arg-type]
        (lambda: SelectRequest(paths=Path("src")), "paths=('src',)"),  # type: ignore[arg-type]
        (lambda: SelectRequest(extensions="py"), "extensions=('py',)"),  # type: ignore[arg-type]
        (lambda: SelectRequest(include="*.py"), "include=('*.py',)"),  # type: ignore[arg-type]
        (lambda: SelectRequest(exclude="it's"), 'exclude=("it\'s",)'),  # type: ignore[arg-type]
        (lambda: FitRequest(100, keep="src/"), "keep=('src/',)"),  # type: ignore[arg-type]
        (lambda: SelectRequest(paths=b"src"), "b'src'"),  # type: ignore[arg-type]
        (lambda: SelectRequest(paths=(1,)), "1 is none"),  # type: ignore[arg-type]
        (lambda: SelectRequest(exclude=None), "None"),  # type: ignore[arg-type]
        (lambda: SelectRequest(source="HEAD"), "Revision('HEAD')"),  # type: ignore[arg-type]
    ],
)
def test_what_has_another_type_is_refused(make: Callable[[], object], said: str) -> None:
    """One text where several are wanted would be taken for its letters: the error says what to write."""
    with pytest.raises(TypeError) as caught:
        make()
    assert said in str(caught.value)


def test_lists_and_paths_are_taken() -> None:
    """What is no tuple becomes one."""
    request = SelectRequest(paths=["a", Path("b")], extensions=["py"])  # type: ignore[arg-type]
    assert (request.paths, request.extensions) == (("a", "b"), ("py",))
    assert FitRequest(1, Fraction(0), ["x"]).keep == ("x",)  # type: ignore[arg-type]


@pytest.mark.parametrize("jobs", [0, -1, -8])
def test_a_number_of_threads_is_one(jobs: int) -> None:
    """What is no number of threads is an error that says so, and not one of the library that starts them."""
    with pytest.raises(ValueError, match=f"jobs is {jobs}; write 1 or more"):
        CountRequest(jobs=jobs)


@pytest.mark.parametrize("file", ["counts", "./counts", "kept/counts", Path("counts")])
def test_where_counts_are_kept(project: Repo, file: str | Path, tmp_path: Path) -> None:
    """A name without a directory is a file in the root of the run, wherever the process is."""
    os.chdir(tmp_path)
    counted = loopflow.profile("src", CountRequest(cache_file=file), root=str(project.root))
    assert counted.profile.total.tokens == 19
    assert (project.root / file).is_file()


@pytest.mark.parametrize("asked", ["src", Path("src"), ["src"], ("src/app.py", Path("src/lib")), "src/app.py,src/lib"])
@pytest.mark.usefixtures("project")
def test_paths_are_a_request(asked: Any) -> None:  # noqa: ANN401
    """A path, or several, ask for what a request with them asks for."""
    assert loopflow.profile(asked).profile.total.tokens == 19
    assert [ref.path for ref in loopflow.select(asked).candidates] == ["src/app.py", "src/lib/util.py"]
    assert loopflow.context(asked) == loopflow.context(SelectRequest(paths=("src",)))
    diff = loopflow.compare(asked, CompareRequest(against="HEAD")).diff
    assert diff is not None
    assert [delta.path for delta in diff.files] == ["src/lib/util.py"]


@pytest.mark.parametrize(("raw", "options"), [(False, ()), (True, ("--raw",))])
def test_a_context_is_what_is_printed(project: Repo, raw: bool, options: tuple[str, ...]) -> None:  # noqa: FBT001
    """The text is what the command prints, to the letter."""
    assert loopflow.context(raw=raw) == run(*options, cwd=project.root).out
    staged = run(*options, "--staged", "--fit", "40", cwd=project.root).out
    assert loopflow.context(SelectRequest(source=Index()), fitting=FitRequest(40, Fraction(0)), raw=raw) == staged


@pytest.mark.usefixtures("project")
def test_a_context_that_cannot_be_whole_is_none(tmp_path: Path) -> None:
    """A text cannot say what it lacks, so there is an error in its place."""
    with pytest.raises(LoopflowError, match="no such file or directory: nowhere"):
        loopflow.context("nowhere")
    with pytest.raises(LoopflowError, match="nothing is left to select"):
        loopflow.context(SelectRequest(exclude=("*",)))
    with pytest.raises(LoopflowError, match="what must stay does not fit 5 tokens"):
        loopflow.context(fitting=FitRequest(5, Fraction(0), ("src/",)))
    plain = write_files(tmp_path / "plain", {"a.py": "a", "one/.git": "no git directory"})
    with pytest.raises(LoopflowError, match=r"^one \(.*\) could not be read"):
        loopflow.context(root=str(plain))
    write_files(plain, {"two/.git": "", "three/.git": ""})
    with pytest.raises(LoopflowError, match=r"\) and 2 more could not be read"):
        loopflow.context(root=str(plain))


def test_texts_are_counted() -> None:
    """A text costs what the encoding that is named makes of it."""
    assert loopflow.count("") == 0
    assert loopflow.count("<|endoftext|>") == tokens.count("<|endoftext|>") > 1
    assert loopflow.count("Hello, world!", "cl100k_base") == 4
    with pytest.raises(LoopflowError):
        loopflow.count("x", "nothing")


def test_the_version_is_that_of_what_is_installed() -> None:
    """It is where programs look for it."""
    assert loopflow.__version__ == version("loopflow-code-context")


def test_help_shows_what_there_is() -> None:
    """Everything that is exported is found by `help` and by completion, though it is imported later."""
    shown = pydoc.plain(pydoc.render_doc(loopflow))
    for name in ("check(", "compare(", "context(", "count(", "profile(", "select(", "class SelectRequest"):
        assert name in shown
    assert set(loopflow.__all__) <= set(dir(loopflow))
