"""What is selected, through the command: filters, several repositories, untracked files, gaps."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.builder import Repo, write_files
from tests.support.run import Result, run, run_process

BINARY = b"\0"


@pytest.fixture(scope="module")
def only_python(sample: Path) -> Result:
    """Return the charts of the sample's Python files, with every file."""
    return run("--profile", "-e", "py", "--files", "-v", cwd=sample)


def test_an_extension_narrows_both_charts_alike(only_python: Result) -> None:
    """With -e py each chart holds Python files, the directories above them, and nothing else."""
    lines = only_python.out.splitlines()
    by_directory = _names(lines, "By directory")
    assert by_directory == [".", "└ src/app/", "  ├ util.py", "  └ main.py"]
    assert _names(lines, "By file type") == [".py"]
    assert _names(lines, "Largest files") == ["src/app/util.py", "src/app/main.py"]
    assert _names(lines, "Skipped") == ["missing", "gone.py"]


def test_an_extension_leaves_one_total(only_python: Result) -> None:
    """With -e py the root, the one type and the total say the same number."""
    lines = only_python.out.splitlines()
    numbers = {re.split(" +", lines[lines.index(title) + 2].strip())[0] for title in ("By directory", "By file type")}
    assert numbers == {"70"}
    assert lines[-1].startswith("Total: 70 tokens in 2 files")


@pytest.mark.parametrize(
    ("filters", "paths"),
    [
        (["src/app", "--exclude", "*.txt"], ["src/app/main.py", "src/app/util.py"]),
        (["-e", "ts,css", "--include", "src/", "--exclude", "page.*"], ["src/web/types.d.ts", "src/web/x.css"]),
    ],
)
def test_filters_narrow_everything_in_json(filters: list[str], paths: list[str], sample: Path) -> None:
    """Files, types and directories of the JSON belong to what the filters let through."""
    document = run("--profile", "--format", "json", *filters, cwd=sample).json
    assert [file["path"] for file in document["files"]] == paths
    assert {kind["type"] for kind in document["types"]} == {"." + path.rpartition(".")[2] for path in paths}
    assert sum(kind["files"] for kind in document["types"]) == len(paths)
    above = {"."} | {path[:at] for path in paths for at in range(len(path)) if path[at] == "/"}
    assert {directory["path"] for directory in document["directories"]} == above


def test_several_repositories_at_once(make_repo: Callable[..., Repo], tmp_path: Path) -> None:
    """Paths of several repositories, as a list or one by one, give one profile below the directory they share."""
    make_repo("one").track({"a.py": "x = 1\n", "sub/b.md": "# B\n", "c.png": b"\0"})
    make_repo("two").track({"d.py": "y = 2\n"})
    make_repo("three").track({"e.py": "z = 3\n"})
    apart, together = (
        run("--profile", "--format", "json", *paths, cwd=tmp_path) for paths in (["one", "two"], ["one,two"])
    )
    assert apart == together
    assert apart.err == ""
    assert [file["path"] for file in apart.json["files"]] == ["one/a.py", "one/sub/b.md", "two/d.py"]
    assert [each["path"] for each in apart.json["directories"]] == [".", "one", "one/sub", "two"]
    assert [skip["path"] for skip in apart.json["skipped"]] == ["one/c.png"]


def test_a_comma_in_a_list_of_files(make_repo: Callable[..., Repo]) -> None:
    """A list may name files and directories, and a file whose name has a comma is that file."""
    repo = make_repo("repo").track(dict.fromkeys(["a,b", "a", "b/c"], BINARY))
    assert _selected("a,b/c", cwd=repo.root) == ["a", "b/c"]
    assert _selected("a,b", cwd=repo.root) == ["a,b"]


def test_a_plain_directory(tmp_path: Path) -> None:
    """Without any repository, files are walked and ignore files hold."""
    write_files(tmp_path, {"a.png": BINARY, "b.log": BINARY, "sub/c.png": BINARY})
    tmp_path.joinpath(".gitignore").write_bytes(b"*.log\n" + BINARY)
    assert _selected(cwd=tmp_path) == [".gitignore", "a.png", "sub/c.png"]


def test_a_subdirectory_is_seen_from_the_root_of_its_repository(repo: Repo) -> None:
    """Printed paths are relative to the repository, wherever the command is run."""
    repo.track(dict.fromkeys(["a", "sub/b", "sub/c"], BINARY))
    assert _selected("b", cwd=repo.root / "sub") == ["sub/b"]
    assert _selected(cwd=repo.root / "sub") == ["sub/b", "sub/c"]
    assert _selected("..", cwd=repo.root / "sub") == ["a", "sub/b", "sub/c"]


@pytest.mark.parametrize("mode", [[], ["--profile"]])
def test_nothing_tracked_hints_at_untracked_files(mode: list[str], repo: Repo) -> None:
    """Where nothing is tracked the run ends well, and says what -u would do."""
    repo.write("new.py", "x = 1\n")
    result = run(*mode, "-q", cwd=repo.root)
    assert result.code == 0
    assert result.err == "code-context: warning: nothing is listed below .; -u lists untracked files too\n"


