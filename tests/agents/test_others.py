"""What the other agents load: each row of the table of facts, by a repository that shows it."""

import pytest

from loopflow.agents.facts import FACTS, Certainty
from loopflow.agents.specs import SPECS
from tests.support.builder import Repo
from tests.support.surveys import call, loaded, places, survey

MDC = "---\n{}\n---\nrule\n"


def test_copilot(repo: Repo) -> None:
    """Its own file and AGENTS.md on the way; others' at the root alone; rules by applyTo (docs.github.com)."""
    repo.track(
        {
            ".github/copilot-instructions.md": "c\n",
            "AGENTS.md": "a\n",
            "CLAUDE.md": "c\n",
            "GEMINI.md": "g\n",
            "src/AGENTS.md": "s\n",
            "src/CLAUDE.md": "no\n",
            ".github/instructions/all.instructions.md": MDC.format("applyTo: '**'"),
            ".github/instructions/py.instructions.md": MDC.format("applyTo: '**/*.py,**/*.pyi'"),
            ".github/instructions/asked.instructions.md": "asked\n",
            "src/x.py": "",
        }
    )
    found = survey(repo, "--agent", "copilot")
    rules = ".github/instructions/"
    always = [".github/copilot-instructions.md", "AGENTS.md", "CLAUDE.md", "GEMINI.md", f"{rules}all.instructions.md"]
    assert loaded(found, "copilot") == always
    assert loaded(found, "copilot", "src", "files") == [f"{rules}py.instructions.md"]
    assert "src/AGENTS.md" in loaded(found, "copilot", "src")


def test_vscode(repo: Repo) -> None:
    """It reads .claude/rules by paths too, and CLAUDE.md at the root (vscode-docs, March 2026)."""
    repo.track({"CLAUDE.md": "c\n", ".claude/CLAUDE.md": "d\n", ".claude/rules/r.md": "r\n", "src/AGENTS.md": "s\n"})
    found = survey(repo, "--agent", "vscode")
    assert loaded(found, "vscode") == ["CLAUDE.md", ".claude/CLAUDE.md", ".claude/rules/r.md"]
    assert set(places(found, "vscode")) == {"."}


@pytest.mark.parametrize(
    ("head", "when", "directory"),
    [
        ("alwaysApply: true", "start", "."),
        ("globs: *.ts", "files", "src"),
        ("globs: '*.ts,*.js'\nalwaysApply: false", "files", "src"),
        ("description: For tests.", "", "."),
    ],
)
def test_cursor(repo: Repo, head: str, when: str, directory: str) -> None:
    """Rules by alwaysApply, globs, or on request; a bare `globs: *.ts` is no YAML, and is read (third-hand)."""
    repo.track({".cursor/rules/r.mdc": MDC.format(head), "src/x.ts": "", "AGENTS.md": "a\n"})
    found = survey(repo, "--agent", "cursor")
    everywhere = {each: loaded(found, "cursor", each, when) for each in places(found, "cursor")} if when else {}
    assert (".cursor/rules/r.mdc" in everywhere.get(directory, [])) is bool(when)
    if not when:
        assert loaded(found, "cursor") == ["AGENTS.md", ".cursor/rules/r.mdc#r"]
        assert [load["when"] for load in found["agents"][0]["uses"]] == ["asked"]


def test_gemini(repo: Repo) -> None:
    """GEMINI.md on the way, those below with files, its own names for it, imports inside the project (its source)."""
    repo.track({"GEMINI.md": "@./a.md @../out.md `@b.md`\n", "a.md": "a\n", "b.md": "b\n", "src/GEMINI.md": "s\n"})
    found = survey(repo, "--agent", "gemini")
    assert loaded(found, "gemini") == ["GEMINI.md", "a.md"]
    assert places(found, "gemini")["src"]["files"] > 0
    assert [row["code"] for row in found["findings"]] == ["outside"]
    repo.track({".gemini/settings.json": '{"context": {"fileName": ["OWN.md"]}}', "OWN.md": "o\n"})
    assert loaded(survey(repo, "--agent", "gemini"), "gemini") == ["OWN.md"]


def test_opencode(repo: Repo) -> None:
    """AGENTS.md on the way, CLAUDE.md only where there is none, and what its config names (opencode docs)."""
    repo.track({"CLAUDE.md": "c\n", "opencode.json": '{"instructions": ["docs/x.md", "https://e.invalid/y.md"]}'})
    repo.track({"docs/x.md": "x\n"})
    assert loaded(survey(repo, "--agent", "opencode"), "opencode") == ["CLAUDE.md", "docs/x.md"]
    assert "OpenCode fetches 1 of its instructions" in call(repo, "--agent", "opencode").out
    repo.track({"AGENTS.md": "a\n"})
    assert "CLAUDE.md" not in loaded(survey(repo, "--agent", "opencode"), "opencode")


