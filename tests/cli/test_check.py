"""--check: what a budget stops and what it does not, what it says then, and all that it cannot judge.

Everything is done by the command, in repositories in which git made every commit. Texts have a cost that is known.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.builder import Repo, write_files
from tests.support.charts import read_chart, words
from tests.support.run import Result, run
from tests.support.schema import complaints

Options = tuple[str, ...]
Rules = dict[str, dict[str, Any]]

WORK_TREE: Options = ()
STAGED: Options = ("--staged",)
COMMITTED: Options = ("--rev", "HEAD")
SOURCES = [
    pytest.param(WORK_TREE, id="work tree"),
    pytest.param(STAGED, id="staged"),
    pytest.param(COMMITTED, id="rev"),
]

BASELINE = ".loopflow-baseline.json"
TWO_PERCENT = '[budget]\ngrowth = "2%"\n'
ANOTHER_SELECTION = "is about the whole configured selection, and this run asks for another one; leave out paths"


@pytest.fixture(autouse=True)
def shared_counts(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the counts of all tests in one place: most of them count the same texts."""
    monkeypatch.setenv("LOOPFLOW_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "counts"))


@pytest.fixture
def project(repo: Repo) -> Repo:
    """Return a repository with a commit of 1,000 tokens: 900 in src/ and 100 in docs/."""
    configure(repo)
    repo.track({"src/main.py": words(900), "docs/guide.md": words(100)}).commit()
    return repo


def configure(repo: Repo, text: str = "", *, exclude: Sequence[str] = ()) -> None:
    """Write a config file of which `text` is what follows the first line. It excludes itself, and the owners."""
    owners = ["CODEOWNERS"] if (repo.root / "CODEOWNERS").exists() else []
    patterns = ", ".join(f'"{pattern}"' for pattern in ("/loopflow.toml", *owners, *exclude))
    repo.write("loopflow.toml", f"exclude = [{patterns}]\n{text}")


def change(repo: Repo, options: Options, files: Mapping[str, str | None]) -> None:
    """Write files, and remove those without a text, where a run with `options` sees it: on disk, staged, committed."""
    for path, text in files.items():
        if text is None:
            (repo.root / path).unlink()
        else:
            repo.write(path, text)
    if options == WORK_TREE:
        repo.git("add", "--intent-to-add", ".")
        return
    repo.git("add", "--all")
    if options == COMMITTED:
        repo.commit("change")


def check(repo: Repo, *options: str) -> Result:
    return run("--profile", "--check", *options, cwd=repo.root)


def judge(repo: Repo, *options: str) -> tuple[int, Rules]:
    """Return the exit code and the rules of the JSON, which must be as its schema says, by name and scope."""
    result = check(repo, "--format", "json", *options)
    assert result.code in {0, 1}, result.err
    assert complaints(result.json) == []
    return result.code, {f"{rule['name']}, {rule['scope']}": rule for rule in result.json["rules"]}


def statuses(rules: Rules) -> dict[str, str]:
    return {name: rule["status"] for name, rule in rules.items()}


@pytest.mark.parametrize(
    ("budget", "status", "code"),
    [
        ("total = 5_000", "ok", 0),
        ("total = 1_100", "warn", 0),
        ("total = 1_099", "fail", 1),
        ('total = 1_099\nlevel = "warn"', "warn", 0),
        ("file = 899", "inherited", 0),
        ("file = 99", "fail", 1),
        ("growth = 100", "warn", 0),
        ("growth = 99", "fail", 1),
        ('growth = "20%"', "ok", 0),
        ('growth = "9.9%"', "fail", 1),
    ],
)
def test_the_exit_code_tells(project: Repo, budget: str, status: str, code: int) -> None:
    """A new file of 100 tokens beside 1,000: within the limit is 0, beyond it 1, a warning or an old debt 0."""
    configure(project, f"[budget]\n{budget}\n")
    change(project, STAGED, {"src/new.py": words(100, "n")})
    exit_code, rules = judge(project, "--staged")
    assert (exit_code, [rule["status"] for rule in rules.values()]) == (code, [status])


@pytest.mark.parametrize(
    "options",
    [
        ("src",),
        ("docs/guide.md",),
        ("-e", "py"),
        ("--include", "src/"),
        ("--exclude", "docs/"),
        ("-u",),
        ("--changed",),
        ("--readmes",),
    ],
    ids=" ".join,
)
def test_budgets_are_about_the_configured_selection(project: Repo, options: Options) -> None:
    """Whatever asks for less than that, or for more, is refused before anything is counted."""
    configure(project, TWO_PERCENT)
    result = check(project, *options)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"code-context: error: --check {ANOTHER_SELECTION}")
    assert result.err.count("\n") == 1


