"""Lists of attributes that are not what they should be, and a git that does not answer.

what is wrong                                        what happens
---------------------------------------------------  -----------------------------------------------------------
a link, a pipe or a device is called .gitattributes  it is not read, and what the index holds counts
a directory above a list is a link                   nothing behind it is read
a list of very many lines, or of macros              it says what it says to git
a list as large as git reads none                    it says nothing, as in git
an object that is missing or damaged                 an error that names it
git is killed, or answers short                      an error that says so, never "no attributes"

Programs that a repository configures: test_untrusted_git.py.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from loopflow.io.git.attributes import MOST_BYTES
from loopflow.model import Index, SelectRequest
from tests.support.attributes import FILE, said_by_git, said_by_us
from tests.support.builder import Repo, write_files
from tests.support.plumbing import git_at
from tests.support.run import Result, python, run, run_process

GENERATED = {"linguist-generated": True}
EVERY_WAY = (("--profile",), ("--profile", "--staged", "--cuts"), ("--fit", "1k"), ("--init",))


@pytest.fixture
def project(repo: Repo) -> Repo:
    repo.track({"src/a.py": "a = 1\n", "src/b.py": "b = 1\n", FILE: "a.py linguist-generated\n"}).commit()
    return repo


def refusal(result: Result) -> str:
    """Return the one line that a run says which cannot be made; it must print nothing."""
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1), result
    return result.err.removeprefix("code-context: error: ").rstrip("\n")


# --- What is on disk ---


@pytest.mark.parametrize("kind", ["pipe", "link", "device", "directory"])
def test_what_is_no_file(project: Repo, tmp_path: Path, kind: str) -> None:
    """What stands in the place of a list and is no file is not opened: the run ends, and what is staged counts."""
    write_files(tmp_path, {"other": "* linguist-vendored\n"})
    (project.root / FILE).unlink()
    if kind == "pipe":
        os.mkfifo(project.root / FILE)
    elif kind == "directory":
        (project.root / FILE).mkdir()
    else:
        project.link(FILE, str(tmp_path / "other") if kind == "link" else "/dev/zero")
    result = run_process("--profile", "--cuts", cwd=project.root)
    assert (result.code, "generated  src/a.py" in result.out) == (0, True)
    assert said_by_us(project.root) == {"src/a.py": GENERATED}


def test_a_pipe_in_the_git_directory(project: Repo) -> None:
    """Nor is what stands where one clone has its attributes, which git would read."""
    (project.root / ".git/info").mkdir(exist_ok=True)
    os.mkfifo(project.root / ".git/info/attributes")
    for options in EVERY_WAY:
        assert run_process(*options, cwd=project.root).code == 0


def test_a_link_above_a_list(project: Repo, tmp_path: Path) -> None:
    """Behind a link in the place of a directory, no list is read, although git would read it."""
    (project.root / "src").rename(tmp_path / "moved")
    write_files(tmp_path / "moved", {FILE: "b.py linguist-vendored\n"})
    project.link("src", str(tmp_path / "moved"))
    told = {"src/a.py": GENERATED}
    assert said_by_us(project.root, SelectRequest()) == told != said_by_git(project, ["src/a.py", "src/b.py"])


# --- What is in it ---


def test_very_many_lines(project: Repo) -> None:
    """The last of a hundred thousand lines counts, and so do all others."""
    lines = "".join(f"/some/path/{number}/* linguist-vendored\n" for number in range(100_000))
    project.track({FILE: f"b.py linguist-generated\n{lines}a.py linguist-generated\n"})
    assert said_by_us(project.root) == dict.fromkeys(["src/a.py", "src/b.py"], GENERATED)
    assert said_by_us(project.root, SelectRequest(source=Index())) == said_by_us(project.root)


@pytest.mark.parametrize(
    "macros",
    [
        pytest.param(
            "".join(f"[attr]m{n} m{n + 1}\n" for n in range(20_000)) + "[attr]m20000 linguist-generated", id="a chain"
        ),
        pytest.param(
            "".join(f"[attr]m{n} m{n + 1} m{n + 2}\n" for n in range(60)) + "[attr]m60 linguist-generated", id="a tree"
        ),
        pytest.param("[attr]m0 m1\n[attr]m1 m0 linguist-generated", id="a circle"),
        pytest.param("[attr]m0 " + "m0 " * 500 + "linguist-generated", id="itself"),
    ],
)
def test_macros_of_macros(project: Repo, macros: str) -> None:
    """However macros lead to each other, what they say is what git says, and that ends."""
    project.track({FILE: f"{macros}\na.py m0\n"})
    assert said_by_us(project.root) == said_by_git(project, ["src/a.py"]) == {"src/a.py": GENERATED}


def test_what_is_no_text(project: Repo) -> None:
    """Bytes of any kind say nothing that git does not read in them, and stop nothing."""
    project.write(FILE, bytes(range(256)) * 40 + b"\na.py linguist-generated\n" + os.urandom(9_000))
    for _ in range(2):
        assert said_by_us(project.root) == said_by_git(project, ["src/a.py", "src/b.py"])
        project.track()
        assert said_by_us(project.root, SelectRequest(source=Index())) == said_by_git(
            project, ["src/a.py", "src/b.py"], "--cached"
        )


@pytest.mark.long
@pytest.mark.parametrize("size", [MOST_BYTES - 1, MOST_BYTES, 2 * MOST_BYTES])
def test_a_huge_list(project: Repo, size: int) -> None:
    """Git reads lists up to a size, on disk and in the index, and those are the lists that count."""
    line = b"# " + b"x" * 997 + b"\n"
    text = b"b.py linguist-vendored\n" + line * (size // len(line) + 1)
    project.write(FILE, text[:size])
    told = {"src/b.py": {"linguist-vendored": True}} if size < MOST_BYTES else {"src/a.py": GENERATED}
    assert said_by_us(project.root) == said_by_git(project, ["src/a.py", "src/b.py"]) == told
    project.track()
    (project.root / FILE).unlink()
    told = told if size < MOST_BYTES else {}
    assert said_by_us(project.root) == said_by_git(project, ["src/a.py", "src/b.py"]) == told
    assert said_by_us(project.root, SelectRequest(source=Index())) == told


@pytest.mark.long
def test_huge_lists_together(project: Repo) -> None:
    """Lists that are each small enough for git can be too large together to be held, which is an error."""
    for number in range(3):
        project.write(f"src/{number}/{FILE}", b"#" * (MOST_BYTES - 1))
        project.write(f"src/{number}/c.py", "")
    project.track().git("commit", "--quiet", "--message=huge")
    for options in ((), ("--staged",), ("--rev", "HEAD")):
        said = refusal(run("--profile", "-e", "py", *options, cwd=project.root))
        assert said.startswith(f"the {FILE} files of {project.root} are too large: 256,000,000 bytes together; ")


# --- What git does not have, or does not say ---


@pytest.mark.parametrize("options", [("--profile",), ("--profile", "--staged", "-e", "py")], ids=" ".join)
def test_a_list_that_is_missing(project: Repo, options: Sequence[str]) -> None:
    """A list whose object is not there is an error that names it, as to git it is none."""
    (project.root / FILE).unlink()
    blob = project.git("rev-parse", f":{FILE}").decode().strip()
    (project.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    assert said_by_git(project, ["src/a.py"]) == {}
    assert refusal(run(*options, cwd=project.root)) == (
        f"the object {blob} of {FILE} is missing in {project.root}; run git fsck there to see whether it is whole"
    )


def test_a_list_that_is_damaged(project: Repo) -> None:
    """A list that is not what its id says is an error."""
    (project.root / FILE).unlink()
    names = [project.git("hash-object", "-w", "--stdin", data=text).decode().strip() for text in (b"* text\n",)]
    blob = project.git("rev-parse", f":{FILE}").decode().strip()
    objects = project.root / ".git/objects"
    os.chmod(objects / blob[:2] / blob[2:], 0o600)
    shutil.copyfile(objects / names[0][:2] / names[0][2:], objects / blob[:2] / blob[2:])
    assert f"the object {blob} is damaged" in refusal(run("--profile", "-e", "py", cwd=project.root))


def test_a_partial_clone(project: Repo, tmp_path: Path) -> None:
    """In a partial clone that does not check a list out, it counts: git had to fetch it to check out anything."""
    project.git("config", "uploadpack.allowFilter", "true")
    git_at(tmp_path, "clone", "--quiet", "--filter=blob:none", "--no-checkout", f"file://{project.root}", "lean")
    git_at(tmp_path / "lean", "sparse-checkout", "set", "--no-cone", "/src/")
    git_at(tmp_path / "lean", "checkout", "--quiet", "main")
    assert not (tmp_path / "lean" / FILE).exists()
    assert "generated  src/a.py" in run("--profile", "--cuts", cwd=tmp_path / "lean").out


SHORT = {
    "killed": ("check-attr", "kill -9 $$", "exit status -9"),
    "an error": ("check-attr", "exit 128", "exit status 128"),
    "nothing": ("check-attr", "cat >/dev/null", "its answer is not whole"),
    "the first half": ("check-attr", '"$git" "$@" | head -c 60', "its answer is not whole"),
    "the first path": ("check-attr", r"""printf 'src/a.py\0linguist-generated\0set\0'""", "its answer is not whole"),
    "no ids": ("hash-object", "cat >/dev/null", "its answer is not whole"),
    "no object": ("hash-object", "exit 1", "exit status 1"),
    "no index": ("update-index", "exit 1", "exit status 1"),
}


@pytest.mark.parametrize("how", SHORT)
@pytest.mark.parametrize("options", EVERY_WAY, ids=" ".join)
def test_a_git_that_does_not_answer(project: Repo, tmp_path: Path, options: Sequence[str], how: str) -> None:
    """A git that ends before its answer is whole is an error that says so, and never the answer that nothing is set."""
    command, does, why = SHORT[how]
    script = (
        f'#!/bin/sh\ngit={shutil.which("git")}\ncase " $* " in *" {command} "*) {does} ;; *) exec "$git" "$@" ;; esac\n'
    )
    fake = write_files(tmp_path / "bin", {"git": script}) / "git"
    fake.chmod(0o755)
    result = run(*options, cwd=project.root, env={"PATH": f"{fake.parent}{os.pathsep}{os.environ['PATH']}"})
    assert refusal(result) == (
        f"git {command} failed for the attributes of {project.root}: {why}; look at its {FILE} files"
    )
    assert not (project.root / "loopflow.toml").exists()


def test_no_room_for_the_question(project: Repo) -> None:
    """Where nothing can be written for git to read, that is the error."""
    program = python("import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))")
    said = refusal(run_process("--profile", "--no-cache", cwd=project.root, program=program))
    assert said.startswith(f"git cannot be asked for the attributes of {project.root}: ")


def test_a_plain_directory_without_git(tmp_path: Path) -> None:
    """Where no git is installed, a plain directory is read as long as no list has anything to say."""
    plain = write_files(tmp_path / "plain", {"a.py": "", FILE: "*.py text\n"})
    program = write_files(tmp_path / "empty", {})
    assert run("--profile", cwd=plain, env={"PATH": str(program)}).code == 0
    write_files(plain, {FILE: "*.py linguist-generated\n"})
    assert refusal(run("--profile", cwd=plain, env={"PATH": str(program)})).startswith("git is not installed")
