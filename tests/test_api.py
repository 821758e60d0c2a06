"""What `import loopflow` gives: the examples in its documentation are run on a small repository."""

import doctest
import subprocess
import sys

import pytest

import loopflow
from loopflow.usecases import pipeline
from tests.support.builder import Repo

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


@pytest.mark.parametrize("module", [loopflow, pipeline])
@pytest.mark.usefixtures("project")
def test_the_examples_are_true(module: object) -> None:
    """Every example in the documentation prints what it says."""
    finder = doctest.DocTestFinder()
    runner = doctest.DocTestRunner(optionflags=doctest.FAIL_FAST)
    for test in finder.find(module):
        runner.run(test)
    assert runner.tries > 1
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