def test_from_a_subdirectory_the_whole_is_judged(project: Repo) -> None:
    """Where the command is run from makes no difference to what it judges."""
    configure(project, "[budget]\ntotal = 999\n")
    change(project, STAGED, {"src/main.py": words(901)})
    below = run("--profile", "--check", "--staged", cwd=project.root / "docs")
    assert below == check(project, "--staged")
    assert below.code == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[budget]\ntotl = 5\n", "loopflow.toml:3: budget.totl: there is no such key; did you mean total?"),
        ('[budget]\ntotal = "many"\n', "loopflow.toml:3: budget.total: 'many' is no number of tokens; write whole"),
        ("[[rule]]\ntotal = 5\n", "loopflow.toml:2: rule: this rule has no name; write name"),
        ("[budget\n", "loopflow.toml is not TOML: "),
    ],
    ids=["unknown key", "wrong type", "no name", "no TOML"],
)
def test_a_bad_config_file_judges_nothing(project: Repo, text: str, message: str) -> None:
    """What is wrong with the config file is an error that names the line, and no verdict."""
    configure(project, text)
    result = check(project)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"code-context: error: {message}")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--check",), "--check is about a profile, and no profile is asked for; add --profile"),
        (("--check", "--profile", "--save-baseline"), "--save-baseline beside --check would judge by what it writes"),
        (("--check", "--profile", "--rev", "nowhere"), "no such revision in "),
    ],
    ids=["without a profile", "while saving", "of no revision"],
)
def test_what_cannot_be_judged(project: Repo, options: Options, message: str) -> None:
    """Options that give --check nothing to judge are exit 2, with a reason."""
    configure(project, TWO_PERCENT)
    result = run(*options, cwd=project.root)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"code-context: error: {message}")


def test_an_incomplete_run_judges_nothing(project: Repo) -> None:
    """A file that cannot be counted could be over any limit: exit 2, until it is excluded as the message says."""
    configure(project, "[budget]\ntotal = 5_000\n")
    project.track({"blank.txt": " " * 1_000_000})
    gives_up = {"LOOPFLOW_ENGINE": "tiktoken"}
    result = run("--profile", "--check", "--staged", cwd=project.root, env=gives_up)
    assert (result.code, result.out) == (2, "")
    assert re.fullmatch(
        r"code-context: error: --check needs every count, and blank\.txt \(.+\) could not be counted;"
        r" make it readable, or exclude it in the config file\n",
        result.err,
    )
    configure(project, "[budget]\ntotal = 5_000\n", exclude=["blank.txt"])
    project.git("add", "loopflow.toml")
    assert run("--profile", "--check", "--staged", cwd=project.root, env=gives_up).code == 0


def test_without_a_budget_it_warns(project: Repo) -> None:
    """Nothing to judge by is no failure, but it is said, also when it should be quiet."""
    result = check(project)
    warning = "code-context: warning: there is no budget to judge by: write [budget] or [[rule]] in loopflow.toml\n"
    assert (result.code, result.err) == (0, warning)
    assert check(project, "-q") == Result(0, "", warning)


@pytest.mark.parametrize("options", SOURCES)
def test_a_configured_start_that_is_not_there(project: Repo, options: Options) -> None:
    """It is an error, and HEAD does not take its place; with it there, all is judged."""
    configure(project, f'against = "origin/main"\n{TWO_PERCENT}')
    change(project, options, {"src/new.py": words(5, "n")})
    result = check(project, *options)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert f"there is no origin/main in {project.root} to compare with; check the name" in result.err
    project.git("update-ref", "refs/remotes/origin/main", "HEAD")
    assert check(project, *options).code == 0


