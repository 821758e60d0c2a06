"""What holds of any tree: the measures, the sections, and that a commit is what was staged."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.builder import Repo
from tests.support.surveys import call, skill, survey

_RULES = """\
[agents.codex]
max_bytes = 2000
[[agents.rule]]
name = "r"
part = "here"
each = 40
"""
_DIRECTORIES = st.sampled_from(["", "a/", "a/b/", "c/"])
_NAMES = st.sampled_from(
    [
        *("CLAUDE.md", "AGENTS.md", ".claude/CLAUDE.md", ".claude/rules/r.md", ".claude/rules/s.md", "GEMINI.md"),
        *(".claude/skills/x/SKILL.md", ".agents/skills/x/SKILL.md", ".github/instructions/i.instructions.md", "y.py"),
    ]
)
_TEXTS = st.sampled_from(
    [
        *("", "words\n", "# A\n\nwords\n## B\nmore\n", "@AGENTS.md\n", "@../a/b/AGENTS.md @gone.md\n", "x" * 3000),
        *("---\npaths: ['**/*.py']\n---\nrule\n", "---\napplyTo: '**'\n---\n", "---\n[\n---\nbad\n", skill("x")),
    ]
)
_TREES = st.dictionaries(st.tuples(_DIRECTORIES, _NAMES).map("".join), _TEXTS, min_size=1, max_size=7)


@settings(max_examples=6)
@given(tree=_TREES, after=_TREES)
def test_what_holds_of_any_tree(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, str], after: dict[str, str]
) -> None:
    """`here` is no less than `start`, sections sum to their text, nothing is loaded twice, staged is as committed."""
    repo = Repo(tmp_path_factory.mktemp("tree") / "repo")
    repo.track({**tree, "loopflow.toml": _RULES})
    repo.commit()
    repo.track(after)
    staged = call(repo, "--all", "--staged", "--format", "json", "--check")
    assert staged.code in {0, 1}, staged.err
    document = staged.json
    repo.commit()
    committed = survey(repo, "--all", "--rev", "HEAD")
    assert (committed["agents"], committed["lost"]) == (document["agents"], document["lost"])
    judged = call(repo, "--all", "--rev", "HEAD", "--format", "json", "--check")
    assert (judged.code, judged.json["verdicts"]) == (staged.code, document["verdicts"])
    for part in document["parts"]:
        if part["sections"]:
            assert sum(section["tokens"] for section in part["sections"]) == part["tokens"]
    for agent in document["agents"]:
        for place in agent["places"]:
            assert place["here"] >= place["start"]
            keys = [(load["kind"], load["path"], load.get("name")) for load in place["loads"]]
            assert len(keys) == len(set(keys))
            start = sum(load["tokens"] for load in place["loads"] if load["when"] == "start")
            assert start == place["start"]
