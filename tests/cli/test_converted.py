"""Files that lie otherwise on disk than git stores them: what grows is what was written, like compared with like."""

import os
import shlex
from pathlib import Path

import pytest

from tests.support.builder import Repo
from tests.support.plumbing import git_at
from tests.support.run import run

LINES = "".join(f"def line_{number}(): return {number}\n" for number in range(100))
MORE = "def one_more(): return 100\n"


def total(repo: Path, *options: str) -> dict[str, int]:
    result = run("--profile", "--format", "json", *options, cwd=repo)
    assert result.code == 0, result.err
    found: dict[str, int] = result.json["total"]
    return found


def change(repo: Path, *options: str) -> int:
    return total(repo, "--against", "HEAD", *options)["delta_tokens"]


@pytest.fixture
def cost(repo: Repo) -> int:
    """Return what one more line costs."""
    repo.track({"x.py": LINES}).commit()
    repo.write("x.py", LINES + MORE)
    found = change(repo.root)
    repo.git("rm", "--quiet", "--force", "x.py")
    repo.commit()
    assert found > 0
    return found


@pytest.mark.parametrize(
    "attributes", ["*.py text eol=crlf\n", "*.py text=auto eol=crlf\n", "*.py ident text eol=crlf\n", "* -text\n"]
)
def test_a_line_more_is_a_line_more(repo: Repo, cost: int, attributes: str) -> None:
    """In a file with other line ends on disk than in git, and in one that is the same in both."""
    repo.track({".gitattributes": attributes, "a.py": LINES}).commit()
    (repo.root / "a.py").unlink()
    repo.git("checkout", "--", "a.py")
    assert change(repo.root) == 0
    with (repo.root / "a.py").open("a", newline="") as file:
        file.write(MORE if "crlf" not in attributes else MORE.replace("\n", "\r\n"))
    assert change(repo.root) == cost
    repo.track()
    assert change(repo.root, "--staged") == cost


def test_a_setting_converts_as_well(repo: Repo, cost: int) -> None:
    """core.autocrlf is asked for by the user, not by the repository."""
    repo.git("config", "core.autocrlf", "true")
    repo.track({"a.py": LINES}).commit()
    (repo.root / "a.py").unlink()
    repo.git("checkout", "--", "a.py")
    assert b"\r\n" in (repo.root / "a.py").read_bytes()
    with (repo.root / "a.py").open("ab") as file:
        file.write(MORE.encode().replace(b"\n", b"\r\n"))
    assert change(repo.root) == cost


@pytest.mark.parametrize("encoding", ["UTF-16", "UTF-16LE-BOM", "UTF-32"])
def test_a_file_that_is_binary_on_disk_does_not_shrink(repo: Repo, cost: int, encoding: str) -> None:
    """With an encoding of its own in the work tree, it is not counted there, before or after; in git it is text."""
    repo.track({".gitattributes": f"*.txt text working-tree-encoding={encoding}\n"})
    codec = encoding.removesuffix("LE-BOM")
    (repo.root / "a.txt").write_text(LINES, codec)
    repo.track().commit()
    (repo.root / "a.txt").write_text(LINES + MORE, codec)
    assert change(repo.root) == 0
    repo.track()
    assert change(repo.root, "--staged") == cost


def test_a_text_that_becomes_binary_has_shrunk(repo: Repo) -> None:
    """Where nothing converts, what is no text any more is gone."""
    repo.track({"a.py": LINES}).commit()
    repo.write("a.py", b"\0\1")
    assert change(repo.root) < 0


def test_a_fresh_clone_of_files_behind_a_filter_has_not_grown(repo: Repo, tmp_path: Path) -> None:
    """What a filter makes of them on disk is not in git; no filter is run to find out, however new the files are."""
    store = tmp_path / "store"
    clean = tmp_path / "clean.sh"
    clean.write_text(f"cat > {shlex.quote(str(store))}\necho 'a pointer to it, which is short'\n")
    settings = [f"filter.big.clean=sh {clean}", f"filter.big.smudge=cat {store}", "filter.big.required=true"]
    flags = [word for setting in settings for word in ("-c", setting)]
    repo.track({".gitattributes": "*.csv filter=big -text\n"}).commit()
    repo.write("d.csv", LINES)
    repo.git(*flags, "add", ".")
    repo.commit()
    git_at(tmp_path, *flags, "clone", "--quiet", str(repo.root), "clone")
    clone = tmp_path / "clone"
    assert (clone / "d.csv").read_text() == LINES
    for setting in settings:
        git_at(clone, "config", *setting.split("=", 1))
    os.utime(clone / ".git" / "index", (0, 0))  # every file is newer than the index: git has to look into each
    assert change(clone) == 0
    clean.write_text("exit 1\n")  # which nothing here runs
    (clone / "d.csv").write_text(LINES + MORE)
    assert change(clone) == 0  # what it would be in git is known when it is staged
