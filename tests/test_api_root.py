"""`root=` judges another repository than the one that the process stands in."""

import os
from collections.abc import Callable

import pytest

from loopflow.model import Index, Revision, SelectRequest, Source, Worktree
from loopflow.usecases.pipeline import check, profile, save_baseline, select
from tests.support.builder import Repo


@pytest.fixture
def other(make_repo: Callable[[str], Repo], monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Return a repository, and stand in another one."""
    here = make_repo("here").track({"here.py": "here = 1\n", "loopflow.toml": "[budget]\ntotal = 1\n"})
    here.commit()
    monkeypatch.chdir(here.root)
    other = make_repo("other").track({"other.py": "other = 1\n", "loopflow.toml": "[budget]\ntotal = 100\n"})
    other.commit()
    return other


@pytest.mark.parametrize("source", [Worktree(), Index(), Revision("HEAD")], ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("hook", [False, True], ids=["alone", "in a hook"])
def test_another_repository_is_judged(
    other: Repo, source: Source, monkeypatch: pytest.MonkeyPatch, *, hook: bool
) -> None:
    """Files, config and budget are those below root, also where git's variables name the repository around here."""
    if hook:
        monkeypatch.setenv("GIT_DIR", ".git")
        monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    before = (dict(os.environ), os.getcwd())
    request, root = SelectRequest(source=source), str(other.root)
    assert [ref.path for ref in select(request, root=root).candidates] == ["loopflow.toml", "other.py"]
    assert [file.path for file in profile(request, root=root).profile.files] == ["loopflow.toml", "other.py"]
    judgements = [judged.judgement for judged in (check(request, root=root), check(request))]
    limits = [[verdict.rule.total for verdict in each.verdicts] for each in judgements if each]
    assert limits == [[100], [1]], "the repository around here has less room"
    path, _ = save_baseline(request, root=root)
    assert path == str(other.root / ".loopflow-baseline.json")
    assert (dict(os.environ), os.getcwd()) == before


def test_a_relative_root_is_seen_from_here(other: Repo) -> None:
    """A root may be named relative to the current directory."""
    assert other.root.name == "other"
    assert [file.path for file in profile(SelectRequest(), root="../other").profile.files] == [
        "loopflow.toml",
        "other.py",
    ]
