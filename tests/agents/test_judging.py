"""Rules over what agents load: who is stopped, who is not, and at which line it is said."""

import json
import re

import pytest

from tests.support.builder import Repo
from tests.support.surveys import WORDS, call, skill, survey

RULES = """\
[agents]
for = ["claude", "codex"]
lost = "fail"

[[agents.rule]]
name = "start"
part = "start"
each = 700
"""
COMMAND = re.compile(r"::(\w+) file=([^,]+),line=(\d+),title=[^:]*::(.*)")


def annotations(repo: Repo, *arguments: str) -> list[tuple[str, str, int]]:
    """Return kind, file and line of each annotation of a check."""
    out = call(repo, "--check", "--format", "github", *arguments).out
    return [(found[1], found[2], int(found[3])) for found in COMMAND.finditer(out)]


@pytest.fixture
def held(repo: Repo) -> Repo:
    """Return a repository that keeps its rules, committed."""
    sections = "".join(f"## Section {at}\n\n{WORDS}\n" for at in range(5))
    files = {
        "CLAUDE.md": f"# Top\n\n{sections}",
        "AGENTS.md": "# All\n\nShort.\n",
        "src/AGENTS.md": "# Own\n\nShort.\n",
    }
    repo.track({**files, "src/x.py": "", "loopflow.toml": RULES})
    repo.commit()
    return repo


def test_forty_lines_in_one_section_are_one_annotation(held: Repo) -> None:
    """At its heading, with the number, the limit and the line of the config: thirty places that cost more are one."""
    text = (held.root / "CLAUDE.md").read_text().replace("## Section 3\n", f"## Section 3\n\n{WORDS * 40}")
    held.track({"CLAUDE.md": text, **{f"d{at}/CLAUDE.md": "own\n" for at in range(9)}})
    result = call(held, "--staged", "--check", "--format", "github")
    line = text.split("\n").index("## Section 3") + 1
    assert annotations(held, "--staged") == [("error", "CLAUDE.md", line)]
    assert (result.code, "limit of 700" in result.out, "loopflow.toml:8" in result.out) == (1, True, True)


def test_the_same_in_a_nested_file_that_nobody_looked_at(held: Repo) -> None:
    """It is found in the one place where it hurts."""
    held.track({"src/AGENTS.md": f"# Own\n\nShort.\n\n## More\n\n{WORDS * 60}"})
    assert annotations(held, "--staged") == [("error", "src/AGENTS.md", 5)]


def test_what_only_moves_is_silent(held: Repo) -> None:
    """A section into an import, a file to another directory: nothing is said, and nothing has grown."""
    text = (held.root / "CLAUDE.md").read_text()
    section = f"## Section 4\n\n{WORDS}\n"
    held.write("CLAUDE.md", text.replace(section, "@docs/four.md\n"))
    held.write("docs/four.md", section)
    held.write("lib/AGENTS.md", (held.root / "src/AGENTS.md").read_text())
    (held.root / "src/AGENTS.md").unlink()
    held.track()
    result = call(held, "--staged", "--check", "--format", "github")
    assert (result.code, result.out) == (0, "")


def test_old_debt_stops_nobody(held: Repo) -> None:
    """What was over before is inherited until it grows; then it fails."""
    held.track({"CLAUDE.md": WORDS * 100})
    held.commit()
    held.track({"README.md": "words\n"})
    quiet = call(held, "--staged", "--check", "--format", "github")
    assert (quiet.code, quiet.out) == (0, "")
    assert "INHERITED" in call(held, "--staged", "--check").out
    held.track({"CLAUDE.md": WORDS * 101})
    assert call(held, "--staged", "--check", "-q").code == 1


def test_what_is_lost_is_held_by_itself(held: Repo) -> None:
    """A root that is trimmed and still drops text is said; what a change adds to the loss fails, at its first line."""
    big = f"# All\n\n{WORDS * 500}"
    held.track({"AGENTS.md": big, "loopflow.toml": RULES.replace("700", "1_000_000")})
    held.commit()
    assert call(held, "--check").code == 0
    held.track({"AGENTS.md": big[:-90]})
    result = call(held, "--staged", "--check")
    assert (result.code, "INHERITED left out: AGENTS.md for Codex CLI" in result.out) == (0, True)
    held.git("mv", "src/AGENTS.md", "lib.md")
    held.write("lib/AGENTS.md", (held.root / "lib.md").read_text())
    (held.root / "lib.md").unlink()
    held.track()
    assert annotations(held, "--staged") == []
    held.git("reset", "-q", "--hard")
    held.track({"src/AGENTS.md": f"# Own\n\n{WORDS}"})
    assert annotations(held, "--staged") == [("error", "src/AGENTS.md", 1)]
    assert call(held, "--check", "--rev", "HEAD").code == 1  # this commit brought the loss


