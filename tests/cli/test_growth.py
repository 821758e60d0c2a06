"""--against and --baseline: what has grown, since when, and what cannot be compared. Nothing is judged here."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from loopflow.tokens.encodings import encoding_id
from tests.support.builder import Repo, write_files
from tests.support.charts import read_chart, words
from tests.support.oracle import count_text
from tests.support.plumbing import git_at
from tests.support.run import Result, run
from tests.support.schema import complaints

Options = tuple[str, ...]
Json = dict[str, Any]
MakeRepo = Callable[..., Repo]

WORK_TREE: Options = ()
STAGED: Options = ("--staged",)
COMMITTED: Options = ("--rev", "HEAD")
BASELINE = ".loopflow-baseline.json"
ENCODING = "o200k_base"
SAVING = "code-context --profile --save-baseline"
LONG_AGO = 1_500_000_000  # seconds since 1970


@pytest.fixture(autouse=True)
def shared_counts(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the counts of all tests in one place: most of them count the same texts."""
    monkeypatch.setenv("LOOPFLOW_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "counts"))


def profile(here: Path, *options: str) -> Json:
    """Return the JSON, which must be as its schema says, of a run that succeeds."""
    result = run("--profile", "--format", "json", *options, cwd=here)
    assert result.code == 0, result.err
    assert complaints(result.json) == []
    return result.json


def chart(here: Path, *options: str) -> str:
    """Return the charts of a run that succeeds."""
    result = run("--profile", *options, cwd=here)
    assert result.code == 0, result.err
    return result.out


def refusal(here: Path, *options: str) -> str:
    """Return what a run says that cannot be made."""
    result = run("--profile", *options, cwd=here)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    return result.err.removeprefix("code-context: error: ").rstrip("\n")


def save(here: Path, *options: str, env: Mapping[str, str] | None = None) -> Result:
    """Save a baseline."""
    result = run("--profile", "--save-baseline", *options, cwd=here, env=env)
    assert (result.code, result.out) == (0, ""), result.err
    return result


def changes(document: Json) -> dict[str, tuple[str, int, int]]:
    """Return the kind of each change, with tokens before and after."""
    return {each["path"]: (each["kind"], each["base_tokens"], each["tokens"]) for each in document["changes"]}


@pytest.fixture
def forked(repo: Repo) -> Repo:
    """Return a repository on the branch `work`, which main has left behind as it was; disk, index and HEAD differ."""
    repo.track({"a.py": words(100), "docs/old.md": words(70, "o")}).commit()
    repo.git("checkout", "--quiet", "-b", "work")
    repo.git("rm", "--quiet", "docs/old.md")
    repo.track({"src/b.py": words(10, "b")}).commit()
    repo.git("checkout", "--quiet", "main")
    repo.track({"a.py": words(5000), "c.py": words(1000, "c")}).commit()
    repo.git("checkout", "--quiet", "work")
    repo.track({"src/b.py": words(20, "b")})
    repo.write("src/b.py", words(30, "b"))
    return repo


EACH_SOURCE = [
    pytest.param(WORK_TREE, 30, "Work tree", id="work tree"),
    pytest.param(STAGED, 20, "What is staged", id="staged"),
    pytest.param(COMMITTED, 10, "HEAD", id="rev"),
]


@pytest.mark.parametrize(("options", "tokens", "subject"), EACH_SOURCE)
def test_growth_since_the_fork(forked: Repo, options: Options, tokens: int, subject: str) -> None:
    """What the other branch did after the fork is neither growth nor shrinking; each source is compared by itself."""
    document = profile(forked.root, "--against", "main", *options)
    assert document["compared_with"] == {"kind": "revision", "name": "main", "total": {"tokens": 170, "files": 2}}
    assert changes(document) == {"docs/old.md": ("removed", 70, 0), "src/b.py": ("added", 0, tokens)}
    fewer = 70 - tokens
    left = forked.git("merge-base", "main", "HEAD").decode()[:7]
    since = f"main, where this branch left it, {left}"
    said = f"{subject}: {fewer} tokens fewer than {since} (-{100 * fewer / 170:.1f}%)."
    assert said in chart(forked.root, "--against", "main", *options).splitlines()


@pytest.mark.parametrize(("options", "tokens", "subject"), EACH_SOURCE)
def test_growth_since_a_commit(forked: Repo, options: Options, tokens: int, subject: str) -> None:
    """An ancestor is where the change begins itself; where nothing differs, that is said."""
    document = profile(forked.root, "--against", "HEAD", *options)
    assert changes(document) == ({} if tokens == 10 else {"src/b.py": ("grown", 10, tokens)})
    last = chart(forked.root, "--against", "HEAD", *options).splitlines()[-1]
    same = "No change of the total since HEAD."
    more = f"{subject}: {tokens - 10} tokens more than HEAD (+{100 * (tokens - 10) / 110:.1f}%)."
    assert last == (same if tokens == 10 else more)


def test_new_and_removed_in_words(forked: Repo) -> None:
    """A share of nothing is "new", what is gone is "removed", and directories and types that are gone keep a row."""
    printed = chart(forked.root, "--against", "main")
    rows = read_chart(printed, "By directory")
    assert rows["src/"] == {
        "tokens": "30",
        "before": "",
        "change": "+30",
        "% change": "new",
        "% parent": "23.1",
        "% total": "23.1",
        "files": "1",
    }
    gone = {"tokens": "0", "before": "70", "change": "-70", "% change": "removed", "files": "0"}
    assert rows["docs/"].items() >= gone.items()
    assert rows["."].items() >= {"tokens": "130", "before": "170", "change": "-40", "% change": "-23.5%"}.items()
    types = read_chart(printed, "By file type")
    assert types[".md"].items() >= gone.items()
    assert types[".py"].items() >= {"tokens": "130", "before": "100", "change": "+30", "% change": "+30.0%"}.items()
    assert read_chart(printed, "Largest changes") == {
        "docs/old.md": {"before": "70", "change": "-70", "% change": "removed", "tokens": "0"},
        "src/b.py": {"before": "", "change": "+30", "% change": "new", "tokens": "30"},
    }


def test_changes_alone_against_a_branch(forked: Repo) -> None:
    """With --changed both sides hold what differs since the fork, printed and counted alike."""
    forked.track({"d.py": words(40, "d")}).commit()
    forked.git("checkout", "--quiet", "-b", "topic")
    forked.track({"d.py": words(45, "d")}).commit()
    forked.git("rm", "--quiet", "src/b.py")
    document = profile(forked.root, "--changed", "--against", "work")
    assert changes(document) == {"d.py": ("grown", 40, 45), "src/b.py": ("removed", 30, 0)}
    assert document["compared_with"]["total"] == {"tokens": 70, "files": 2}
    assert [file["path"] for file in document["files"]] == ["d.py"]
    printed = run("--raw", "--changed", "--against", "work", cwd=forked.root)
    assert printed.out == f"d.py\n---\n{words(45, 'd')}\n---\n"


def test_what_moved_is_neither_new_nor_gone(repo: Repo) -> None:
    """A file that moved unchanged is one row, and so is a directory; a file that was edited on the way is not."""
    files = {"one.py": words(50, "a"), "two.py": words(60, "b"), "in/three.py": words(70, "c")}
    repo.track({f"lib/{name}": text for name, text in files.items()})
    repo.track({"top.py": words(80, "d"), "edited.py": words(90, "e")}).commit()
    repo.git("mv", "lib", "src")
    repo.git("mv", "top.py", "bottom.py")
    repo.git("mv", "edited.py", "improved.py")
    repo.track({"improved.py": words(91, "e")})
    for options in (WORK_TREE, STAGED):
        document = profile(repo.root, "--against", "HEAD", *options)
        assert changes(document) == {
            "bottom.py": ("moved", 80, 80),
            "edited.py": ("removed", 90, 0),
            "improved.py": ("added", 0, 91),
            "src/in/three.py": ("moved", 70, 70),
            "src/one.py": ("moved", 50, 50),
            "src/two.py": ("moved", 60, 60),
        }
        moved = {each["path"]: each["from"] for each in document["changes"] if each["kind"] == "moved"}
        assert moved == {"bottom.py": "top.py"} | {f"src/{name}": f"lib/{name}" for name in files}
    rows = read_chart(chart(repo.root, "--against", "HEAD"), "Largest changes")
    unchanged = {"change": "0", "% change": "0.0%"}
    assert {name: {key: row[key] for key in unchanged} for name, row in rows.items() if "moved" in name} == {
        "src/ (moved from lib/, 3 files)": unchanged,
        "bottom.py (moved from top.py)": unchanged,
    }
    assert rows["src/ (moved from lib/, 3 files)"]["tokens"] == "180"


def test_the_json_gains_two_numbers_everywhere(forked: Repo) -> None:
    """With something to compare with, each row has tokens before and the change, and they add up; else it has none."""
    save(forked.root)
    forked.write("a.py", words(130))
    for options in (("--against", "main"), ("--baseline",)):
        document = profile(forked.root, *options)
        rows = [document["total"], *document["directories"], *document["types"], *document["files"]]
        assert [row["tokens"] - row["base_tokens"] for row in rows] == [row["delta_tokens"] for row in rows]
        assert document["total"]["base_tokens"] == document["compared_with"]["total"]["tokens"]
        assert sum(each["delta_tokens"] for each in document["changes"]) == document["total"]["delta_tokens"]
        assert document["files"][0].items() >= {"path": "a.py", "base_tokens": 100, "delta_tokens": 30}.items()
    plain = profile(forked.root)
    assert (plain["compared_with"], plain["changes"]) == (None, [])
    assert "base_tokens" not in json.dumps(plain)


# The stored baseline.


@pytest.fixture
def project(repo: Repo) -> Repo:
    """Return a repository with a commit of 190 tokens."""
    files: dict[str, str | bytes] = {
        "README.md": words(10, "r"),
        "logo.png": b"\0",
        "src/a.py": words(100),
        "src/b.py": words(50, "b"),
        "docs/guide.md": words(30, "g"),
    }
    repo.track(files).commit()
    return repo


def test_the_saved_file(project: Repo) -> None:
    """Two lines for each file of the whole tree, and nothing that is not content; what was saved is said."""
    result = save(project.root)
    assert result.err == f"code-context: saved 4 files to {BASELINE}\n"
    assert (project.root / BASELINE).read_text("utf-8") == (
        '{\n"schema": 1,\n'
        f'"encoding": "{encoding_id(ENCODING)}",\n'
        '"files": {\n'
        '"README.md":\n10,\n'
        '"docs/guide.md":\n30,\n'
        '"src/a.py":\n100,\n'
        '"src/b.py":\n50,\n'
        '"":\n0\n}\n}\n'
    )


def test_a_link_of_the_repository_leads_no_baseline_out_of_it(project: Repo, tmp_path: Path) -> None:
    """Where a repository has a link as its baseline, nothing outside is overwritten; inside, its target is."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    project.link(BASELINE, str(victim))
    result = run("--profile", "--save-baseline", cwd=project.root)
    assert (result.code, victim.read_text()) == (2, "mine")
    assert "a link leads from the baseline .loopflow-baseline.json out of" in result.err
    (project.root / BASELINE).unlink()
    project.link(BASELINE, "kept.json")
    assert run("--profile", "--save-baseline", cwd=project.root).code == 0
    assert (project.root / BASELINE).is_symlink()
    assert (project.root / "kept.json").is_file()


def test_the_saved_file_depends_on_content_alone(project: Repo, tmp_path: Path) -> None:
    """Saved again, from a subdirectory, without a cache, of the index, of a commit or in a clone, it is the same."""
    save(project.root)
    expected = (project.root / BASELINE).read_bytes()
    git_at(tmp_path, "clone", "--quiet", str(project.root), "clone")
    ways: list[tuple[Path, Options]] = [
        (project.root, ()),
        (project.root / "src", ()),
        (project.root, ("--no-cache", "--jobs", "1")),
        (project.root, STAGED),
        (project.root, COMMITTED),
        (tmp_path / "clone", ()),
    ]
    for here, options in ways:
        save(here, "-q", *options)
        root = tmp_path / "clone" if here.name == "clone" else project.root
        assert (root / BASELINE).read_bytes() == expected
        assert not (project.root / "src" / BASELINE).exists()


@pytest.mark.parametrize("configured", [None, "src/counts.json"], ids=["by default", "configured"])
def test_the_saved_file_is_skipped(project: Repo, configured: str | None) -> None:
    """A baseline does not count itself, wherever it is, nor does saving it make a difference to the next one."""
    if configured:
        project.track({"loopflow.toml": f'baseline = "{configured}"\nexclude = ["loopflow.toml"]\n'})
    save(project.root)
    project.track()
    for options in (WORK_TREE, STAGED):
        document = profile(project.root, "--baseline", *options)
        assert {"path": configured or BASELINE, "reason": "baseline"} in document["skipped"]
        assert (document["changes"], document["total"]["files"]) == ([], 4)
        assert document["compared_with"]["name"] == (configured or BASELINE)
    printed = run("--raw", cwd=project.root)
    assert '"schema"' not in printed.out


def test_growth_since_the_baseline(project: Repo) -> None:
    """Each source is compared with the baseline of its own tree, and the report says which that is."""
    save(project.root)
    project.track({"src/a.py": words(110)}).commit()
    project.track({"src/a.py": words(120)})
    project.write("src/a.py", words(130))
    for options, tokens in ((WORK_TREE, 130), (STAGED, 120), (COMMITTED, 110)):
        document = profile(project.root, "--baseline", *options)
        assert changes(document) == {"src/a.py": ("grown", 100, tokens)}
        assert document["compared_with"] == {"kind": "baseline", "name": BASELINE, "total": {"tokens": 190, "files": 4}}
    last = chart(project.root, "--baseline").splitlines()[-1]
    assert last == f"Work tree: 30 tokens more than the baseline {BASELINE} (+15.8%)."
    assert refusal(project.root, "--baseline", "--rev", "HEAD~1") == (
        f"there is no baseline {BASELINE}; {SAVING} writes one"
    )


@pytest.mark.parametrize("here", [".", "src"], ids=["at the root", "below"])
def test_a_baseline_file_is_named_from_where_one_stands(project: Repo, tmp_path: Path, here: str) -> None:
    """--baseline-file is relative to the current directory, for saving and for comparing, within the tree or not."""
    for name in ("q3.json", str(tmp_path / "elsewhere.json")):
        save(project.root / here, "--baseline-file", name)
        assert (project.root / here / name).exists()
        assert not (project.root / BASELINE).exists()
        project.write("src/a.py", words(115))
        document = profile(project.root / here, "--baseline", "--baseline-file", name)
        assert changes(document) == {"src/a.py": ("grown", 100, 115)}
        assert document["compared_with"]["name"] == name
        project.write("src/a.py", words(100))


@pytest.mark.parametrize(
    ("options", "here", "tokens", "files"),
    [
        (("-e", "py"), ".", 150, 2),
        (("src",), ".", 150, 2),
        ((), "src", 150, 2),
        (("src/b.py", "README.md"), ".", 60, 2),
        (("--exclude", "src/"), ".", 40, 2),
        (("--include", "*.md", "docs"), ".", 30, 1),
    ],
)
def test_filters_narrow_the_baseline_too(project: Repo, options: Options, here: str, tokens: int, files: int) -> None:
    """What was not asked for is on neither side: nothing looks removed."""
    save(project.root)
    document = profile(project.root / here, "--baseline", *options)
    assert document["changes"] == []
    assert document["compared_with"]["total"] == {"tokens": tokens, "files": files}
    assert document["total"].items() >= {"base_tokens": tokens, "delta_tokens": 0}.items()


@pytest.mark.parametrize("start", [("--baseline",), ("--against", "HEAD")], ids=["baseline", "against"])
def test_filters_keep_what_is_really_removed(project: Repo, start: Options) -> None:
    """A file that is gone shows where it would have been selected, and only there."""
    save(project.root)
    project.git("rm", "--quiet", "src/b.py")
    removed = {"src/b.py": ("removed", 50, 0)}
    for options in (("-e", "py"), ("src",), ("--exclude", "docs/")):
        assert changes(profile(project.root, *start, *options)) == removed
    for options in (("-e", "md"), ("docs",), ("--exclude", "src/b.*")):
        assert changes(profile(project.root, *start, *options)) == {}


def test_excluding_in_the_config_narrows_what_was_before(project: Repo) -> None:
    """What the tree's own config excludes now is on neither side, whatever it was when that was recorded."""
    save(project.root)
    project.write("loopflow.toml", 'exclude = ["docs/", "loopflow.toml"]\n')
    for start in (("--baseline",), ("--against", "HEAD")):
        document = profile(project.root, *start)
        assert (document["changes"], document["compared_with"]["total"]["tokens"]) == ([], 160)


def test_another_encoding_is_not_compared(project: Repo) -> None:
    """Counts of two encodings make no difference: the file, its line and both ways out are named, and both work."""
    save(project.root)
    cl100k = ("--encoding", "cl100k_base")
    message = refusal(project.root, "--baseline", *cl100k)
    assert message == (
        f"the baseline {BASELINE}:3 cannot be used: it was counted with o200k_base, and this run counts with"
        " cl100k_base; count with --encoding o200k_base, or save it again"
    )
    assert profile(project.root, "--baseline", "--encoding", "o200k_base")["changes"] == []
    save(project.root, *cl100k)
    assert profile(project.root, "--baseline", *cl100k)["changes"] == []


def test_a_baseline_that_is_not_there(project: Repo) -> None:
    """It is named with the command that makes it, which then does."""
    for options, name in (((), BASELINE), (("--baseline-file", "q3.json"), "q3.json")):
        saving = " ".join([SAVING, *options])
        assert refusal(project.root, "--baseline", *options) == f"there is no baseline {name}; {saving} writes one"
        save(project.root, *options)
        assert profile(project.root, "--baseline", *options)["changes"] == []
    assert profile(project.root, "--baseline")["changes"] == []


def test_a_broken_baseline_stops_nobody_who_does_not_ask_for_it(project: Repo) -> None:
    """Plain counting, and comparing with a commit, read no baseline; one that is asked for must be whole."""
    project.track({BASELINE: "no baseline at all\n"})
    for options in ((), STAGED, ("--against", "HEAD"), ("--check",)):
        assert run("--profile", *options, cwd=project.root).code == 0
    assert refusal(project.root, "--baseline").startswith(f"the baseline {BASELINE}:1 cannot be used: it is not JSON")


def test_a_plain_directory_has_a_baseline_and_no_history(tmp_path: Path) -> None:
    """Without git a stored baseline is all there is to compare with."""
    write_files(tmp_path, {"a.py": words(10), "sub/b.py": words(20, "b")})
    save(tmp_path)
    write_files(tmp_path, {"a.py": words(15)})
    document = profile(tmp_path, "--baseline")
    assert changes(document) == {"a.py": ("grown", 10, 15)}
    assert document["skipped"] == [{"path": BASELINE, "reason": "baseline"}]
    assert refusal(tmp_path, "--against", "main") == (
        "this is no git repository: there is nothing to compare with; leave out --against"
    )


@pytest.mark.parametrize("options", [("--against", "HEAD"), ("--baseline",)], ids=["against", "baseline"])
def test_several_repositories_have_no_growth(make_repo: MakeRepo, tmp_path: Path, options: Options) -> None:
    """Each has a history of its own: that is said, and nothing is compared."""
    for name in ("one", "two"):
        make_repo(name).track({"a.py": words(3)}).commit()
    message = "several trees were read, and growth is that of one; name paths of one repository"
    assert refusal(tmp_path, "one", "two", *options) == message
    assert profile(tmp_path, "one", "two")["total"]["files"] == 2


def test_a_plain_directory_and_the_repositories_in_it(make_repo: MakeRepo, tmp_path: Path) -> None:
    """They are one tree with one baseline."""
    make_repo("one").track({"a.py": words(3)}).commit()
    write_files(tmp_path, {"b.py": words(4)})
    save(tmp_path)
    write_files(tmp_path, {"one/a.py": words(5), "b.py": words(6)})
    assert changes(profile(tmp_path, "--baseline")) == {"b.py": ("grown", 4, 6), "one/a.py": ("grown", 3, 5)}


# Starts that cannot be found.


def test_a_shallow_clone_names_what_to_fetch(forked: Repo, tmp_path: Path) -> None:
    """Where the fork lies before the beginning of a shallow clone, the fetch is named, and then it works."""
    git_at(tmp_path, "clone", "--quiet", "--depth=1", "--branch=work", f"file://{forked.root}", "shallow")
    shallow = tmp_path / "shallow"
    git_at(shallow, "fetch", "--quiet", "--depth=1", "origin", "main:refs/remotes/origin/main")
    tip = git_at(shallow, "rev-parse", "HEAD").decode()[:12]
    for options in (WORK_TREE, STAGED, COMMITTED):
        assert refusal(shallow, "--against", "origin/main", *options) == (
            f"origin/main and {tip} have no common ancestor in {shallow}, which is a shallow clone;"
            " fetch more of it: git fetch --unshallow"
        )
    git_at(shallow, "fetch", "--quiet", "--unshallow")
    document = profile(shallow, "--against", "origin/main")
    assert changes(document) == {"docs/old.md": ("removed", 70, 0), "src/b.py": ("added", 0, 10)}


def test_a_branch_that_was_not_fetched(project: Repo) -> None:
    """A name that means nothing here is an error with the fetch that would bring it."""
    for name in ("origin/main", "v1.0"):
        assert refusal(project.root, "--against", name) == (
            f"there is no {name} in {project.root} to compare with;"
            " check the name; git log, git branch --all and git tag show what there is"
        )
    project.git("remote", "add", "origin", "https://host.invalid/x")
    fetches = {
        "origin/main": "fetch it: git fetch origin +refs/heads/main:refs/remotes/origin/main",
        "upstream/topic/x": "there is no remote upstream; fetch the branch: git fetch origin upstream/topic/x:",
        "v1.0": "fetch the branch: git fetch origin v1.0:v1.0, or the tag: git fetch origin tag v1.0",
    }
    for name, fetch in fetches.items():
        said = f"there is no {name} in {project.root} to compare with; {fetch}"
        assert refusal(project.root, "--against", name).startswith(said)


def test_unrelated_histories(project: Repo) -> None:
    """Two branches without a common ancestor have no start that they share."""
    tip = project.git("rev-parse", "HEAD").decode()[:12]
    project.git("checkout", "--quiet", "--orphan", "other")
    project.commit("another beginning")
    project.git("checkout", "--quiet", "main")
    assert refusal(project.root, "--against", "other") == (
        f"other and {tip} have no common ancestor in {project.root}; compare with a branch that shares its history"
    )


def test_before_the_first_commit_everything_is_new(repo: Repo) -> None:
    """A branch without a commit has its start in nothing, whatever it is compared with."""
    repo.track({"a.py": words(10)}).commit()
    repo.git("checkout", "--quiet", "--orphan", "unborn")
    for options in (WORK_TREE, STAGED):
        document = profile(repo.root, "--against", "main", *options)
        assert changes(document) == {"a.py": ("added", 0, 10)}


# Files that are on disk another way than in git.


def age(repo: Repo, paths: Sequence[str]) -> None:
    """Make files old, and let git look at them, so that it need not look again."""
    for path in paths:
        os.utime(repo.root / path, (LONG_AGO, LONG_AGO))
    repo.git("update-index", "--refresh")


@pytest.mark.parametrize(
    ("config", "attributes", "text", "on_disk"),
    [
        pytest.param(
            {"filter.large.clean": "sed 's/ and more//g'", "filter.large.smudge": "sed 's/ a/ a and more/g'"},
            "*.txt filter=large\n",
            words(50) + "\n",
            " a and more" * 50 + "\n",
            id="a filter",
        ),
        pytest.param({"core.autocrlf": "true"}, "", "//\n//\n" * 9, "//\r\n//\r\n" * 9, id="autocrlf"),
        pytest.param({}, "*.txt text eol=crlf\n", "//\n//\n" * 9, "//\r\n//\r\n" * 9, id="eol"),
    ],
)
def test_what_git_calls_unmodified_has_not_grown(
    repo: Repo, config: Mapping[str, str], attributes: str, text: str, on_disk: str
) -> None:
    """A file that a checkout writes in another form costs what it costs on disk, then and now."""
    repo.track({".gitattributes": attributes, "big.txt": text, "other.py": words(10)}).commit()
    for key, value in config.items():
        repo.git("config", key, value)
    (repo.root / "big.txt").unlink()
    repo.git("checkout", "--", "big.txt")
    age(repo, ["big.txt"])
    assert (repo.root / "big.txt").read_bytes() == on_disk.encode()
    assert repo.git("status", "--porcelain") == b""
    repo.write("other.py", words(12))
    document = profile(repo.root, "--against", "HEAD")
    assert changes(document) == {"other.py": ("grown", 10, 12)}
    cost = {file["path"]: file["tokens"] for file in document["files"]}["big.txt"]
    assert cost == count_text(on_disk, ENCODING) != count_text(text, ENCODING)
    assert profile(repo.root, "--against", "HEAD", "--staged")["changes"] == []


def test_what_moved_in_another_form_has_not_grown(repo: Repo) -> None:
    """A file that lies on disk with other line ends than in git may be renamed, or be made executable."""
    repo.track({".gitattributes": "*.txt text eol=crlf\n"})
    repo.track({"moved.txt": "//\r\n//\r\n" * 9, "run.txt": "//\r\n//\r\n" * 8}).commit()
    repo.git("mv", "moved.txt", "docs.txt")
    (repo.root / "run.txt").chmod(0o755)
    repo.git("add", "run.txt")
    document = profile(repo.root, "--against", "HEAD")
    assert [(each["path"], each["kind"], each["delta_tokens"]) for each in document["changes"]] == [
        ("docs.txt", "moved", 0)
    ]
    assert document["total"]["delta_tokens"] == 0


# Merges.


@pytest.fixture
def conflict(project: Repo) -> Repo:
    """Return a repository in the middle of a merge of two branches that each added a file and saved the baseline."""
    save(project.root)
    project.track().commit()
    for branch, tokens in (("one", 5), ("two", 6)):
        project.git("checkout", "--quiet", "-b", branch, "main")
        project.track({f"src/c_{branch}.py": words(tokens, "c")})
        save(project.root)
        project.track().commit()
    with pytest.raises(AssertionError, match="failed"):
        project.git("merge", "--quiet", "one")
    assert project.git("diff", "--name-only", "--diff-filter=U").decode().split() == [BASELINE]
    return project


def test_a_conflict_in_the_baseline(conflict: Repo) -> None:
    """In the middle of the merge the error names the remedy, and following it concludes the merge."""
    message = refusal(conflict.root, "--baseline")
    line = (conflict.root / BASELINE).read_text("utf-8").splitlines().index("<<<<<<< HEAD") + 1
    assert message == (
        f"the baseline {BASELINE}:{line} cannot be used: it holds a merge conflict;"
        f" {SAVING} writes a new one; then git add it"
    )
    save(conflict.root)
    conflict.git("add", BASELINE)
    conflict.commit()
    for options in (WORK_TREE, STAGED, COMMITTED):
        document = profile(conflict.root, "--baseline", *options)
        assert (document["changes"], document["total"]["tokens"]) == ([], 190 + 5 + 6)


def test_the_middle_of_a_merge_is_compared_with_what_was_there(conflict: Repo) -> None:
    """With a conflict, the work tree is compared with HEAD: what the other branch brings is new."""
    document = profile(conflict.root, "--against", "HEAD")
    assert changes(document) == {"src/c_one.py": ("added", 0, 5)}
    assert document["compared_with"]["total"] == {"tokens": 196, "files": 5}


def test_neighbours_in_the_baseline_merge(project: Repo) -> None:
    """Two branches that change neighbouring files, and save, merge without a conflict into what saving would write."""
    save(project.root)
    project.track().commit()
    for branch, path in (("one", "src/a.py"), ("two", "src/b.py")):
        project.git("checkout", "--quiet", "-b", branch, "main")
        project.track({path: words(77, "x")})
        save(project.root)
        project.track().commit()
    project.git("merge", "--quiet", "--no-edit", "one")
    merged = (project.root / BASELINE).read_bytes()
    assert profile(project.root, "--baseline")["changes"] == []
    save(project.root)
    assert (project.root / BASELINE).read_bytes() == merged
