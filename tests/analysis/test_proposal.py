"""A first config file: each limit follows from what is there, and is said with its reason."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.analysis.filetype import file_type
from loopflow.analysis.patterns import compile_patterns
from loopflow.analysis.proposal import Observed, Proposal, propose
from loopflow.config.resolve import resolve
from loopflow.model import Cut, CutReason, FileTokens


def observe(tokens: Mapping[str, int], cuts: Sequence[Cut] = (), **more: Any) -> Observed:  # noqa: ANN401
    return Observed(
        [FileTokens(path, file_type(path), count, 4 * count, "") for path, count in tokens.items()], cuts, **more
    )


def propose_for(tokens: Mapping[str, int], cuts: Sequence[Cut] = (), **more: Any) -> Proposal:  # noqa: ANN401
    return propose(observe(tokens, cuts, **more))


def cut(at: str, tokens: int, reason: CutReason = CutReason.LOCK, *paths: str) -> Cut:
    return Cut(reason, "seen", paths or (at,), tokens, at)


def rules_of(proposal: Proposal) -> dict[str, dict[str, Any]]:
    """Return the values of each rule by its name, those of the budget as "budget"."""
    values = tomllib.loads(proposal.text)
    return {"budget": values["budget"]} | {rule.pop("name"): rule for rule in values.get("rule", [])}


TEXT = """\
# Budgets for what a language model has to read. Sizes are tokens.
exclude = [
    "/Cargo.lock",    # lock file
    "/vendor/A/x.c",  # vendored
]
against = "origin/main"

[budget]
growth = "2%"
file = "66k"
warn = "95%"

[[rule]]
name = "everything"
paths = ["*"]
total = "140k"
warn = "95%"
level = "warn"

[[rule]]
name = "agent instructions"
paths = ["/AGENTS.md"]
total = "4k"

[[rule]]
name = "src"
paths = ["/src/"]
total = "130k"
warn = "95%"