@pytest.mark.parametrize(
    ("options", "env"),
    [(("--against", "nowhere"), {}), (("--against", ""), {}), ((), {"LOOPFLOW_AGAINST": "nowhere"})],
    ids=["an option", "an empty option", "the environment"],
)
def test_a_named_start_that_is_not_there(project: Repo, options: Options, env: Mapping[str, str]) -> None:
    """Wherever it was named, even as nothing at all by an unset variable of a script, HEAD does not take its place."""
    configure(project, TWO_PERCENT)
    result = run("--profile", "--check", *options, cwd=project.root, env=env)
    assert (result.code, result.out) == (2, "")
    assert "to compare with" in result.err


def test_a_large_file_is_stopped_and_shown(project: Repo) -> None:
    """Both charts show where it grew; with the limit raised in the same commit it passes, and that is said."""
    configure(project, TWO_PERCENT)
    project.track().commit()
    change(project, STAGED, {"src/new.py": words(500, "n")})
    result = check(project, "--staged")
    assert result.code == 1
    growth = {"before": "900", "change": "+500", "% change": "+55.6%", "tokens": "1,400"}
    rows = read_chart(result.out, "By directory")
    assert rows["src/"].items() >= growth.items()
    assert rows["."].items() >= {"before": "1,000", "change": "+500", "% change": "+50.0%"}.items()
    assert rows["docs/"].items() >= {"before": "100", "change": "0", "% change": "0.0%"}.items()
    assert read_chart(result.out, "By file type")[".py"].items() >= growth.items()
    assert read_chart(result.out, "Largest changes") == {
        "src/new.py": {"before": "", "change": "+500", "% change": "new", "tokens": "500"}
    }
    assert "FAIL budget, growth: +500 tokens, 480 more than the limit of 20 (2% of 1,000)" in result.out.splitlines()

    configure(project, '[budget]\ngrowth = "60%"\n')
    project.git("add", "loopflow.toml")
    result = check(project, "--staged")
    said = "this change raises the growth limit of budget from 2% to 60%"
    assert result.code == 0
    assert said in result.out.splitlines()
    project.commit()
    assert said in check(project, "--rev", "HEAD").out
    assert said not in check(project, "--staged").out


@pytest.mark.parametrize("options", SOURCES)
@pytest.mark.parametrize("text", ["", None], ids=["emptied", "deleted"])
def test_a_change_that_drops_its_budget_says_so(project: Repo, options: Options, text: str | None) -> None:
    """Without rules nothing can fail: that this change removed them is said, in the file or together with it."""
    configure(project, TWO_PERCENT)
    project.track().commit()
    change(project, options, {"loopflow.toml": text, "src/new.py": words(500, "n")})
    result = check(project, *options)
    assert (result.code, "there is no budget to judge by" in result.err) == (0, True)
    assert "this change removes the rule budget" in result.out.splitlines()


@pytest.mark.parametrize("with_baseline", [False, True], ids=["without a baseline", "with one"])
@pytest.mark.parametrize(
    ("text", "exclude"),
    [("", ["docs/"]), ('include = ["src/"]\n', [])],
    ids=["more excluded", "less included"],
)
def test_what_is_newly_excluded_is_said(
    project: Repo,
    text: str,
    exclude: Sequence[str],
    with_baseline: bool,  # noqa: FBT001
) -> None:
    """The tokens that the same change takes out of the selection, as they were, and nothing besides."""
    configure(project, TWO_PERCENT)
    project.track({"docs/more.md": words(50, "m")})
    if with_baseline:
        assert run("--profile", "--save-baseline", cwd=project.root).code == 0
    project.track().commit()
    configure(project, text + TWO_PERCENT, exclude=exclude)
    change(project, STAGED, {"docs/more.md": words(300, "m"), "docs/new.md": words(500, "n")})
    result = check(project, "--staged")
    assert result.code == 0
    assert "newly excluded: 150 tokens in 2 files" in result.out.splitlines()
    project.commit()
    assert "newly excluded" not in check(project, "--staged").out


