"""Git directories: what git keeps is never counted as source, whether git could use it or not."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from loopflow.io.git.discovery import is_git_directory
from tests.support.builder import Repo, write_files
from tests.support.run import run


def without_config(git_dir: Path) -> None:
    (git_dir / "config").unlink()


def with_a_link(git_dir: Path) -> None:
    """Make HEAD what it was in the first years."""
    without_config(git_dir)
    (git_dir / "HEAD").unlink()
    (git_dir / "HEAD").symlink_to("refs/heads/main")


def detached(git_dir: Path) -> None:
    without_config(git_dir)
    (git_dir / "HEAD").write_text("0" * 40 + "\n")


def whole(git_dir: Path) -> None:
    (git_dir / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")


def with_a_work_tree_elsewhere(git_dir: Path) -> None:
    (git_dir / "config").write_text("[core]\n\tbare = false\n\trepositoryformatversion = 0\n")


KINDS = [without_config, with_a_link, detached, whole, with_a_work_tree_elsewhere]


@pytest.fixture
def plain(repo: Repo, tmp_path: Path) -> Path:
    """Return a plain directory with a source, and a copy of a git directory in it."""
    repo.track({"a.py": "a\n"}).commit()
    plain = write_files(tmp_path / "plain", {"src/b.py": "b\n"})
    shutil.copytree(repo.root / ".git", plain / "kept/mirror")
    return plain


@pytest.mark.parametrize("make", KINDS)
def test_one_that_is_met(plain: Path, make: Callable[[Path], None]) -> None:
    """A walk names it and leaves it out."""
    make(plain / "kept/mirror")
    found = run("--profile", "--format", "json", cwd=plain)
    assert [file["path"] for file in found.json["files"]] == ["src/b.py"]
    assert [(each["path"], each["reason"]) for each in found.json["skipped"]] == [("kept/mirror", "special")]
    assert run(cwd=plain).out.count("<source>") == 1


@pytest.mark.parametrize("path", ["kept/mirror", "kept/mirror/hooks", "kept/mirror/HEAD"])
@pytest.mark.parametrize("make", KINDS)
def test_one_that_is_named(plain: Path, make: Callable[[Path], None], path: str) -> None:
    """To name it, or what is in it, is an error."""
    make(plain / "kept/mirror")
    refused = run("--profile", path, cwd=plain)
    assert (refused.code, refused.out) == (2, "")
    if path != "kept/mirror/hooks" and make is whole:
        assert "is a bare repository" in refused.err
    else:
        assert f"{plain}/kept/mirror is a git directory, which holds no source; name a work tree" in refused.err


@pytest.mark.parametrize(
    "files",
    [
        {"HEAD": "ref: refs/heads/main\n", "objects/a.py": "a"},
        {"HEAD": "a head\n", "objects/a.py": "a", "refs/b.py": "b"},
        {"HEAD": "ref: refs/heads/main\n", "objects": "a", "refs/b.py": "b"},
        {"HEAD/c.py": "c", "objects/a.py": "a", "refs/b.py": "b"},
    ],
)
def test_what_only_looks_like_one(tmp_path: Path, files: dict[str, str]) -> None:
    """Git asks for all three, and for what HEAD says; whatever else has such names is source."""
    plain = write_files(tmp_path / "plain", {f"x/{path}": text for path, text in files.items()})
    assert not is_git_directory(str(plain / "x"))
    found = run("--profile", "--format", "json", cwd=plain)
    assert {file["path"] for file in found.json["files"]} == {f"x/{path}" for path in files}