[[rule]]
name = "lib"
paths = ["/lib/"]
total = "10k"
warn = "95%"
"""
REASONS = (
    "exclude: 1,500 tokens that nobody here writes (lock file, vendored)",
    "against origin/main: a branch is judged by what it adds since it left the default branch",
    "growth 2% for each change: 2 % is what one change seldom adds",
    "no file over 66,000 tokens: the largest today has 60,000 and 10 %, rounded up",
    "everything: 140,000 tokens, today's 122,000 and 10 %, rounded up; it only warns",
    "agent instructions: 4,000 tokens, read in every session; today 3,000",
    "src: 130,000 tokens, today's 110,000 and 10 %, rounded up",
    "lib: 10,000 tokens, today's 9,000 and 10 %, rounded up",
)


def test_the_whole_file() -> None:
    """The file holds the exclusions, the start, the budget and the rules, in this order, and a reason for each."""
    tokens = {"src/a.py": 60_000, "src/b.py": 50_000, "lib/c.py": 9_000, "AGENTS.md": 3_000}
    cuts = [cut("Cargo.lock", 900), cut("vendor/A/", 600, CutReason.VENDORED, "vendor/A/x.c")]
    proposal = propose_for({**tokens, "Cargo.lock": 900, "vendor/A/x.c": 600}, cuts, against="origin/main")
    assert proposal.text == TEXT
    assert proposal.reasons == REASONS


def test_nothing_at_all() -> None:
    """An empty repository has the least limits, and no rule for a directory."""
    proposal = propose_for({})
    assert rules_of(proposal) == {
        "budget": {"growth": "2k", "file": "8k", "warn": "95%"},
        "everything": {"paths": ["*"], "total": "8k", "warn": "95%", "level": "warn"},
    }
    assert proposal.reasons == (
        "growth 2k for each change: 2 % of 0 would be very little",
        "no file over 8,000 tokens: the largest today has 0; less would only be in the way",
        "everything: 8,000 tokens, today's 0; less would only be in the way; it only warns",
    )


# --- Exclusions ---


@pytest.mark.parametrize(
    ("reason", "is_excluded"),
    [
        (CutReason.LOCK, True),
        (CutReason.MINIFIED, True),
        (CutReason.GENERATED, True),
        (CutReason.VENDORED, True),
        (CutReason.SNAPSHOT, True),
        (CutReason.DATA, True),
        (CutReason.DOCUMENTATION, False),
        (CutReason.EXPORT_IGNORE, False),
        (CutReason.DUPLICATE, False),
    ],
)
def test_which_reasons(reason: CutReason, is_excluded: bool) -> None:  # noqa: FBT001
    """What nobody here writes is excluded; documentation, what is not shipped and copies may well be read."""
    proposal = propose_for({"a.x": 9_000, "b.py": 50}, [cut("a.x", 9_000, reason)])
    assert tomllib.loads(proposal.text).get("exclude", []) == (["/a.x"] if is_excluded else [])
    assert any("everything: 8,000 tokens, today's 50;" in reason for reason in proposal.reasons) == is_excluded


@pytest.mark.parametrize(("tokens", "is_excluded"), [(499, False), (500, True)])
def test_little_is_not_worth_a_line(tokens: int, is_excluded: bool) -> None:  # noqa: FBT001
    """A candidate of fewer than 500 tokens is left in."""
    assert ("exclude" in propose_for({"a.lock": tokens}, [cut("a.lock", tokens)]).text) == is_excluded


def test_not_more_than_forty_lines() -> None:
    """The forty largest candidates are excluded, and the others count."""
    tokens = {f"x.{number:02}": 1_000 - number for number in range(42)}
    proposal = propose_for(tokens, [cut(path, count) for path, count in tokens.items()])
    assert tomllib.loads(proposal.text)["exclude"] == [f"/x.{number:02}" for number in range(40)]
    assert f"today's {960 + 959:,};" in proposal.reasons[-1]


def test_a_kind_is_named_once() -> None:
    """The reason adds up what is excluded, and names each kind once."""
    proposal = propose_for({"a": 700, "b": 600}, [cut("a", 700), cut("b", 600)])
    assert proposal.reasons[0] == "exclude: 1,300 tokens that nobody here writes (lock file)"


# --- The start ---


@pytest.mark.parametrize(("against", "line"), [(None, None), ("", None), ("a\udcffb", None), ('or"igin', 'or"igin')])
def test_against(against: str | None, line: str | None) -> None:
    """The default branch is named, if there is one that can be written."""
    proposal = propose_for({"a.py": 5}, against=against)
    assert tomllib.loads(proposal.text).get("against") == line
    assert any(reason.startswith("against ") for reason in proposal.reasons) == (line is not None)


# --- Numbers ---


@pytest.mark.parametrize(
    ("total", "growth", "why"),
    [
        (99_999, "2k", "2 % of 99,999 would be very little"),
        (100_000, "2%", "2 % is what one change seldom adds"),
        (5_000_000, "2%", "2 % is what one change seldom adds"),
    ],
)
def test_growth(total: int, growth: str, why: str) -> None:
    """A change may add 2 %, or 2,000 tokens where that is less."""
    proposal = propose_for({"a.py": total})
    assert rules_of(proposal)["budget"]["growth"] == growth
    assert f"growth {growth} for each change: {why}" in proposal.reasons


def test_growth_that_is_needed() -> None:
    """What a branch has added already is allowed."""
    proposal = propose_for({"a.py": 500_000}, growth="13%")
    assert rules_of(proposal)["budget"]["growth"] == "13%"
    assert "growth 13% for each change: this branch has added nearly as much already" in proposal.reasons


@pytest.mark.parametrize(
    ("largest", "limit", "words"),
    [
        (1, "8k", "8,000 tokens: the largest today has 1; less would only be in the way"),
        (7_272, "8k", "8,000 tokens: the largest today has 7,272; less would only be in the way"),
        (7_273, "9k", "9,000 tokens: the largest today has 7,273 and 10 %, rounded up"),
        (8_100, "9k", "9,000 tokens: the largest today has 8,100 and 10 %, rounded up"),
        (9_090, "10k", "10,000 tokens: the largest today has 9,090 and 10 %, rounded up"),
        (9_091, "11k", "11,000 tokens: the largest today has 9,091 and 10 %, rounded up"),
        (90_000, "99k", "99,000 tokens: the largest today has 90,000 and 10 %, rounded up"),
        (91_000, "110k", "110,000 tokens: the largest today has 91,000 and 10 %, rounded up"),
        (100_000, "110k", "110,000 tokens: the largest today has 100,000 and 10 %, rounded up"),
        (110_000, "130k", "130,000 tokens: the largest today has 110,000 and 10 %, rounded up"),
        (905_000, "1M", "1,000,000 tokens: the largest today has 905,000 and 10 %, rounded up"),
        (1_500_000, "1.7M", "1,700,000 tokens: the largest today has 1,500,000 and 10 %, rounded up"),
        (99_000_000, "110M", "110,000,000 tokens: the largest today has 99,000,000 and 10 %, rounded up"),
    ],
)
def test_the_largest_file(largest: int, limit: str, words: str) -> None:
    """No file may have more than the largest and a tenth, rounded up to two digits and whole thousands, 8k at least."""
    proposal = propose_for({"a.py": largest, "b.py": 1})
    assert rules_of(proposal)["budget"]["file"] == limit
    assert f"no file over {words}" in proposal.reasons


@pytest.mark.parametrize(
    ("tokens", "limit"), [(1, "2k"), (1_600, "2k"), (1_601, "3k"), (10_400, "13k"), (10_401, "14k"), (100_000, "130k")]
)
def test_instructions(tokens: int, limit: str) -> None:
    """What agents read in every session has room for a quarter more, 2k at least."""
    assert rules_of(propose_for({"CLAUDE.md": tokens}))["agent instructions"] == {
        "paths": ["/CLAUDE.md"],
        "total": limit,
    }


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("AGENTS.md", "/AGENTS.md"),
        ("CLAUDE.md", "/CLAUDE.md"),
        (".github/copilot-instructions.md", "/.github/copilot-instructions.md"),
        (".cursor/rules/in/a.mdc", "/.cursor/rules/"),
        ("docs/AGENTS.md", None),
        ("AGENTS.md.bak", None),
        (".cursor/rules", None),
    ],
)
def test_which_instructions(path: str, pattern: str | None) -> None:
    """Instructions are known by where they lie."""
    rule = rules_of(propose_for({path: 50, "a.py": 5})).get("agent instructions")
    assert (rule and rule["paths"]) == ([pattern] if pattern else None)


def test_instructions_together() -> None:
    """All instructions have one rule, and what is excluded is none of them."""
    tokens = {"AGENTS.md": 1_000, ".cursor/rules/a": 900, ".cursor/rules/b": 800, "CLAUDE.md": 700}
    proposal = propose_for(tokens, [cut("CLAUDE.md", 700)])
    assert rules_of(proposal)["agent instructions"] == {"paths": ["/AGENTS.md", "/.cursor/rules/"], "total": "4k"}
    assert "agent instructions: 4,000 tokens, read in every session; today 2,700" in proposal.reasons


# --- Directories ---


def directories_of(tokens: Mapping[str, int], owned: Sequence[str] = ()) -> dict[str, str]:
    """Return the pattern of each directory's rule by its name, in the order of the rules."""
    rules = rules_of(propose_for(tokens, owned=owned))
    return {
        name: rule["paths"][0]
        for name, rule in rules.items()
        if name not in {"budget", "everything", "agent instructions"}
    }