@pytest.mark.parametrize("options", SOURCES)
def test_saving_the_baseline_again_forgives_nothing(project: Repo, options: Options) -> None:
    """Growth is measured from the baseline as it was before this change; from the next one on, the new one holds."""
    configure(project, TWO_PERCENT)
    assert run("--profile", "--save-baseline", cwd=project.root).code == 0
    project.track().commit()
    project.track({"src/new.py": words(500, "n")})
    assert run("--profile", "--save-baseline", cwd=project.root).code == 0
    change(project, options, {})
    code, rules = judge(project, "--baseline", *options)
    assert (code, rules["budget, growth"]["value"], rules["budget, growth"]["base_value"]) == (1, 500, 1000)
    project.track().commit()
    change(project, options, {"src/small.py": words(9, "s")})
    code, rules = judge(project, "--baseline", *options)
    assert (code, rules["budget, growth"]["value"], rules["budget, growth"]["base_value"]) == (0, 9, 1500)


def test_a_new_name_for_the_baseline_forgives_nothing(project: Repo) -> None:
    """Where the config of the start of the change had the baseline, it is read, whatever it is called now."""
    configure(project, TWO_PERCENT)
    assert run("--profile", "--save-baseline", cwd=project.root).code == 0
    project.track().commit()
    (project.root / ".loopflow-baseline.json").unlink()
    configure(project, 'baseline = "counts.json"\n' + TWO_PERCENT)
    project.track({"src/new.py": words(500, "n")})
    assert run("--profile", "--save-baseline", cwd=project.root).code == 0
    project.track()
    code, rules = judge(project, "--baseline", "--staged")
    assert (code, rules["budget, growth"]["base_value"]) == (1, 1000)


@pytest.fixture
def api(project: Repo) -> Repo:
    """Return a repository in which src/api/ has 300 tokens and an owner, and 350 more are staged for it."""
    files = {"src/api/get.py": words(200, "g"), "src/api/put.py": words(100, "p"), "CODEOWNERS": "src/api/ @api @you\n"}
    project.track(files)
    configure(project)
    project.track().commit()
    change(project, STAGED, {"src/api/new.py": words(300, "n"), "src/api/put.py": words(150, "p")})
    return project


def test_a_link_names_no_owner(api: Repo) -> None:
    """A CODEOWNERS file that is a link is passed over, and the next place is asked: it does not stop the verdict."""
    api.link(".github/CODEOWNERS", "../CODEOWNERS")
    api.write("loopflow.toml", '[[rule]]\nname = "api"\npaths = ["src/api/"]\ntotal = 500\n')
    api.track()
    result = run("--profile", "--staged", "--check", cwd=api.root)
    assert (result.code, result.err) == (1, "")
    assert "  owner of these files: @api @you\n" in result.out


GREW = [
    "added most: src/api/new.py +300 (new), src/api/put.py +50",
    "in: src/api/ +350",
    "owner of these files: @api @you",
]
CLOSER = "to look closer: code-context --profile --staged --changed"

FAILURES = [
    (
        "total = 500",
        [
            "total: 650 tokens, 150 more than the limit of 500",
            *GREW,
            "to raise the limit for good: loopflow.toml:5, total = 650",
        ],
    ),
    (
        "file = 250",
        [
            "each file: 1 file over the limit of 250, the largest by 50",
            "src/api/new.py: 300",
            *GREW,
            "to raise the limit for good: loopflow.toml:5, file = 300",
        ],
    ),
    (
        "growth = 100",
        [
            "growth: +350 tokens, 250 more than the limit of 100",
            *GREW,
            "to raise the limit for good: loopflow.toml:5, growth = 350",
        ],
    ),
    (
        'growth = "10%"',
        [
            "growth: +350 tokens, 320 more than the limit of 30 (10% of 300)",
            *GREW,
            'to raise the limit for good: loopflow.toml:5, growth = "116.7%"',
        ],
    ),
]


@pytest.mark.parametrize(("limit", "lines"), FAILURES, ids=[limit for limit, _ in FAILURES])
def test_what_a_failure_says(api: Repo, limit: str, lines: Sequence[str]) -> None:
    """Rule, limit, value and excess; what grew and where; who owns it; the line that allows it; how to look closer."""
    configure(api, f'[[rule]]\nname = "api"\npaths = ["src/api/"]\n{limit}\n')
    api.git("add", "loopflow.toml")
    first, *rest = [*lines, CLOSER]
    result = check(api, "-q", "--staged")
    assert result == Result(1, "\n".join([f"FAIL api, {first}", *(f"  {line}" for line in rest), ""]), "")


