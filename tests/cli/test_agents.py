"""The command `loopflow agents`: its options, its forms, its streams and its exit codes."""

import json
import sys
from pathlib import Path

import jsonschema
import pytest

from loopflow.cli.agents import FORMS, agents
from loopflow.cli.main import loopflow
from loopflow.tokens import count
from tests.support.builder import Repo
from tests.support.run import run, run_process
from tests.support.surveys import call, skill, survey

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/reference/agents.schema.json").read_text("utf-8"))
RULES = '[agents]\ntools = ["mcp/*.json"]\n[[agents.rule]]\nname = "r"\npart = "start"\neach = 10\n'
TEXT = "# Top\n\nWords.\n\n## One\n\nMore words.\n\n### Two\n\nDeep.\n\n## Three\n\nLast.\n"


@pytest.fixture
def shop(repo: Repo) -> Repo:
    """Return a repository with something of everything."""
    repo.track(
        {
            "CLAUDE.md": TEXT,
            "AGENTS.md": "x" * 40_000,
            ".claude/rules/py.md": "---\npaths: '**/*.py'\n---\nPython.\n",
            ".claude/skills/one/SKILL.md": skill("one"),
            "src/x.py": "",
            "mcp/a.tools.json": '[{"name": "t", "description": "d", "inputSchema": {}}]',
            "loopflow.toml": RULES,
        }
    )
    repo.commit()
    return repo


@pytest.mark.parametrize("arguments", [(), ("--all", "-v"), ("--check",), ("--against", "HEAD"), ("--rev", "HEAD")])
def test_the_json_is_what_the_schema_says(shop: Repo, arguments: tuple[str, ...]) -> None:
    """Whatever is asked for."""
    jsonschema.validate(call(shop, "--format", "json", *arguments).json, SCHEMA)


def test_every_form_in_one_run(shop: Repo) -> None:
    """--report writes more forms, whole; they are what --format prints."""
    reports = [f"--report={form}:{form}.out" for form in FORMS]
    assert call(shop, *reports).code == 0
    for form in FORMS:
        printed = call(shop, "--format", form, "-o", "one.out")
        assert (printed.code, printed.out) == (0, "")
        assert (shop.root / "one.out").read_text("utf-8") == (shop.root / f"{form}.out").read_text("utf-8")


def test_the_tables_say_the_same(shop: Repo) -> None:
    """The text, the CSV and the JSON have one number for one thing."""
    document = survey(shop)
    place = document["agents"][0]["places"][0]
    text, table = call(shop).out, call(shop, "--format", "csv").out
    assert f"{place['start']:,}" in text
    assert f"place,claude,.,,,{place['start']},{place['files']},{place['here']}," in table
    assert [agent["name"] for agent in document["agents"]] == ["claude", "codex"]
    assert here_holds(document)


def here_holds(document: dict[str, object]) -> bool:
    """Whether no place costs less with its files than at the start."""
    agents_found: list[dict[str, object]] = document["agents"]  # type: ignore[assignment]
    places = [place for agent in agents_found for place in agent["places"]]  # type: ignore[attr-defined]
    return all(place["here"] >= place["start"] for place in places)


def test_directories_narrow_the_report(shop: Repo) -> None:
    """A directory that is no place costs what the nearest above it costs."""
    shop.track({"docs/deep/x.md": "x\n"})
    for directory in ("src", "docs/deep"):
        [place] = survey(shop, directory, "--agent", "codex")["agents"][0]["places"]
        assert (place["directory"], place["start"]) == (directory, count("x" * 32_768))


def test_sections_of_any_markdown(shop: Repo) -> None:
    """By headings, each with what is below it; for files that nobody tracks too."""
    (shop.root / "notes.md").write_text(TEXT)
    found = call(shop, "--sections", "notes.md", "--format", "json").json["files"][0]
    assert [section["title"] for section in found["sections"]] == ["Top", "One", "Two", "Three"]
    assert found["sections"][0]["with_below"] == found["tokens"] == count(TEXT)
    assert found["sections"][1]["with_below"] == sum(each["tokens"] for each in found["sections"][1:3])
    assert "Two  :9" in call(shop, "--sections", "notes.md").out
    assert call(shop, "--sections", "notes.md", "--format", "csv").out.count("notes.md") == 4
    assert call(shop, "--sections", "gone.md").code == 2
    assert call(shop, "--sections", "notes.md", "--format", "html").code == 2
    assert "AGENTS.md" in call(shop, "--sections").out