@pytest.mark.parametrize(
    ("tokens", "names"),
    [
        pytest.param({"a/x": 50, "b/x": 45, "c/x": 5}, ["a", "b", "c"], id="a twentieth"),
        pytest.param({"a/x": 50, "b/x": 46, "c/x": 4}, ["a", "b"], id="less than that"),
        pytest.param({"a/x": 30, "b/x": 30, "c/x": 40}, ["c", "a", "b"], id="the largest first, then by name"),
        pytest.param({"a/x": 30, "a-b/x": 30, "c/x": 40}, ["c", "a", "a-b"], id="by name, and not by pattern"),
        pytest.param({"x": 60, "a/x": 40}, ["a"], id="files of the root have no rule"),
        pytest.param({"a/x": 30, "a/in/y": 30, "b/x": 40}, ["a", "b"], id="no directory is nearly all"),
        pytest.param(
            {"a/x": 31, "a/in/y": 30, "b/x": 39}, ["a", "b", "a/in"], id="one that is has those below it as well"
        ),
        pytest.param({"a/x": 1, "a/in/y": 99, "ab/in/z": 9}, ["a", "a/in", "ab"], id="and those of no other one"),
        pytest.param({f"{number}/x": 1 for number in range(8)}, list("012345"), id="six at most"),
        pytest.param({"a/x": 0}, [], id="nothing in it"),
    ],
)
def test_large_directories(tokens: Mapping[str, int], names: Sequence[str]) -> None:
    """Each directory with a twentieth of all tokens has a rule, six of them at most."""
    assert list(directories_of(tokens)) == names