def allow(repo: Repo, said: str) -> None:
    """Write what a failure says into the line of the file that it names."""
    found = re.search(r"^  to raise the limit for good: (.+):(\d+), (.+)$", said, re.MULTILINE)
    assert found
    lines = (repo.root / found[1]).read_text("utf-8").splitlines()
    lines[int(found[2]) - 1] = found[3]
    repo.write(found[1], "\n".join([*lines, ""]))


@pytest.mark.parametrize("limit", [limit for limit, _ in FAILURES])
def test_what_a_failure_asks_for_lets_it_pass(api: Repo, limit: str) -> None:
    """With the number written that it names, in the line that it names, the same change passes."""
    configure(api, f'[[rule]]\nname = "api"\npaths = ["src/api/"]\n{limit}\n')
    api.git("add", "loopflow.toml")
    allow(api, check(api, "-q", "--staged").out)
    api.git("add", "loopflow.toml")
    assert check(api, "--staged").code == 0


def test_the_import_of_everything_can_be_allowed(repo: Repo) -> None:
    """A share of next to nothing is a large number, and is still written so that it can be read back."""
    configure(repo, TWO_PERCENT)
    repo.track({"README.md": words(3)}).commit()
    change(repo, STAGED, {"src/all.py": words(200_000, "b")})
    said = check(repo, "-q", "--staged")
    assert said.code == 1
    allow(repo, said.out)
    repo.git("add", "loopflow.toml")
    assert check(repo, "--staged").code == 0


@pytest.mark.parametrize("pyproject", ["", "[project]\nname = 'x'\n\n"], ids=["first line", "further down"])
def test_a_limit_in_pyproject_is_found(repo: Repo, pyproject: str) -> None:
    """The file and the line that a failure names are those of the table in pyproject.toml, too."""
    text = f"{pyproject}[tool.loopflow]\nexclude = ['pyproject.toml']\n[tool.loopflow.budget]\ntotal = 10\n"
    repo.track({"pyproject.toml": text, "a.py": words(11)})
    said = check(repo, "-q", "--staged")
    assert said.code == 1
    assert f"  to raise the limit for good: pyproject.toml:{text.count(chr(10))}, total = 11" in said.out.splitlines()
    allow(repo, said.out)
    repo.git("add", "pyproject.toml")
    assert check(repo, "--staged").code == 0


@pytest.mark.parametrize(
    ("start", "config", "culprits"),
    [
        ((), "", {"src/later.py"}),
        (("--against", "main"), "", {"src/early.py", "src/later.py"}),
        ((), 'against = "main"\n', {"src/early.py", "src/later.py"}),
    ],
    ids=["HEAD", "named", "configured"],
)
@pytest.mark.parametrize("options", SOURCES)
def test_the_closer_look_shows_what_grew(
    project: Repo, options: Options, start: Options, config: str, culprits: set[str]
) -> None:
    """The command that a failure names shows the files that are to blame, however far back the change begins."""
    configure(project, f"{config}[budget]\ntotal = 1_000\n")
    project.track().commit()
    project.git("checkout", "--quiet", "-b", "work")
    project.track({"src/early.py": words(100, "e")}).commit()
    change(project, options, {"src/later.py": words(1, "d")})
    said = check(project, "-q", *options, *start)
    assert said.code == 1
    [command] = re.findall("^  to look closer: code-context (.+)$", said.out, re.MULTILINE)
    closer = run(*shlex.split(command), "--format", "json", cwd=project.root)
    assert {file["path"] for file in closer.json["files"]} == culprits


