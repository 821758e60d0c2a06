"""What Claude Code loads: each row of the table of facts, by a repository that shows it."""

import pytest

from loopflow.tokens import count
from tests.support.builder import Repo
from tests.support.surveys import call, described, loaded, places, skill, survey


def test_instructions_of_a_directory_and_those_above(repo: Repo) -> None:
    """CLAUDE.md and .claude/CLAUDE.md, the root first (code.claude.com/docs/en/memory, 2026-08)."""
    repo.track({"CLAUDE.md": "a\n", ".claude/CLAUDE.md": "b\n", "src/CLAUDE.md": "c\n", "src/x.py": ""})
    found = survey(repo, "--agent", "claude")
    assert loaded(found, "claude") == ["CLAUDE.md", ".claude/CLAUDE.md"]
    assert loaded(found, "claude", "src") == ["CLAUDE.md", ".claude/CLAUDE.md", "src/CLAUDE.md"]


def test_three_measures(repo: Repo) -> None:
    """`start` where it is started, `files` what a file there adds to what the root loads, `here` the most of both."""
    nested, rule = "nested words\n" * 9, "rule words here\n" * 7
    rules = {".claude/rules/py.md": f"---\npaths: ['**/*.py']\n---\n{rule}"}
    repo.track({"CLAUDE.md": "root\n", "src/CLAUDE.md": nested, "src/x.py": "", **rules})
    place = places(survey(repo, "--agent", "claude"), "claude")["src"]
    root, own, more = count("root\n"), count(nested), count(rule)
    assert (place["start"], place["files"], place["here"]) == (root + own, own + more, root + own + more)


@pytest.mark.parametrize(
    ("mode", "root", "src"),
    [
        ("fallback", [], ["AGENTS.md", "src/AGENTS.md"]),
        ("never", [], []),
        ("both", ["AGENTS.md"], ["AGENTS.md", "src/AGENTS.md"]),
    ],
)
def test_agents_md_where_there_is_none_of_its_own(repo: Repo, mode: str, root: list[str], src: list[str]) -> None:
    """AGENTS.md where no file of its own is on the way (mods/agents-md, 2.1.277); its setting changes that."""
    files = {"AGENTS.md": "a\n", "src/AGENTS.md": "b\n", "src/x.py": ""}
    repo.track({**files, "loopflow.toml": f'[agents.claude]\nagents_md = "{mode}"\n'})
    without = survey(repo, "--agent", "claude", "src")
    assert [load["path"] for load in without["agents"][0]["places"][0]["loads"] if load["when"] == "start"] == src
    repo.track({"CLAUDE.md": "own\n"})
    assert loaded(survey(repo, "--agent", "claude"), "claude") == ["CLAUDE.md", *root]


def test_imports_are_loaded_with_what_names_them(repo: Repo) -> None:
    """Relative to the file, four hops, not in code, each file once (code.claude.com/docs/en/memory, 2026-08)."""
    code = "```\n@docs/fenced.md\n```\n\n    @docs/indented.md\n\n"
    text = f"See @docs/a.md, and `@docs/code.md`.\n\n{code}mail me@docs/b.md\n"
    chain = {f"docs/{name}.md": f"@{after}.md\n" for name, after in zip("abcde", "bcdef", strict=True)}
    others = {f"docs/{name}.md": "x\n" for name in ("code", "fenced", "indented")}
    repo.track({"CLAUDE.md": text, "docs/f.md": "end\n", **chain, **others})
    found = survey(repo, "--agent", "claude")
    assert loaded(found, "claude") == ["CLAUDE.md", "docs/a.md", "docs/b.md", "docs/c.md", "docs/d.md"]
    assert [(row["code"], row["path"], row["line"]) for row in found["findings"]] == [("depth", "docs/d.md", 1)]


def test_an_import_may_have_blanks_and_punctuation_after_it(repo: Repo) -> None:
    r"""`\ ` is a blank, and a full stop ends a sentence."""
    repo.track({"CLAUDE.md": "Read @my\\ notes.md. Then (@b.md)\n", "my notes.md": "n\n", "b.md": "b\n"})
    assert loaded(survey(repo, "--agent", "claude"), "claude") == ["CLAUDE.md", "my notes.md"]