def test_growth_of_each_in_one_change(held: Repo) -> None:
    """A share or tokens, of each place; a new place is compared with the nearest above it."""
    rule = '[agents]\nfor = ["codex"]\n[[agents.rule]]\nname = "g"\npart = "start"\ngrowth = 100\n'
    held.track({"loopflow.toml": rule})
    held.commit()
    held.track({"new/AGENTS.md": WORDS * 2})
    assert call(held, "--staged", "--check", "-q").code == 0
    held.track({"new/AGENTS.md": WORDS * 9})
    result = call(held, "--staged", "--check", "-q")
    assert (result.code, "Codex CLI in new/ +" in result.out) == (1, True)


@pytest.mark.parametrize(
    ("rule", "files", "code"),
    [
        ('part = "skills"\neach = 20', {}, 1),
        ('part = "skills"\ntotal = "1k"', {}, 0),
        ('part = "descriptions"\neach = "8 chars"', {}, 1),
        ('part = "file"\npaths = ["CLAUDE.md"]\neach = "3 lines"', {"CLAUDE.md": "1\n2\n3\n"}, 0),
        ('part = "file"\npaths = ["CLAUDE.md"]\neach = "3 lines"', {"CLAUDE.md": "1\n2\n3\n4\n"}, 1),
        ('part = "file"\neach = "1 KiB"', {"CLAUDE.md": "x" * 1024}, 0),
        ('part = "file"\neach = "1 KiB"\nlevel = "warn"', {"CLAUDE.md": "x" * 1025}, 0),
        ('part = "here"\npaths = ["src/"]\neach = 5', {"src/CLAUDE.md": WORDS}, 1),
        ('part = "here"\npaths = ["src/"]\neach = 5', {"lib/CLAUDE.md": WORDS, "src/CLAUDE.md": "a\n"}, 1),
        ('part = "references"\ntotal = 5', {".claude/skills/one/notes.md": WORDS}, 1),
        ('part = "agents"\neach = 3', {".claude/agents/a.md": "---\nname: a\n---\nOne two three four.\n"}, 1),
    ],
)  # fmt: skip
def test_every_part_can_be_held(repo: Repo, rule: str, files: dict[str, str], code: int) -> None:
    """By tokens, or in the unit that a limit carries."""
    repo.track({".claude/skills/one/SKILL.md": skill("one", more="") + WORDS})
    repo.commit()
    repo.track({**files, "loopflow.toml": f'[[agents.rule]]\nname = "r"\n{rule}\n'})
    if not files:
        repo.track({".claude/skills/one/SKILL.md": skill("one", "Does it all.") + WORDS * 3})
    assert call(repo, "--staged", "--check", "-q").code == code


def test_tools_are_held(repo: Repo) -> None:
    """Each and all of them, from a recording that the config names."""
    tool = '{"name": "t", "description": "d", "inputSchema": {}}'
    rules = '[agents]\ntools = ["*.tools.json"]\n[[agents.rule]]\nname = "t"\npart = "tools"\ntotal = 40\n'
    repo.track({"a.tools.json": f"[{tool}]", "loopflow.toml": rules})
    repo.commit()
    assert call(repo, "--check", "-q").code == 0
    repo.track({"a.tools.json": f"[{', '.join([tool] * 4)}]"})
    result = call(repo, "--staged", "--check", "-q")
    assert (result.code, "FAIL t, total" in result.out) == (1, True)


def test_what_is_third_hand_fails_nothing(repo: Repo) -> None:
    """A rule about Cursor warns."""
    repo.track({"AGENTS.md": WORDS, "loopflow.toml": '[[agents.rule]]\nname = "r"\npart = "start"\neach = 1\n'})
    assert call(repo, "--check", "-q", "--agent", "codex").code == 1
    result = call(repo, "--check", "--agent", "cursor")
    assert (result.code, "WARN r, each" in result.out) == (0, True)