@pytest.mark.parametrize("with_baseline", [False, True], ids=["without a baseline", "with one"])
@pytest.mark.parametrize("options", SOURCES)
def test_old_debt(project: Repo, options: Options, with_baseline: bool) -> None:  # noqa: FBT001
    """A directory that was over its limit stops no change that leaves it alone or shrinks it, and each that adds to it.

    So is growth since a stored baseline that others brought; what is not measured from one is this change's own.
    """
    rule = '[[rule]]\nname = "old"\npaths = ["old/"]\ntotal = 100\ngrowth = 10\n'
    project.track({"old/a.py": words(150, "o"), "old/b.py": words(50, "p")})
    assert run("--profile", "--save-baseline", cwd=project.root).code == 0
    project.track().commit()
    configure(project, rule)
    project.track({"old/a.py": words(250, "o")}).commit()
    baseline, since = (("--baseline",), "inherited") if with_baseline else ((), "ok")
    changes: list[tuple[Mapping[str, str], int, str, str]] = [
        ({"src/main.py": words(901)}, 0, "inherited", since),
        ({"old/a.py": words(262, "o")}, 1, "fail", "fail"),
        ({"old/a.py": words(200, "o"), "old/c.py": words(30, "q")}, 0, "inherited", since),
    ]
    before = project.git("rev-parse", "HEAD").decode().strip()
    for files, code, total, growth in changes:
        change(project, options, files)
        exit_code, rules = judge(project, *options, *baseline)
        assert (exit_code, statuses(rules)) == (code, {"old, total": total, "old, growth": growth})
        project.git("reset", "--quiet", "--hard", before)


def test_a_debt_shows_in_the_text(project: Repo) -> None:
    """An inherited debt is a row of the table, and no failure."""
    configure(project, '[[rule]]\nname = "all src"\npaths = ["src/"]\ntotal = 600\n')
    result = check(project)
    assert result.code == 0
    assert read_chart(result.out, "Budget") == {
        "all src, total": {"status": "inherited", "value": "900", "limit": "600", "% limit": "150.0"}
    }
    assert "FAIL" not in result.out


@pytest.mark.parametrize("options", SOURCES)
def test_a_renamed_file_takes_its_debt_along(project: Repo, options: Options) -> None:
    """A file over its limit may be renamed; one that grows while it is renamed may not."""
    configure(project, "[budget]\nfile = 600\n")
    project.track().commit()
    change(project, options, {"src/main.py": None, "lib/main.py": words(900)})
    code, rules = judge(project, *options)
    assert (code, statuses(rules)) == (0, {"budget, file": "inherited"})
    project.git("reset", "--quiet", "--hard", "HEAD~1" if options == COMMITTED else "HEAD")
    change(project, options, {"src/main.py": None, "lib/main.py": words(901)})
    assert judge(project, *options)[0] == 1


@pytest.mark.parametrize("options", SOURCES)
@pytest.mark.parametrize(
    ("to", "note"),
    [
        ("lib/inner/api/", "its files went to lib/inner/api/"),
        (None, "its files were removed"),
    ],
    ids=["moved", "removed"],
)
def test_a_rule_that_everything_leaves_fails(project: Repo, options: Options, to: str | None, note: str) -> None:
    """A directory that is renamed away from its rule would be limited by nothing: it says where the files went."""
    configure(project, '[[rule]]\nname = "api"\npaths = ["src/api/"]\ntotal = 5_000\n')
    files = {"get.py": words(70, "g"), "sub/put.py": words(80, "p")}
    project.track({f"src/api/{name}": text for name, text in files.items()}).commit()
    moved = {f"{to}{name}": text for name, text in files.items()} if to else {}
    change(project, options, {**{f"src/api/{name}": None for name in files}, **moved})
    result = check(project, "-q", *options)
    said = f"FAIL api, total: it matched files at the start of this change and matches none now: {note}"
    assert (result.code, said in result.out.splitlines()) == (1, True)
    code, rules = judge(project, *options)
    assert (code, rules["api, total"]["status"], rules["api, total"]["base_value"]) == (1, "fail", 150)


def test_a_rule_that_never_matched_warns(project: Repo) -> None:
    """A rule for nothing holds nothing: it is said, and stops nobody."""
    configure(project, '[[rule]]\nname = "typo"\npaths = ["scr/"]\ntotal = 10\n')
    code, rules = judge(project)
    assert (code, statuses(rules)) == (0, {"typo, total": "warn"})
    assert "typo, total (it matches no file; correct its paths, or remove it)" in check(project).out


