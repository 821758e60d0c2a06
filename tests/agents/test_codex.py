"""What Codex loads, and what it cuts: codex-rs/core/src/agents_md.rs and core-skills, read in November 2026."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopflow.tokens import count
from tests.support.builder import Repo
from tests.support.surveys import call, loaded, places, skill, survey

LIMIT = 32_768


def test_the_first_name_of_each_directory_counts(repo: Repo) -> None:
    """AGENTS.override.md before AGENTS.md before the fallbacks of the config; nothing below the directory."""
    repo.track(
        {
            "AGENTS.md": "a\n",
            "AGENTS.override.md": "o\n",
            "src/OTHER.md": "f\n",
            "src/deep/AGENTS.md": "d\n",
            ".codex/config.toml": 'project_doc_fallback_filenames = ["OTHER.md"]\n',
        }
    )
    found = survey(repo, "--agent", "codex")
    assert loaded(found, "codex") == ["AGENTS.override.md"]
    assert loaded(found, "codex", "src/deep") == ["AGENTS.override.md", "src/OTHER.md", "src/deep/AGENTS.md"]
    assert [place["files"] for place in places(found, "codex").values()] == [0, 0, 0]


def test_the_chain_is_cut_root_first(repo: Repo) -> None:
    """At any byte, also within a character, which then arrives as U+FFFD; nothing after it arrives."""
    root = "# Root\n" + "x" * (LIMIT - 7 - 15) + "\n"
    nested = "# One\n\näöü\n\n# Two\n"
    repo.track({"AGENTS.md": root, "src/AGENTS.md": nested, "src/deep/AGENTS.md": "# Deep\n"})
    found = survey(repo, "--agent", "codex")
    kept = nested.encode()[:14]
    rest = kept[: LIMIT - len(root.encode())].decode("utf-8", "replace")
    place = places(found, "codex")["src"]
    assert place["start"] == count(root) + count(rest)
    by_place = {(row["directory"], row["path"]): row for row in found["lost"]}
    row = by_place["src", "src/AGENTS.md"]
    assert row["kept"] + row["lost"] == len(nested.encode())
    assert (row["kept"], row["sections"]) == (LIMIT - len(root.encode()), ["Two"])
    deep = by_place["src/deep", "src/deep/AGENTS.md"]
    assert (deep["kept"], deep["first_line"], deep["sections"]) == (0, 1, ["Deep"])


@pytest.mark.parametrize("more", [0, 1])
def test_the_limit_itself_fits(repo: Repo, more: int) -> None:
    """32,768 bytes arrive whole, one more does not."""
    repo.track({"AGENTS.md": "x" * (LIMIT + more)})
    assert [row["lost"] for row in survey(repo, "--agent", "codex")["lost"]] == [1] * more


def test_a_blank_file_uses_nothing_up(repo: Repo) -> None:
    """It is left out, and so is no part of the chain."""
    repo.track({"AGENTS.md": " \n" * 20_000, "src/AGENTS.md": "x" * LIMIT})
    found = survey(repo, "--agent", "codex")
    assert (found["lost"], loaded(found, "codex", "src")) == ([], ["src/AGENTS.md"])


@pytest.mark.parametrize(("config", "limit"), [('[agents.codex]\nmax_bytes = "1 KiB"\n', 1024), ("", 2000)])
def test_the_limit_can_be_set(repo: Repo, config: str, limit: int) -> None:
    """By the config here, else by the agent's own tracked settings, with a remark on when those hold."""
    repo.track(
        {"AGENTS.md": "x" * 5000, ".codex/config.toml": "project_doc_max_bytes = 2000\n", "loopflow.toml": config}
    )
    [row] = survey(repo, "--agent", "codex")["lost"]
    assert row["limit"] == limit
    assert ("where the project is trusted" in call(repo, "--agent", "codex").out) is (not config)


@settings(max_examples=15)
@given(sizes=st.lists(st.integers(0, 900), min_size=1, max_size=5), limit=st.integers(1, 2000))
def test_kept_and_lost_are_the_whole(tmp_path_factory: pytest.TempPathFactory, sizes: list[int], limit: int) -> None:
    """Of every file of a chain, whatever the limit; and no more arrives than the limit allows."""
    repo = Repo(tmp_path_factory.mktemp("chain") / "repo")
    names = ["/".join(["d"] * at + ["AGENTS.md"]) for at in range(len(sizes))]
    files = {name: "é" * (size // 2) + "." * (size % 2) for name, size in zip(names, sizes, strict=True)}
    repo.track({**files, "loopflow.toml": f"[agents.codex]\nmax_bytes = {limit}\n"})
    deepest = "/".join(["d"] * (len(sizes) - 1)) or "."
    found = survey(repo, "--agent", "codex", "--no-cache")
    rows = {row["path"]: row for row in found["lost"] if row["directory"] == deepest}
    for name, size in zip(names, sizes, strict=True):
        if name in rows:
            assert rows[name]["kept"] + rows[name]["lost"] == size
    if sum(sizes) > limit:
        arrived = sum(size for name, size in zip(names, sizes, strict=True) if name not in rows)
        assert arrived + sum(row["kept"] for row in rows.values()) == limit


def test_skills_are_listed_or_refused(repo: Repo) -> None:
    """No frontmatter, no YAML, a long description or a link to the file itself: left out, and said."""
    repo.track(
        {
            ".agents/skills/good/SKILL.md": skill("good"),
            ".agents/skills/deep/er/SKILL.md": skill("deeper"),
            ".agents/skills/none/SKILL.md": "no head\n",
            ".agents/skills/bad/SKILL.md": "---\nname: [\n---\n",
            ".agents/skills/long/SKILL.md": skill("long", "x" * 1025),
            ".agents/skills/quiet/SKILL.md": skill("quiet"),
            ".agents/skills/quiet/agents/openai.yaml": "policy:\n  allow_implicit_invocation: false\n",
            "src/.agents/skills/near/SKILL.md": skill("near"),
        }
    )
    repo.link(".agents/skills/linked/SKILL.md", "../good/SKILL.md")
    repo.track()
    found = survey(repo, "--agent", "codex")
    assert [path.partition("#")[2] for path in loaded(found, "codex")] == ["deeper", "good"]
    assert [path.partition("#")[2] for path in loaded(found, "codex", "src")] == ["deeper", "good", "near"]
    assert sorted(row["path"].split("/")[2] for row in found["findings"]) == ["bad", "long", "none"]


def test_a_skill_in_two_places_is_listed_twice(repo: Repo) -> None:
    """And that costs twice: it is said."""
    repo.track({f"{where}/skills/one/SKILL.md": skill("one") for where in (".agents", ".codex")})
    found = survey(repo, "--agent", "codex")
    assert len(loaded(found, "codex")) == 2
    assert [row["agent"] for row in found["repeats"]] == ["codex"]


def test_show_prints_what_arrives(repo: Repo) -> None:
    """The text itself, in order, joined as Codex joins it, and cut where it cuts."""
    repo.track({"AGENTS.md": "root\n", "src/AGENTS.md": "é" * 20, "loopflow.toml": "[agents.codex]\nmax_bytes = 10\n"})
    result = call(repo, "show", "src", "--agent", "codex")
    assert (result.code, result.out) == (0, "root\n\n\néé\ufffd")
    assert call(repo, "show", "src", "--agent", "gemini").code == 2