def test_a_merge_is_held_to_all_its_tips(repo: Repo) -> None:
    """What one side brought is nobody's growth in the merge."""
    repo.track({"CLAUDE.md": "a\n", "loopflow.toml": RULES})
    repo.commit()
    repo.git("checkout", "-q", "-b", "side")
    repo.track({"src/CLAUDE.md": WORDS * 100})
    repo.commit()
    repo.git("checkout", "-q", "main")
    repo.track({"lib/x.md": "x\n"})
    repo.commit()
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    assert call(repo, "--rev", "HEAD", "--check", "-q").code == 0
    assert call(repo, "--rev", "HEAD", "--check", "-q", "--against", "HEAD^1").code == 1


def test_staged_is_what_the_commit_has(held: Repo) -> None:
    """The same numbers before and after, whatever lies in the work tree."""
    held.track({"src/AGENTS.md": WORDS * 3})
    held.write("src/AGENTS.md", "only on disk\n")
    staged = call(held, "--staged", "--format", "csv").out
    held.commit()
    assert call(held, "--rev", "HEAD", "--format", "csv").out == staged
    assert call(held, "--format", "csv").out != staged


def test_a_first_commit_and_no_repository(repo: Repo, tmp_path_factory: pytest.TempPathFactory) -> None:
    """There is no start: a limit holds, and growth says nothing."""
    repo.track({"CLAUDE.md": WORDS * 100, "loopflow.toml": RULES})
    assert call(repo, "--staged", "--check", "-q").code == 1
    plain = tmp_path_factory.mktemp("plain")
    (plain / "CLAUDE.md").write_text("words\n")
    (plain / "loopflow.toml").write_text(RULES)
    repo.root = plain
    assert call(repo, "--check", "-q").code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[agents]\nfoo = 1", "agents.foo"),
        ('[agents]\nfor = ["nobody"]', "there is no agent 'nobody'"),
        ('[agents]\nlost = "yes"', "it is one of warn, fail, off"),
        ('[agents.claude]\nagents_md = "x"', "it is one of fallback, both, never"),
        ('[agents.codex]\nmax_bytes = "1 line"', "no number of bytes"),
        ('[[agents.rule]]\nname = "r"', "no part"),
        ('[[agents.rule]]\nname = "r"\npart = "start"', "limits nothing"),
        ('[[agents.rule]]\nname = "r"\npart = "nope"\neach = 1', "there is no part 'nope'"),
        ('[[agents.rule]]\nname = "r"\npart = "start"\neach = "1 KiB"', "measured in tokens"),
        ('[[agents.rule]]\nname = "r"\npart = "start"\neach = 1\n' * 2, "two rules named 'r'"),
    ],
)
def test_a_wrong_config_is_an_error(repo: Repo, text: str, said: str) -> None:
    """Exit 2, with the place."""
    repo.track({"CLAUDE.md": "a\n", "loopflow.toml": text})
    result = call(repo)
    assert (result.code, said in result.err, "loopflow.toml:" in result.err) == (2, True, True), result.err


@pytest.mark.parametrize(("text", "lost"), [("x" * 2_048, 0), ("x" * 2_047 + "éé", 3)])
def test_what_claude_cuts_of_tools_is_lost(repo: Repo, text: str, lost: int) -> None:
    """2 KB of a description and of instructions arrive; what is more is lost, and fails where loss does."""
    tools = {"instructions": text, "tools": [{"name": "add", "description": text, "inputSchema": {"type": "object"}}]}
    repo.track({"CLAUDE.md": WORDS, "loopflow.toml": '[agents]\nlost = "fail"\ntools = ["*.tools.json"]\n'})
    repo.commit()
    repo.track({"own.tools.json": json.dumps(tools, ensure_ascii=False)})
    rows = [(row["of"], row["lost"]) for row in survey(repo)["lost"]]
    assert rows == ([("tool", lost), ("server", lost)] if lost else [])
    assert call(repo, "--check").code == bool(lost)
    for form in ("text", "markdown"):
        counted = call(repo, "tools", "own.tools.json", "--format", form).out
        for what in ("the description of add", "the server's instructions"):
            assert (f"{what}: 3 of 2,051 bytes" in counted) is bool(lost)