def test_nothing_at_all_does_not_hint_at_what_was_given(repo: Repo) -> None:
    """With -u there is no use in a hint at -u."""
    result = run("--profile", "-u", cwd=repo.root)
    assert result.code == 0
    assert result.err == "code-context: warning: nothing is listed below .\n"
    assert result.out.endswith("\nTotal: 0 tokens in 0 files, 0 bytes, o200k_base\n")


def test_an_empty_repository_in_json(repo: Repo) -> None:
    """An empty profile is a whole document."""
    document = run("--profile", "--format", "json", cwd=repo.root).json
    assert document["total"] == {"tokens": 0, "files": 0, "bytes": 0}
    assert [each["path"] for each in document["directories"]] == ["."]
    assert document["complete"] is True


def test_one_of_two_directories_is_empty(repo: Repo) -> None:
    """A directory below which nothing is tracked is named, and the other one is printed."""
    repo.track({"full/a": BINARY})
    repo.write("empty/b", BINARY)
    result = run("--profile", "-q", "full", "empty", cwd=repo.root)
    assert "\n1  binary  full/a\n" in result.out
    assert result.code == 0
    assert result.err == "code-context: warning: nothing is listed below empty; -u lists untracked files too\n"


def test_a_named_file_need_not_be_tracked(repo: Repo) -> None:
    """A file that is named is selected although git does not track it, even if it is ignored."""
    repo.write(".git/info/exclude", "*.log\n")
    repo.write("a.log", BINARY)
    repo.write("b.txt", BINARY)
    assert _selected("a.log", "b.txt", cwd=repo.root) == ["a.log", "b.txt"]
    assert _selected("-u", cwd=repo.root) == ["b.txt"]


@pytest.fixture
def gaps(repo: Repo) -> Repo:
    """Return a repository in which five files cannot be read."""
    repo.track({f"secret{number}": "text\n" for number in range(5)} | {"a.png": b"\0"})
    for number in range(5):
        repo.root.joinpath(f"secret{number}").chmod(0o000)
    return repo


WARNING = (
    "code-context: warning: incomplete, 5 files could not be counted: secret0 (permission denied),"
    " secret1 (permission denied), secret2 (permission denied) and 2 more\n"
)


def test_an_incomplete_profile_warns(gaps: Repo, unprivileged: tuple[str, ...]) -> None:
    """Files that cannot be read are named in the charts and on stderr; without --check the run ends well."""
    result = run_process("--profile", "-q", cwd=gaps.root, program=unprivileged)
    assert (result.code, result.err) == (0, WARNING)
    assert "\n5  unreadable\n     secret0 (permission denied)\n" in result.out
    assert result.out.endswith("\nIncomplete: 5 files could not be counted\n")


def test_incomplete_json_says_so(gaps: Repo, unprivileged: tuple[str, ...]) -> None:
    """The JSON of an incomplete profile is marked, and holds every file that is missing from it."""
    result = run_process("--profile", "--format", "json", cwd=gaps.root, program=unprivileged)
    assert (result.code, result.err) == (0, WARNING)
    assert result.json["complete"] is False
    assert [skip["reason"] for skip in result.json["skipped"]] == ["binary", *["unreadable"] * 5]


def test_an_incomplete_context_warns(gaps: Repo, unprivileged: tuple[str, ...]) -> None:
    """Files that cannot be printed are named on stderr."""
    result = run_process(cwd=gaps.root, program=unprivileged)
    assert result.code == 0
    assert result.err.startswith(WARNING)
    assert result.err.endswith(", 6 skipped\n")


def test_what_tiktoken_cannot_count_is_a_gap(repo: Repo) -> None:
    """A text that the engine gives up on is no zero: it is named with the reason, and the rest is counted."""
    repo.track({"blank.txt": " " * 1_000_000, "a.py": "x = 1\n"})
    result = run("--profile", "--format", "json", cwd=repo.root, env={"LOOPFLOW_ENGINE": "tiktoken"})
    assert result.json["skipped"] == [{"path": "blank.txt", "reason": "uncounted"}]
    assert result.json["complete"] is False
    assert result.json["total"]["files"] == 1
    assert re.fullmatch(
        r"code-context: warning: incomplete, 1 file could not be counted: blank\.txt \(.+\)\n", result.err
    )


def _names(lines: list[str], title: str) -> list[str]:
    """Return the last column of each row of the part of the output below `title`."""
    start = lines.index(title) + 1
    rows = lines[start : lines.index("", start)]
    numbers = r" *(?:[\d,]+  )?(?: *[<>]?\d+\.\d  )*(?: *[\d,]+  )?(?:[█▏▎▍▌▋▊▉ ]{10}  )?"
    return [re.sub(f"^{numbers}", "", row).rstrip() if "│" not in row else row for row in rows if "tokens" not in row]


def _selected(*arguments: str, cwd: Path) -> list[str]:
    """Return the paths that are selected, all of them files without text: nothing has to be counted for that."""
    document = run("--profile", "--format", "json", *arguments, cwd=cwd).json
    assert document["files"] == []
    return [skip["path"] for skip in document["skipped"]]