@pytest.mark.parametrize(
    ("owned", "names"),
    [
        pytest.param(["/a/"], ["a"], id="a directory"),
        pytest.param(["a", "/a/"], ["a"], id="the same twice"),
        pytest.param(["/X/"], ["X"], id="any letter"),
        pytest.param(["/a/", "/b/in/", "/c/"], ["b/in", "a"], id="the largest first, and none that is empty"),
        pytest.param(["/a/x"], ["b", "b/in", "a"], id="a file has none"),
        pytest.param([], ["b", "b/in", "a"], id="nobody owns anything"),
    ],
)
def test_owned_directories(owned: Sequence[str], names: Sequence[str]) -> None:
    """Directories with owners have the rules, however large others are."""
    assert list(directories_of({"a/x": 30, "b/in/y": 70, "X/x": 1}, owned)) == names


@pytest.mark.parametrize(
    ("place", "name", "pattern"),
    [
        ("src/", "src", "/src/"),
        ("X/", "X", "/X/"),
        ("budget/", "budget/", "/budget/"),
        ("everything/", "everything/", "/everything/"),
        ("agent instructions/", "agent instructions/", "/agent instructions/"),
        (" /", " /", "/ /"),
        ("a*\\b/", "a*\\b", "/a\\*\\\\b/"),
        ('q"/', 'q"', '/q"/'),
        ("raw\udcff/", "raw\\xff", "/raw[! -~]/"),
        ("\U0001f600/", "\U0001f600", "/\U0001f600/"),
    ],
)
def test_names(place: str, name: str, pattern: str) -> None:
    """A rule is called as its directory is, unless another rule is; the pattern matches this directory alone."""
    rules = rules_of(propose_for({f"{place}x": 900}))
    assert rules[name]["paths"] == [pattern]


def test_a_directory_and_its_reason() -> None:
    """A directory may have what it has today and a tenth, and warns late."""
    proposal = propose_for({"a/x": 200, "b/x": 12_345})
    rules = rules_of(proposal)
    assert rules["b"] == {"paths": ["/b/"], "total": "14k", "warn": "95%"}
    assert proposal.reasons[-1] == "b: 14,000 tokens, today's 12,345 and 10 %, rounded up"
    assert propose_for({"a/x": 200}).reasons[-1] == "a: 1,000 tokens, today's 200; less would only be in the way"


# --- For any tree ---

_PATHS = st.builds(
    lambda above, name: "/".join([*above, name]),
    st.lists(st.sampled_from(["a", "budget", "é", "*", 'q"', "\udcff", "new\nline"]), max_size=3),
    st.sampled_from(["1.py", "2.md", "AGENTS.md"]),
)


@given(st.dictionaries(_PATHS, st.integers(0, 10**8), max_size=12), st.lists(st.sampled_from(["/a/", "é"]), max_size=2))
def test_it_is_valid_and_holds(tokens: dict[str, int], owned: list[str]) -> None:
    """What is proposed can be read back, each rule has its own name, and no limit in it is below what is there."""
    config = resolve({"loopflow.toml": propose_for(tokens, owned=owned).text.encode()}, {}, {})
    assert config.rules[0].file is not None
    assert config.rules[0].file >= max(tokens.values(), default=0)
    assert len({rule.name for rule in config.rules}) == len(config.rules)
    for rule in config.rules[1:]:
        matches = compile_patterns(rule.paths, rule.name).match
        assert rule.total is not None
        assert sum(count for path, count in tokens.items() if matches(path)) <= rule.total
