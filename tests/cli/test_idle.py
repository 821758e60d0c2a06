"""What matches nothing is said: which pattern, where it is written and what to do, and no run fails for it."""

import html
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.support.builder import Repo, write_files
from tests.support.run import run
from tests.support.schema import complaints

MakeRepo = Callable[..., Repo]
CONFIG = """\
exclude = ["docs/", "gone/"]
include = ["*", "/lost"]

[budget]
total = "1k"

[[rule]]
name = "source"
paths = ["src/", "/sorce/"]
total = "1k"

[[rule]]
name = "docs"
paths = ["docs/"]
total = "1k"

[[rule]]
name = "none"
paths = ["/none/", "/nor/"]
file = "1k"
"""
OF_THE_CONFIG = [
    "loopflow.toml:2: include: nothing that is listed matches '/lost'; correct it there, or remove it",
    "loopflow.toml:1: exclude: nothing that is listed matches 'gone/'; correct it there, or remove it",
]
OF_RULES = [
    "loopflow.toml:9: rule 'source': nothing that is listed matches '/sorce/'; correct it there, or remove it",
    "loopflow.toml:19: rule 'none': nothing that is listed matches '/none/', '/nor/'; correct it there, or remove it",
]
OF_A_RULE_WITHOUT_FILES = "loopflow.toml:14: rule 'docs': it matches no file; correct its paths, or remove it"


@pytest.fixture
def project(repo: Repo) -> Repo:
    """Return a repository with a config of which half means nothing."""
    files = {"src/a.py": "a = 1\n", "docs/a.md": "text\n", "tests/t.py": "t = 1\n", "loopflow.toml": CONFIG}
    repo.track(files).commit()
    return repo


def warnings(err: str) -> list[str]:
    start = "code-context: warning: "
    return [line.removeprefix(start) for line in err.splitlines() if line.startswith(start)]


@pytest.mark.parametrize("quiet", [(), ("-q",)])
@pytest.mark.parametrize(
    "options",
    [
        pytest.param((), id="context"),
        pytest.param(("--profile",), id="profile"),
        pytest.param(("--profile", "--format", "json", "--staged"), id="staged"),
        pytest.param(("--profile", "src"), id="narrowed"),
        pytest.param(("--profile", "--changed"), id="changed"),
        pytest.param(("--profile", "-e", "py"), id="filtered"),
        pytest.param(("--profile", "--rev", "HEAD", "--against", "HEAD"), id="rev"),
        pytest.param(("--profile", "--save-baseline"), id="save"),
        pytest.param(("--fit", "1k"), id="fit"),
    ],
)
def test_the_filters_of_the_config(project: Repo, quiet: Sequence[str], options: Sequence[str]) -> None:
    """They are judged by the whole tree, whatever part of it a run is about, and said also when it should be quiet."""
    result = run(*options, *quiet, cwd=project.root)
    assert (result.code, warnings(result.err)) == (0, OF_THE_CONFIG)


@pytest.mark.parametrize("source", [(), ("--staged",), ("--rev", "HEAD")])
def test_the_paths_of_rules(project: Repo, source: Sequence[str]) -> None:
    """Each path of a rule is judged by itself where rules are; one that is about nothing is said when it is quiet."""
    check = ("--profile", "--check", *source)
    result = run(*check, cwd=project.root)
    assert (result.code, warnings(result.err)) == (0, OF_THE_CONFIG + OF_RULES)
    quiet = run(*check, "-q", cwd=project.root)
    assert (quiet.code, quiet.out, warnings(quiet.err)) == (
        0,
        "",
        [*OF_THE_CONFIG, *OF_RULES, OF_A_RULE_WITHOUT_FILES],
    )


def test_reports_say_it_as_well(project: Repo, tmp_path: Path) -> None:
    """JSON has it as data, of rules where they are judged; a page for people says the sentence of the warning."""
    page = tmp_path / "page.html"
    for options, said in (((), OF_THE_CONFIG), (("--check",), OF_THE_CONFIG + OF_RULES)):
        result = run("--profile", "--format", "json", f"--report=html:{page}", *options, cwd=project.root)
        assert complaints(result.json) == []
        found = result.json["idle"]
        quoted = [(each["where"], ", ".join(f"'{name}'" for name in each["patterns"]), each["hint"]) for each in found]
        assert [f"{where}: nothing that is listed matches {names}; {hint}" for where, names, hint in quoted] == said
        assert [sentence in html.unescape(page.read_text("utf-8")) for sentence in said] == [True] * len(said)