def test_what_is_no_file_says_nothing_unless_it_looks_like_one(repo: Repo) -> None:
    """A name of somebody or of a package is no import."""
    repo.track({"CLAUDE.md": "Ask @somebody about @angular/core\n\n@./gone\n\n@gone.md\n\n@~/own.md\n\n@../up.md\n"})
    found = survey(repo, "--agent", "claude")
    said = [(row["code"], row["line"]) for row in found["findings"]]
    assert said == [("missing", 3), ("missing", 5), ("outside", 7), ("outside", 9)]


def test_block_comments_and_heads_are_not_loaded(repo: Repo) -> None:
    """A block comment with the empty lines behind it; one within a line, or in code, stays."""
    kept = "# T\n\nA line <!-- within --> of it.\n\n```\n<!-- code -->\n```\n"
    repo.track({"CLAUDE.md": f"---\nkey: value\n---\n<!-- two\nlines -->\n\n{kept}"})
    found = survey(repo, "--agent", "claude")
    [load] = places(found, "claude")["."]["loads"]
    assert load["tokens"] == count(kept)


def test_rules_without_paths_are_always_loaded(repo: Repo) -> None:
    """With paths they come with files that match; patterns are from the root (code.claude.com/docs/en/memory)."""
    repo.track(
        {
            ".claude/rules/always.md": "a\n",
            ".claude/rules/deep/ts.md": "---\npaths:\n  - 'src/**/*.{ts,tsx}'\n---\nts\n",
            ".claude/rules/root.md": "---\npaths: '*.md'\n---\nroot only\n",
            "src/a/x.tsx": "",
            "docs/y.md": "",
            "README.md": "",
        }
    )
    found = survey(repo, "--agent", "claude")
    assert loaded(found, "claude") == [".claude/rules/always.md"]
    assert loaded(found, "claude", ".", "files") == [".claude/rules/root.md"]
    assert loaded(found, "claude", "src/a", "files") == [".claude/rules/deep/ts.md"]
    assert "docs" not in places(found, "claude")


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("paths: ['**/*']", "always"),
        ("paths: '**'", "always"),
        ("applyTo: 'src/**'", "key"),
        ("globs: '*.py'", "key"),
        ("paths: [", "frontmatter"),
        ("paths: &a [x]", "frontmatter"),
    ],
)
def test_rules_that_seem_to_have_a_condition(repo: Repo, head: str, code: str) -> None:
    """They are loaded always, and why is said."""
    repo.track({".claude/rules/r.md": f"---\n{head}\n---\nrule\n", "src/x.py": ""})
    found = survey(repo, "--agent", "claude")
    assert loaded(found, "claude") == [".claude/rules/r.md"]
    assert [row["code"] for row in found["findings"]] == [code]


def test_a_rule_that_matches_no_file_is_said(repo: Repo) -> None:
    """It is never loaded."""
    repo.track({".claude/rules/r.md": "---\npaths: ['gone/**']\n---\nrule\n", "CLAUDE.md": "x\n"})
    found = survey(repo, "--agent", "claude")
    assert (loaded(found, "claude"), [row["code"] for row in found["findings"]]) == (["CLAUDE.md"], ["never"])


def test_skills_commands_and_subagents_are_listed(repo: Repo) -> None:
    """Name and description at the start, unless they are hidden; bodies on use; a subagent's apart."""
    repo.track(
        {
            ".claude/skills/one/SKILL.md": skill("one"),
            ".claude/skills/two/SKILL.md": skill("two", more="when_to_use: Now.\n"),
            ".claude/skills/hidden/SKILL.md": skill("hidden", more="disable-model-invocation: true\n"),
            ".claude/skills/notes.md": "no skill\n",
            ".claude/commands/go.md": "Go there.\n\nMore.\n",
            ".claude/agents/critic.md": "---\nname: critic\ndescription: Judges.\n---\nBody.\n",
        }
    )
    found = survey(repo, "--agent", "claude")
    names = [path.partition("#")[2] for path in loaded(found, "claude")]
    assert names == ["one", "two", "go", "critic"]
    expected = [("one", "Does it."), ("two", "Does it. Now."), ("go", "Go there."), ("critic", "Judges.")]
    assert places(found, "claude")["."]["start"] == sum(described(*each) for each in expected)
    uses = {(load["name"], load["when"]) for load in found["agents"][0]["uses"]}
    assert uses == {("one", "use"), ("two", "use"), ("hidden", "use"), ("go", "use"), ("critic", "apart")}


