"""--stdin: names of files from other programs, of any kind, as PATHS that need no list and no quotes."""

import io
import os
import pty
import subprocess
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopflow.analysis.name_lists import parse_names
from loopflow.cli.code_context import code_context
from loopflow.console.command import run_command
from loopflow.console.streams import OutputStream, Streams
from loopflow.errors import UsageError
from loopflow.io.git.repository import Git
from loopflow.io.select.targets import Wanted, find_tree_in_git, find_trees
from tests.support.builder import Repo, write_files
from tests.support.hostile import NAMES
from tests.support.run import COMMAND, environment, run, run_process


@pytest.fixture(autouse=True)
def shared_counts(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the counts of all tests in one place: all of them count the same texts."""
    monkeypatch.setenv("LOOPFLOW_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "counts"))


def listed(*options: str, cwd: Path, stdin: bytes) -> list[str]:
    """Return the paths of the files that are printed."""
    result = run("--profile", "--format", "json", "--stdin", *options, cwd=cwd, stdin=stdin)
    assert result.code == 0, result.err
    return [file["path"] for file in result.json["files"]]


def refusal(*options: str, cwd: Path, stdin: bytes) -> str:
    """Return what a run says that does nothing."""
    result = run(*options, cwd=cwd, stdin=stdin)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    return result.err.removeprefix("code-context: error: ").rstrip("\n")


@pytest.fixture
def project(repo: Repo) -> Repo:
    """Return a repository with a few files, one of them with a comma in its name."""
    repo.track({"a.py": "a\n", "b.py": "b\n", "a,b.py": "c\n", "src/d.py": "d\n", "src/e.py": "e\n"}).commit()
    return repo


# --- How names are separated: tests/analysis/test_name_lists.py, and what git prints ---


@pytest.mark.parametrize("quotepath", ["true", "false"])
def test_what_git_prints_is_what_git_means(quotepath: str, repo: Repo) -> None:
    """Of hostile names, those that git prints are found, quoted or not, one a line and with NUL."""
    for name in NAMES:
        repo.write(name, "x\n")
    repo.track()
    git = ("-c", f"core.quotePath={quotepath}", "ls-files")
    assert [*parse_names(repo.git(*git, "-z"), null=True)] == repo.tracked()
    plain = [name for name in repo.tracked() if name.strip() and not name.endswith("\r")]
    assert [name for name in parse_names(repo.git(*git), null=False) if name in plain] == plain
    assert run("--stdin", cwd=repo.root, stdin=repo.git(*git)).code == 0
    assert run("--stdin", "-0", cwd=repo.root, stdin=repo.git(*git, "-z")).out == run(cwd=repo.root).out


# --- What they select ---


@pytest.mark.parametrize("options", [(), ("--staged",), ("--rev", "HEAD")])
@pytest.mark.parametrize(
    ("stdin", "paths"),
    [
        (b"a.py\n", ["a.py"]),
        (b"src/e.py\nb.py\n", ["b.py", "src/e.py"]),
        (b"a,b.py\n", ["a,b.py"]),
        (b"src\n", ["src/d.py", "src/e.py"]),
        (b"./src/../a.py\n", ["a.py"]),
        (b"src//d.py\nsrc/d.py\n", ["src/d.py"]),
        (b".\n", ["a,b.py", "a.py", "b.py", "src/d.py", "src/e.py"]),
    ],
)
def test_a_name_is_a_path(options: tuple[str, ...], stdin: bytes, paths: list[str], project: Repo) -> None:
    """A name selects what it would select on the command line, on disk, in the index and in a commit."""
    assert listed(*options, cwd=project.root, stdin=stdin) == paths
    assert listed("-0", *options, cwd=project.root, stdin=stdin.replace(b"\n", b"\0")) == paths


def test_names_are_added_to_paths(project: Repo) -> None:
    """Paths and names select together, and filters narrow both."""
    assert listed("src", "a.py", cwd=project.root, stdin=b"b.py\n") == ["a.py", "b.py", "src/d.py", "src/e.py"]
    assert listed("src", "--exclude", "e.py", cwd=project.root, stdin=b"b.py\n") == ["b.py", "src/d.py"]
    assert listed("a.py,b.py", cwd=project.root, stdin=b"a,b.py\n") == ["a,b.py", "a.py", "b.py"]


def test_a_name_is_relative_to_the_current_directory(project: Repo) -> None:
    """As it is for the program that prints it, but for git, which has --relative."""
    assert listed(cwd=project.root / "src", stdin=b"d.py\n../a.py\n") == ["a.py", "src/d.py"]
    (project.root / "src" / "d.py").write_text("changed\n")
    names = project.git("-C", "src", "diff", "--name-only", "--relative")
    assert listed(cwd=project.root / "src", stdin=names) == ["src/d.py"]


def test_a_name_with_a_comma_is_one_name(project: Repo) -> None:
    """On the command line it would be a list of two files."""
    assert run("a.py,b.py", cwd=project.root).code == 0
    said = refusal("--stdin", cwd=project.root, stdin=b"a.py,b.py\n")
    assert said.startswith("no such file or directory: a.py,b.py")


def test_a_name_that_looks_like_an_option(repo: Repo) -> None:
    """What comes from a program is never an option, a pattern or a home directory."""
    repo.track({"--profile": "x\n", "*": "y\n", "~": "z\n", "-": "dash\n", "@x": "at\n", "b.py": "b\n"})
    assert listed(cwd=repo.root, stdin=b"--profile\n*\n~\n-\n@x\n") == ["*", "-", "--profile", "@x", "~"]


def test_tracked_links_are_not_followed(repo: Repo, tmp_path: Path) -> None:
    """A name through a link of the repository's is that link, as any path is."""
    write_files(tmp_path / "outside", {"secret.py": "secret\n"})
    repo.link("dir", "../outside")
    repo.track({"a.py": "a\n"})
    result = run("--stdin", cwd=repo.root, stdin=b"a.py\ndir/secret.py\n")
    assert result.code == 0
    assert "secret\n" not in result.out


@pytest.mark.parametrize("untracked", [True, False])
def test_a_file_that_is_named_need_not_be_tracked(project: Repo, *, untracked: bool) -> None:
    """As on the command line."""
    project.write("new.py", "n\n")
    assert listed(*(["-u"] if untracked else []), cwd=project.root, stdin=b"new.py\n") == ["new.py"]


def test_the_first_name_is_worth_most_to_a_plan(repo: Repo) -> None:
    """Of files that are named, --fit keeps the first: the order of names is that of PATHS."""
    repo.track({f"{name}.py": f"{name} = 1\n" * 20 for name in "abc"})
    for first in "abc":
        names = "".join(f"{name}.py\n" for name in sorted("abc", key=lambda name: name != first))
        asked = ("--fit", "170", "-q")
        assert f"<source>{first}.py" in run(*asked, "--stdin", cwd=repo.root, stdin=names.encode()).out


@pytest.fixture(scope="module")
def tangle(isolated_session: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """Return a repository with links of every kind, a repository within it, and a plain directory beside it."""
    repo = Repo(tmp_path_factory.mktemp("tangle") / "repo")
    repo.link("tracked", "../plain/a")
    repo.link("tracked-file", "x.py")
    repo.track({"x.py": "x", "a/x.py": "x", "a/b/x.py": "x"})
    for name, target in {"own": "a/b", "self": "self", "file": "a/x.py", "gone": "none/x", "far": "../plain"}.items():
        repo.link(name, target)
        repo.link(f"a/{name}", f"../{name}")
    Repo(repo.root / "inner").track({"x.py": "x", "a/x.py": "x"})
    write_files(repo.root.parent / "plain", {"x.py": "x", "a/x.py": "x", "a/b/x.py": "x"})
    return repo.root


_PARTS = st.sampled_from(
    ["a", "b", "x.py", "..", ".", "", "tracked", "tracked-file", "own", "self", "file", "gone", "far", "inner", "none"]
)


@given(st.lists(st.lists(_PARTS, min_size=1, max_size=4).map("/".join).filter(bool), min_size=1, max_size=5))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_many_paths_are_each_what_they_are_alone(tangle: Path, paths: list[str]) -> None:
    """What is remembered of one path changes nothing for the next, whichever links and repositories are on the way."""
    for find in (_on_disk, _in_git):
        alone = [find([path], tangle) for path in paths]
        refused = next((each for each in alone if isinstance(each, UsageError)), None)
        together = find(paths, tangle)
        if isinstance(together, UsageError):
            several = "more than one repository" in together.message
            assert several or (refused and together.message.startswith(refused.message))
        else:
            assert refused is None
            assert sorted(together) == sorted(chain(*(each for each in alone if not isinstance(each, UsageError))))


def _on_disk(paths: list[str], here: Path) -> list[tuple[str, Wanted]] | UsageError:
    try:
        return [(tree.root, want) for tree in find_trees(Git(), paths, os.fspath(here)) for want in tree.wanted]
    except UsageError as error:
        return error


def _in_git(paths: list[str], here: Path) -> list[tuple[str, Wanted]] | UsageError:
    try:
        tree = find_tree_in_git(Git(), paths, os.fspath(here), is_named=True)
    except UsageError as error:
        return error
    return [(tree.root, want) for want in tree.wanted]


# --- What cannot be ---


def test_names_that_are_not_there(project: Repo) -> None:
    """The first is named, and how many more there are."""
    others = b"".join(b"%d\n" % at for at in range(2_000))
    said = refusal("--stdin", cwd=project.root, stdin=b"a.py\nnone.py\nb.py\n" + others)
    assert said.startswith("no such file or directory: none.py and 2,000 more; ")
    assert refusal("none.py", "a.py", "gone.py", cwd=project.root, stdin=b"").startswith(
        "no such file or directory: none.py and 1 more; "
    )
    for options, where in ((("--staged",), "the index"), (("--rev", "HEAD"), "HEAD")):
        said = refusal("--stdin", *options, cwd=project.root, stdin=b"v\nw\nx\ny\nz\n")
        assert said.startswith(f"not in {where}: v, w, x and 2 more; ")


def test_names_that_nothing_is_left_of(project: Repo) -> None:
    """A few are named."""
    said = refusal("--stdin", "-e", "zig", cwd=project.root, stdin=b"a.py\nb.py\nsrc/d.py\nsrc/e.py\na,b.py\n")
    assert said.startswith("nothing is left to select: a.py b.py src/d.py and 2 more --extension zig")


@pytest.mark.parametrize("data", [b"", b"\n", b"\r\n\n  \n", b"\0\0"])
def test_no_names(data: bytes, project: Repo) -> None:
    """A search that finds nothing selects nothing: to read everything instead would be wrong."""
    options = ("--stdin", "-0") if b"\0" in data else ("--stdin",)
    for more in ((), ("src",), ("--profile",), ("--staged",)):
        assert refusal(*options, *more, cwd=project.root, stdin=data).startswith("no names on standard input; ")


def test_the_wrong_separator(project: Repo) -> None:
    """What ends in NUL is no line, and lines do not end in NUL; the error says which option is meant."""
    assert refusal("--stdin", cwd=project.root, stdin=b"a.py\0b.py\0").endswith("; add -0")
    assert refusal("--stdin", "-0", cwd=project.root, stdin=b"a.py\nb.py\n").endswith("; leave out -0")


def test_data_that_is_no_list(project: Repo) -> None:
    """What is piped by mistake is an error of one line that is not as long as the data."""
    for data in (b"x" * 10_000_000, b"/" * 10_000_000, b"\x1b[31m\x7f", bytes(range(1, 256)) * 100, b"a/" * 100_000):
        for options in ((), ("--staged",)):
            result = run("--stdin", *options, cwd=project.root, stdin=data)
            assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
            assert len(result.err) < 10_000
            assert "\x1b" not in result.err


def test_an_endless_input(project: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """What never ends is not waited for until memory is full."""
    monkeypatch.setattr("loopflow.console.console._MOST_NAMES", 1_000)
    assert "more than 1,000 bytes of names" in refusal("--stdin", cwd=project.root, stdin=b"a.py\n" * 1_000)


def test_null_is_about_stdin(project: Repo) -> None:
    """-0 alone says nothing, and nothing is read for it."""
    assert refusal("-0", cwd=project.root, stdin=b"a.py\0") == "-0 says how names on standard input end; add --stdin"


@pytest.mark.parametrize("options", [("--init",), ("--profile", "--check"), ("--profile", "--save-baseline")])
def test_what_is_about_everything(options: Sequence[str], project: Repo) -> None:
    """What judges or writes for the whole tree takes no names, as it takes no paths."""
    refusal(*options, "--stdin", cwd=project.root, stdin=b"a.py\n")
    assert sorted(os.listdir(project.root)) == [".git", "a,b.py", "a.py", "b.py", "src"]


def test_a_terminal_is_not_waited_for(project: Repo) -> None:
    """Nobody types a list of files; who forgot the pipe is told."""
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [*COMMAND, "--stdin"], cwd=project.root, stdin=theirs, capture_output=True, check=False, env=environment()
        )
    finally:
        os.close(ours)
        os.close(theirs)
    what = "--stdin reads names of files, and standard input is a terminal"
    hint = "write for example: git ls-files | code-context --stdin"
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == f"code-context: error: {what}; {hint}\n"


@pytest.mark.parametrize("redirection", ["<&-", "</dev/null", "0>/dev/null"])
def test_an_input_that_is_none(redirection: str, project: Repo) -> None:
    """A standard input that is closed, empty or not for reading has no names, and that is said on one line."""
    program = ("sh", "-c", f'exec "$@" {redirection}', "sh", *COMMAND)
    result = run_process("--stdin", cwd=project.root, program=program)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1), result.err


def test_standard_input_is_left_alone_without_the_option(project: Repo) -> None:
    """In a hook, standard input belongs to others."""

    class Poison(io.TextIOWrapper):
        def __getattribute__(self, name: str) -> object:
            raise AssertionError(name)

    out, err = io.BytesIO(), io.BytesIO()
    stdout, stderr = (OutputStream(io.TextIOWrapper(each, "utf-8")) for each in (out, err))
    streams = Streams(Poison(io.BytesIO()), stdout, stderr)
    assert run_command(code_context, (), streams, environment(), os.fspath(project.root)) == 0


def test_programs_in_a_row(project: Repo) -> None:
    """What a shell does with find and git, as one would type it."""
    ways = (
        "git ls-files src | code-context --stdin",
        "find src -name '*.py' -print0 | code-context --stdin -0",
        "git ls-files -z src | code-context --stdin -0 --staged",
    )
    printed = run("src", cwd=project.root)
    for line in ways:
        program = ("sh", "-c", line.replace("code-context", '"$@"'), "sh", *COMMAND)
        assert run_process(cwd=project.root, program=program) == printed