def test_a_report_on_what_means_something_has_none(project: Repo) -> None:
    """The list is there and empty."""
    project.track({"loopflow.toml": 'exclude = ["docs/"]\n'})
    assert run("--profile", "--format", "json", cwd=project.root).json["idle"] == []


def test_a_rule_for_types(project: Repo) -> None:
    """A rule for types that no file has is said too."""
    project.track({"loopflow.toml": '[[rule]]\nname = "rust"\ntypes = [".rs"]\ntotal = 1\n'}).commit()
    result = run("--profile", "--check", "-q", cwd=project.root)
    said = "loopflow.toml:1: rule 'rust': it matches no file; correct its paths, or remove it"
    assert (result.code, result.out, warnings(result.err)) == (0, "", [said])


def test_the_code_of_a_failure_stays(project: Repo) -> None:
    """A warning changes no exit code, in either direction."""
    project.track({"loopflow.toml": CONFIG.replace('total = "1k"', "total = 1", 1)}).commit()
    result = run("--profile", "--check", "-q", "--staged", cwd=project.root)
    assert (result.code, warnings(result.err)[:2]) == (0, OF_THE_CONFIG), "it was over before"
    project.track({"src/new.py": "b = 1\n"})
    result = run("--profile", "--check", "-q", "--staged", cwd=project.root)
    assert (result.code, warnings(result.err)[:2]) == (1, OF_THE_CONFIG)


def test_a_rule_that_fails_says_it_itself(project: Repo) -> None:
    """Where all that a rule was about has gone, that is the failure, and no warning besides."""
    project.track({"loopflow.toml": '[[rule]]\nname = "t"\npaths = ["tests/"]\ntotal = "1k"\n'}).commit()
    project.git("mv", "tests", "test")
    result = run("--profile", "--check", "-q", "--staged", cwd=project.root)
    assert (result.code, result.err) == (1, "")
    assert "its files went to test/" in result.out


OPTIONS = [
    (("--exclude", "tets/"), ["--exclude: nothing that is listed matches 'tets/'"]),
    (("--exclude", "tests/", "--exclude", "/src/tests"), ["--exclude: nothing that is listed matches '/src/tests'"]),
    (("--exclude", "a/", "--exclude", "b"), ["--exclude: nothing that is listed matches 'a/', 'b'"]),
    (("--include", "*.py", "--include", "*.rs"), ["--include: nothing that is listed matches '*.rs'"]),
    (("--include", "src/", "--exclude", "x\n"), ["--exclude: nothing that is listed matches 'x\\n'"]),
    (("--exclude", "src/", "--exclude", "src/a.py"), []),
    (("--exclude", "*.{rs,go}"), ["--exclude: nothing that is listed matches '*.{rs,go}'"]),
    (("--exclude", "gone,lost"), ["--exclude: nothing that is listed matches 'gone,lost'"]),
    (("--fit", "1k", "--keep", "src/", "--keep", "scr/"), ["--keep: nothing that is listed matches 'scr/'"]),
    (
        ("--profile", "--window", "1k", "--keep", "*.py", "--keep", "x"),
        ["--keep: nothing that is listed matches 'x'"],
    ),
]


@pytest.mark.parametrize(("options", "said"), OPTIONS)
@pytest.mark.parametrize("quiet", [(), ("-q",)])
def test_patterns_of_options(project: Repo, options: Sequence[str], said: list[str], quiet: Sequence[str]) -> None:
    """Each pattern is judged by itself, against what is listed and not against what others leave."""
    project.track({"loopflow.toml": ""}).commit()
    result = run(*options, *quiet, cwd=project.root)
    assert (result.code, warnings(result.err)) == (0, [f"{each}; check the spelling, or leave it out" for each in said])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--exclude", "docs,tests"), "write --exclude docs --exclude tests"),
        (("--profile", "--exclude", "docs/, src/"), "write --exclude docs/ --exclude src/"),
        (("--include", "*.py,*.md"), "write --include '*.py' --include '*.md'"),
        (("--fit", "1k", "--keep", "src,x y"), "write --keep src --keep 'x y'"),
        (("--exclude", "gone", "--exclude", "docs,gone", "-q"), "write --exclude docs --exclude gone"),
    ],
)
def test_a_list_is_no_pattern(project: Repo, options: Sequence[str], said: str) -> None:
    """A comma is part of a name in gitignore syntax; where its parts are what was meant, that is said."""
    result = run(*options, cwd=project.root)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert "but its parts do; " + said in result.err