def test_the_first_commit(repo: Repo) -> None:
    """A share of nothing is not judged, and that is said; limits in tokens are."""
    configure(repo, '[budget]\ntotal = 5_000\ngrowth = "2%"\n')
    repo.track({"a.py": words(1000)})
    code, rules = judge(repo, "--staged")
    assert (code, statuses(rules)) == (0, {"budget, total": "ok", "budget, growth": "ok"})
    assert (rules["budget, growth"]["limit"], rules["budget, growth"]["value"]) == (None, 1000)
    assert "there was nothing before, and a share of nothing is not judged" in check(repo, "--staged").out
    configure(repo, "[budget]\ntotal = 999\ngrowth = 999\n")
    repo.git("add", "loopflow.toml")
    code, rules = judge(repo, "--staged")
    assert (code, statuses(rules)) == (1, {"budget, total": "fail", "budget, growth": "fail"})
    repo.commit()
    assert judge(repo, "--rev", "HEAD")[0] == 1


@pytest.fixture
def branches(project: Repo) -> Repo:
    """Return a repository with the branches `large`, with 2,000 tokens more in src/, and `small`, with 10 in docs/."""
    configure(project, f'{TWO_PERCENT}[[rule]]\nname = "src"\npaths = ["src/"]\ntotal = 1_000\n')
    project.track().commit()
    for branch, path, text in (("large", "src/large.py", words(2000, "l")), ("small", "docs/b.md", words(10, "s"))):
        project.git("checkout", "--quiet", "-b", branch, "main")
        project.track({path: text}).commit()
    return project


MERGES = [
    pytest.param("small", "large", (), id="of a large branch"),
    pytest.param("large", "small", (), id="into a large branch"),
    pytest.param("small", "large", ("--against", "large"), id="of a large main"),
    pytest.param("large", "small", ("--against", "large"), id="into a large main"),
]


@pytest.mark.parametrize("options", [WORK_TREE, STAGED], ids=["work tree", "staged"])
@pytest.mark.parametrize(("into", "of", "against"), MERGES)
def test_a_merge_is_not_blamed(branches: Repo, into: str, of: str, against: Options, options: Options) -> None:
    """While a merge is made, what either parent has is nobody's growth; the same content without a merge would be."""
    branches.git("checkout", "--quiet", into)
    branches.git("merge", "--quiet", "--no-commit", "--no-ff", of)
    code, rules = judge(branches, *options, *against)
    assert (code, statuses(rules)) == (0, {"budget, growth": "ok", "src, total": "inherited"})
    # Against a branch, the merge has what this one added to it; by itself it adds nothing to what its parents hold.
    found = rules["budget, growth"]["value"], rules["budget, growth"]["base_value"]
    assert found == ((10, 3000) if against else (0, 3010))
    branches.git("reset", "--quiet", "--hard")
    if into == "small":
        branches.git("merge", "--quiet", "--squash", of)
        code, rules = judge(branches, *options, *against)
        assert (code, statuses(rules)) == (1, {"budget, growth": "fail", "src, total": "fail"})


def test_a_merge_of_a_baseline_that_was_saved_again_is_not_blamed(branches: Repo) -> None:
    """While a merge is made, growth is measured from the baseline of either parent, the larger one."""
    branches.git("checkout", "--quiet", "main")
    assert run("--profile", "--save-baseline", cwd=branches.root).code == 0
    branches.track().commit()
    branches.git("checkout", "--quiet", "-b", "released")
    branches.track({"src/large.py": words(2000, "l")})
    assert run("--profile", "--save-baseline", cwd=branches.root).code == 0
    branches.track().commit()
    branches.git("checkout", "--quiet", "-b", "late", "main")
    branches.track({"docs/late.md": words(10, "t")}).commit()
    branches.git("merge", "--quiet", "--no-commit", "--no-ff", "released")
    for options in (WORK_TREE, STAGED):
        code, rules = judge(branches, "--baseline", *options)
        assert (code, statuses(rules)) == (0, {"budget, growth": "ok", "src, total": "inherited"})
        assert (rules["budget, growth"]["value"], rules["budget, growth"]["base_value"]) == (10, 3000)


def test_a_merge_that_adds_is_blamed(branches: Repo) -> None:
    """What neither parent has is this change's own, in a merge as well."""
    branches.git("merge", "--quiet", "--no-commit", "--no-ff", "large")
    change(branches, STAGED, {"src/more.py": words(100, "m")})
    code, rules = judge(branches, "--staged")
    assert (code, statuses(rules)) == (1, {"budget, growth": "fail", "src, total": "fail"})
    assert rules["budget, growth"]["value"] == 100