def test_init_writes_rules_that_hold(repo: Repo) -> None:
    """What there is passes them, and a second time is refused; other tables stay as they are."""
    repo.track(
        {"CLAUDE.md": TEXT, ".claude/skills/one/SKILL.md": skill("one"), "loopflow.toml": "[budget]\ntotal = 1000"}
    )
    result = call(repo, "--init")
    assert (result.code, "[[agents.rule]]" in result.out) == (0, True)
    assert (repo.root / "loopflow.toml").read_text().startswith("[budget]\ntotal = 1000\n\n[agents]\n")
    assert call(repo, "--check", "-q").code == 0
    assert call(repo, "--init").code == 2
    assert run("--show-config", cwd=repo.root).code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--agent", "nobody"), "there is no agent nobody; known are claude"),
        (("--explain", "nobody"), "there is no agent nobody"),
        (("--staged", "--rev", "HEAD"), "leave one of them out"),
        (("--budget", "5"), "add --check"),
        (("--check", "src"), "the whole tree"),
        (("--check", "-u"), "what git tracks"),
        (("--local", "--staged"), "files on disk"),
        (("--report", "x"), "write FORM:FILE"),
        (("--rev", "nope"), "nope"),
        (("--window", "x"), "no number of tokens"),
        (("show", "."), "name it with --agent"),
        (("tools",), "no recorded list"),
        (("tools", "gone.json"), "there is no file gone.json"),
        (("tools", "--record", "x.json"), "one server is asked"),
        (("tools", "--url", "http://localhost/"), "add --record FILE or --verify FILE"),
    ],
)
def test_what_cannot_be_meant_is_said(repo: Repo, arguments: tuple[str, ...], said: str) -> None:
    """Exit 2, one line, with what to do."""
    repo.track({"CLAUDE.md": "a\n"})
    repo.commit()
    result = call(repo, *arguments)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert said in result.err


def test_budget_takes_the_place_of_the_rules(shop: Repo) -> None:
    """For the start of every place."""
    shop.track({"AGENTS.md": "short\n"})
    shop.commit()
    shop.track({"CLAUDE.md": TEXT * 2})
    assert call(shop, "--staged", "--check", "-q").code == 1
    assert call(shop, "--staged", "--check", "-q", "--budget", "1k").code == 0
    result = call(shop, "--staged", "--check", "-q", "--budget", "20")
    assert (result.code, "--budget, each" in result.out) == (1, True)


def test_pre_commit_is_told_the_way_past(shop: Repo) -> None:
    """And a range that pre-commit names is judged as one change."""
    shop.track({"CLAUDE.md": TEXT * 2})
    shop.commit()
    env = {"PRE_COMMIT": "1", "PRE_COMMIT_FROM_REF": "HEAD~1", "PRE_COMMIT_TO_REF": "HEAD"}
    result = call(shop, "--staged", "--check", "-q", **env)
    assert (result.code, "SKIP=loopflow-agents git commit" in result.out) == (1, True)
    assert call(shop, "--staged", "--check", "-q").code == 0


def test_a_second_run_reads_nothing(shop: Repo, tmp_path: Path) -> None:
    """Facts of texts are kept: with the objects gone, a commit whose listing is there still answers."""
    cache = {"LOOPFLOW_CACHE_DIR": str(tmp_path / "cache")}
    first = call(shop, "--rev", "HEAD", "--format", "json", "--agent", "claude", **cache).out
    blob = shop.git("rev-parse", "HEAD:CLAUDE.md").decode().strip()
    (shop.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    assert call(shop, "--rev", "HEAD", "--format", "json", "--agent", "claude", **cache).out == first
    assert call(shop, "--rev", "HEAD", "--agent", "claude", "--no-cache", **cache).code == 2


def test_it_keeps_apart_what_a_profile_keeps(shop: Repo) -> None:
    """One cache for both: neither takes what the other knows of a blob for its own."""
    profile = ("--profile", "--rev", "HEAD", "--format", "json")
    first, surveyed = run(*profile, cwd=shop.root), survey(shop, "--rev", "HEAD")
    assert run(*profile, cwd=shop.root).out == first.out
    shop.git("commit", "--quiet", "--allow-empty", "-m", "x")
    assert (run(*profile, "--no-cache", cwd=shop.root).json["total"], survey(shop, "--rev", "HEAD~1")) == (
        run(*profile, cwd=shop.root).json["total"],
        surveyed,
    )


def test_nothing_of_a_survey_is_loaded_where_there_is_none(repo: Repo) -> None:
    """A repository without any candidate needs no YAML, no Markdown and no vocabulary."""
    repo.track({"src/x.py": "x\n"})
    program = (sys.executable, "-X", "importtime", "-c", "from loopflow.cli.main import main; main()", "agents")
    loaded = run_process("--staged", "--check", "-q", cwd=repo.root, program=program).err
    for module in ("yaml", "markdown_it", "tiktoken", "loopflow.logs", "mcp"):
        assert f" {module}\n" not in loaded, module


def test_without_its_extra_the_command_says_what_installs_it(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 2, with the line."""
    monkeypatch.setattr("loopflow.cli.main.find_spec", lambda name: None if name == "yaml" else object())
    result = run("agents", cwd=repo.root, command=loopflow)
    assert (result.code, "pip install 'loopflow-code-context[agents]'" in result.err) == (2, True)


@pytest.mark.parametrize("columns", ["40", "60", "200"])
def test_help_and_narrow_screens(shop: Repo, columns: str) -> None:
    """Help of all three commands; charts on narrow terminals are lines of text."""
    for arguments in (("--help",), ("show", "--help"), ("tools", "--help")):
        assert run(*arguments, cwd=shop.root, command=agents).code == 0
    assert call(shop, COLUMNS=columns, NO_COLOR="1").code == 0