def test_a_subagent_whose_head_is_no_yaml_is_said(repo: Repo) -> None:
    """It is not listed; a README beside it is none, and says nothing."""
    head = "---\nname: critic\ndescription: Judges: all.\n---\nBody.\n"
    repo.track({".claude/agents/critic.md": head, ".claude/agents/README.md": "About them.\n", "CLAUDE.md": "c\n"})
    found = survey(repo, "--agent", "claude")
    assert [(row["code"], row["path"]) for row in found["findings"]] == [("frontmatter", ".claude/agents/critic.md")]
    assert (loaded(found, "claude"), found["agents"][0]["uses"]) == (["CLAUDE.md"], [])


def test_a_long_description_is_cut(repo: Repo) -> None:
    """1,536 characters of description and when_to_use (code.claude.com/docs/en/skills)."""
    repo.track({".claude/skills/one/SKILL.md": skill("one", "word " * 400)})
    found = survey(repo, "--agent", "claude")
    text = ("word " * 400).strip()
    assert places(found, "claude")["."]["start"] == described("one", text[:1536])
    [row] = found["lost"]
    assert (row["of"], row["limit"], row["lost"]) == ("description", 1536, len(text) - 1536)


def test_the_listing_of_skills_has_a_limit(repo: Repo) -> None:
    """1 % of the window in characters, about 8,000 of 200k."""
    repo.track({f".claude/skills/s{at}/SKILL.md": skill(f"s{at}", "x" * 1000) for at in range(9)})
    [row] = survey(repo, "--agent", "claude")["lost"]
    assert (row["of"], row["limit"], row["lost"]) == ("listing", 8000, 1000)


def test_tracked_settings_hold(repo: Repo) -> None:
    """claudeMdExcludes, skillOverrides and outputStyle of .claude/settings.json."""
    settings = '{"claudeMdExcludes": ["**/vendor/**"], "skillOverrides": {"one": "off"}, "outputStyle": "Terse"}'
    repo.track(
        {
            ".claude/settings.json": settings,
            "vendor/CLAUDE.md": "v\n",
            "CLAUDE.md": "c\n",
            ".claude/skills/one/SKILL.md": skill("one"),
            ".claude/output-styles/terse.md": "---\nname: Terse\n---\nBe terse.\n",
        }
    )
    found = survey(repo, "--agent", "claude")
    assert loaded(found, "claude") == ["CLAUDE.md", ".claude/output-styles/terse.md"]
    assert set(places(found, "claude")) == {"."}


def test_a_file_beyond_four_megabytes_is_skipped(repo: Repo) -> None:
    """It is lost as a whole, and said."""
    repo.track({"CLAUDE.md": ("word " * 1000 + "\n") * 840})
    found = survey(repo, "--agent", "claude")
    assert (loaded(found, "claude"), found["lost"][0]["of"]) == ([], "file")


def test_links_are_resolved_within_the_tree(repo: Repo) -> None:
    """A file by two names is loaded once, a directory of skills through a link is found, and nothing else is opened."""
    repo.track({"AGENTS.md": "a\n", ".agents/skills/one/SKILL.md": skill("one")})
    repo.link("CLAUDE.md", "AGENTS.md")
    repo.link(".claude/skills", "../.agents/skills")
    repo.link("src/CLAUDE.md", "../AGENTS.md")
    repo.link("out/CLAUDE.md", "/etc/passwd")
    repo.link("loop/CLAUDE.md", "CLAUDE.md")
    repo.track()
    repo.commit()
    for source in ((), ("--staged",), ("--rev", "HEAD")):
        found = survey(repo, "--agent", "claude", *source)
        assert loaded(found, "claude") == ["AGENTS.md", ".agents/skills/one/SKILL.md#one"]
        assert loaded(found, "claude", "src") == loaded(found, "claude")
        said = sorted((row["code"], row["path"]) for row in found["findings"])
        assert said == [("link", "loop/CLAUDE.md"), ("link", "out/CLAUDE.md")]


def test_what_is_only_local_is_read_when_it_is_asked_for(repo: Repo) -> None:
    """Whether git ignores it or not; and --check, which judges what everybody has, refuses it."""
    repo.track({"CLAUDE.md": "c\n", ".gitignore": "CLAUDE.local.md\n"})
    repo.write("CLAUDE.local.md", "mine\n")
    assert loaded(survey(repo, "--agent", "claude"), "claude") == ["CLAUDE.md"]
    assert loaded(survey(repo, "--agent", "claude", "--local"), "claude") == ["CLAUDE.md", "CLAUDE.local.md"]
    assert call(repo, "--local", "--check").code == 2