def test_windsurf(repo: Repo) -> None:
    """Rules by trigger, AGENTS.md of the root always, below with files; 12,000 characters of a file (its docs)."""
    repo.track(
        {
            "AGENTS.md": "a\n",
            "src/AGENTS.md": "s\n",
            ".windsurf/rules/on.md": MDC.format("trigger: always_on") + "x" * 12_000,
            ".windsurf/rules/glob.md": MDC.format("trigger: glob\nglobs: '*.py'"),
            "src/x.py": "",
        }
    )
    found = survey(repo, "--agent", "windsurf")
    assert loaded(found, "windsurf") == ["AGENTS.md", ".windsurf/rules/on.md"]
    assert loaded(found, "windsurf", "src", "files") == [".windsurf/rules/glob.md"]
    assert [row["unit"] for row in found["lost"]] == ["characters"]


@pytest.mark.parametrize(
    ("agent", "files", "expected"),
    [
        ("zed", {"CLAUDE.md": "c\n", ".cursorrules": "r\n"}, [".cursorrules"]),
        ("zed", {"CLAUDE.md": "c\n", "AGENTS.md": "a\n"}, ["AGENTS.md"]),
        ("cline", {".clinerules": "c\n", "AGENTS.md": "a\n"}, [".clinerules"]),
        ("cline", {".clinerules/01.md": "c\n"}, [".clinerules/01.md"]),
        ("junie", {".junie/guidelines.md": "j\n", "AGENTS.md": "a\n"}, [".junie/guidelines.md"]),
    ],
)
def test_those_with_a_list(repo: Repo, agent: str, files: dict[str, str], expected: list[str]) -> None:
    """The first of its names (each vendor's docs)."""
    repo.track(files)
    assert loaded(survey(repo, "--agent", agent), agent) == expected


def test_an_agent_of_ones_own(repo: Repo) -> None:
    """The config adds one, or corrects one, in the same words."""
    config = '[agents.own]\ntitle = "Ours"\ninstructions = ["OURS.md"]\nnested = true\nmax_characters = 3\n'
    repo.track({"OURS.md": "long\n", "src/OURS.md": "s\n", "loopflow.toml": config})
    found = survey(repo)
    assert [agent["title"] for agent in found["agents"]] == ["Ours"]
    assert (loaded(found, "own", "src"), found["lost"][0]["limit"]) == (["OURS.md", "src/OURS.md"], 3)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"AGENTS.md": "a\n"}, ["codex"]),
        ({"CLAUDE.md": "c\n"}, ["claude"]),
        ({"CLAUDE.md": "c\n", "AGENTS.md": "a\n", ".cursor/rules/a.mdc": "r\n"}, ["claude", "codex", "cursor"]),
    ],
)
def test_agents_with_files_here_are_surveyed(repo: Repo, files: dict[str, str], expected: list[str]) -> None:
    """AGENTS.md is Codex's own; the others have names of theirs. The config and --agent say otherwise."""
    repo.track(files)
    assert [agent["name"] for agent in survey(repo)["agents"]] == expected
    repo.track({"loopflow.toml": '[agents]\nfor = ["zed"]\n'})
    assert [agent["name"] for agent in survey(repo)["agents"]] == ["zed"]
    assert [agent["name"] for agent in survey(repo, "--all")["agents"]] == list(SPECS)


def test_every_fact_has_a_source_and_a_date() -> None:
    """And every agent has one; what is third-hand may fail nothing."""
    assert {fact.agent for fact in FACTS} == set(SPECS)
    assert all(fact.source and fact.date[:4] in {"2025", "2026"} for fact in FACTS)
    assert [name for name, spec in SPECS.items() if not spec.certain] == ["cursor"]
    assert {fact.certainty for fact in FACTS} == set(Certainty)


@pytest.mark.parametrize("agent", list(SPECS))
def test_the_table_is_printed(repo: Repo, agent: str) -> None:
    """--explain prints each row with its source."""
    result = call(repo, "--explain", agent)
    assert result.code == 0
    assert all(fact.source in result.out and fact.date in result.out for fact in FACTS if fact.agent == agent)