def test_a_name_with_a_comma_is_a_name(project: Repo) -> None:
    """Where the pattern as it is written matches, it is one."""
    project.track({"loopflow.toml": "", "docs,tests": "x\n"}).commit()
    result = run("--profile", "--exclude", "docs,tests", cwd=project.root)
    assert (result.code, result.err) == (0, "")


def test_a_list_in_the_config_stops_nobody(project: Repo) -> None:
    """A hook goes on with it; what to write is said."""
    project.track({"loopflow.toml": 'exclude = ["docs,tests"]\n'}).commit()
    result = run("--profile", cwd=project.root)
    said = """loopflow.toml:1: exclude: nothing that is listed matches 'docs,tests'; write "docs", "tests" there"""
    assert (result.code, warnings(result.err)) == (0, [said])


def test_a_config_that_is_named(project: Repo) -> None:
    """One from elsewhere is named as it was."""
    write_files(project.root.parent, {"other.toml": '\nexclude = ["x/"]\n'})
    result = run("--profile", "--config", "../other.toml", cwd=project.root)
    said = "../other.toml:2: exclude: nothing that is listed matches 'x/'; correct it there, or remove it"
    assert warnings(result.err) == [said]


def test_several_trees(make_repo: MakeRepo) -> None:
    """A pattern that means something in one of them is no mistake."""
    for name in ("one", "two"):
        make_repo(name).track({f"{name}.py": "x\n", "both.py": "x\n"}).commit()
    here = make_repo("three").root.parent
    result = run("--profile", "one", "two", "--exclude", "/one.py", "--exclude", "/two/two.py", cwd=here)
    said = "--exclude: nothing that is listed matches '/two/two.py'; check the spelling, or leave it out"
    assert (result.code, warnings(result.err)) == (0, [said])


def test_a_plain_directory(tmp_path: Path) -> None:
    """What is walked, what is named and a repository in it are all listed."""
    plain = write_files(tmp_path / "plain", {"a.py": "a\n", "b/c.md": "c\n"})
    Repo(plain / "in").track({"d.py": "d\n"}).commit()
    patterns = [word for pattern in ("a.py", "/b", "/in/d.py", "e") for word in ("--exclude", pattern)]
    assert warnings(run("--profile", *patterns, cwd=plain).err) == [
        "--exclude: nothing that is listed matches '/in/d.py', 'e'; check the spelling, or leave it out"
    ]
    named = run("--profile", "a.py", "--exclude", "*.md", "--include", "a.*", cwd=plain)
    assert len(warnings(named.err)) == 1


def test_untracked_files_are_listed_where_they_are_asked_for(project: Repo) -> None:
    """A pattern for what is not tracked means something with -u, and for a file that is named."""
    project.track({"loopflow.toml": ""}).commit()
    project.write("new.txt", "x\n")
    asked = ("--profile", "--exclude", "*.txt")
    assert len(warnings(run(*asked, cwd=project.root).err)) == 1
    assert warnings(run(*asked, "-u", cwd=project.root).err) == []
    assert warnings(run(*asked, "src", "new.txt", cwd=project.root).err) == []


def test_a_submodule_is_a_directory(project: Repo, make_repo: MakeRepo) -> None:
    """A pattern for a submodule matches it."""
    make_repo("other").track({"x.py": "x\n"}).commit()
    project.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", "../other", "sub")
    project.track({"loopflow.toml": 'exclude = ["sub/"]\n'}).commit()
    assert warnings(run("--profile", cwd=project.root).err) == []


def test_where_nothing_is_listed_nothing_is_said(repo: Repo) -> None:
    """Before the first file is tracked, a config may be there."""
    write_files(repo.root, {"loopflow.toml": CONFIG})
    assert "nothing that is listed matches" not in run("--profile", "--check", cwd=repo.root).err


def test_very_many_are_counted(project: Repo) -> None:
    """A line stays one that can be read."""
    patterns = ", ".join(f'"gone{number}"' for number in range(80))
    project.track({"loopflow.toml": f"exclude = [{patterns}]\n"}).commit()
    [said] = warnings(run("--profile", cwd=project.root).err)
    assert "'gone9' and 70 more; correct it there" in said


def test_it_is_data_too(project: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that selects or profiles gets them with what it asked for."""
    import loopflow  # noqa: PLC0415

    monkeypatch.chdir(project.root)
    assert [idle.patterns for idle in loopflow.select().idle] == [("/lost",), ("gone/",)]
    assert loopflow.profile().idle == loopflow.select().idle
    assert len(loopflow.check().idle) == 4