def test_a_merge_of_main_stays_unblamed_once_it_is_made(branches: Repo) -> None:
    """The commit that merges main is compared with main, and so holds nothing but its branch's own changes."""
    branches.git("merge", "--quiet", "--no-edit", "large")
    code, rules = judge(branches, "--rev", "HEAD", "--against", "large")
    assert (code, rules["budget, growth"]["value"]) == (0, 10)


def test_quiet_says_nothing_unless_it_failed(project: Repo) -> None:
    """Warnings and old debts are no news; what failed is said as in the whole report, and nothing else."""
    configure(project, "[budget]\ntotal = 1_010\nfile = 600\ngrowth = 500\n")
    project.track().commit()
    _, rules = judge(project)
    assert statuses(rules) == {"budget, total": "warn", "budget, file": "inherited", "budget, growth": "ok"}
    assert check(project, "-q") == Result(0, "", "")
    change(project, STAGED, {"src/new.py": words(501, "n")})
    quiet, whole = check(project, "-q", "--staged"), check(project, "--staged")
    assert (quiet.code, quiet.err) == (1, "")
    assert whole.out.endswith(quiet.out)
    assert [line.partition(":")[0] for line in quiet.out.split("\n") if line and not line.startswith(" ")] == [
        "FAIL budget, total",
        "FAIL budget, growth",
    ]


def test_the_json_says_it_all(project: Repo) -> None:
    """Every status, with the numbers behind it, and a limit that is nothing where there is nothing to judge by."""
    project.write("CODEOWNERS", "*.md @docs\n")
    configure(
        project,
        "[budget]\ntotal = 5_000\n"
        '[[rule]]\nname = "src"\npaths = ["src/"]\nfile = 850\n'
        '[[rule]]\nname = "docs"\ntypes = [".md"]\ntotal = 160\ngrowth = 20\nfile = 100\n'
        '[[rule]]\nname = "fresh"\npaths = ["fresh/"]\ngrowth = "5%"\n',
    )
    project.track({"docs/short.md": words(5, "s")}).commit()
    change(project, STAGED, {"docs/guide.md": words(145), "fresh/a.py": words(10, "f")})
    code, rules = judge(project, "--staged")
    assert code == 1
    guide = {"path": "docs/guide.md", "tokens": 145}
    expected = [
        ("budget", "total", 5000, 4500, 1060, 1005, "ok", None, []),
        ("src", "file", 850, 765, 900, 900, "inherited", None, [{"path": "src/main.py", "tokens": 900}]),
        ("docs", "total", 160, 144, 150, 105, "warn", None, []),
        ("docs", "file", 100, 90, 145, 100, "fail", "@docs", [guide]),
        ("docs", "growth", 20, 18, 45, 105, "fail", "@docs", []),
        ("fresh", "growth", None, 0, 10, 0, "ok", None, []),
    ]
    keys = ("name", "scope", "limit", "warn", "value", "base_value", "status", "owner", "files_over")
    assert [tuple(rule[key] for key in keys) for rule in rules.values()] == expected
    assert [round(rule["percent"], 1) for rule in rules.values()] == [21.2, 105.9, 93.8, 145.0, 225.0, 0.0]
    document = check(project, "--staged", "--format", "json").json
    assert (document["files_over_budget"], document["files_under_budget"]) == (2, 1)
    assert document["compared_with"] == {"kind": "revision", "name": "HEAD", "total": {"tokens": 1005, "files": 3}}


def test_a_plain_directory(tmp_path: Path) -> None:
    """Without git there is no start of a change: sizes are judged, growth is not, and nothing is inherited."""
    config = 'exclude = ["/loopflow.toml"]\n[budget]\ntotal = 10\ngrowth = "2%"\n'
    write_files(tmp_path, {"loopflow.toml": config, "a.py": words(11)})
    result = run("--profile", "--check", cwd=tmp_path)
    assert result.code == 1
    assert "FAIL budget, total: 11 tokens, 1 more than the limit of 10" in result.out.splitlines()
    assert "budget, growth (there is nothing to compare with)" in result.out
