"""What is left of the output of a tool: no more than its limit, what failed, and never half of what must be whole."""

import json
import os
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopflow.analysis.redact import redact
from loopflow.chat import narrow
from loopflow.chat.narrowing.originals import DAYS, Originals
from loopflow.chat.tools import OwnRule, find_kind, find_rule, limit_of
from loopflow.errors import UsageError
from loopflow.logs.model import Priority
from loopflow.tokens import count
from tests.logs.failures import FAILURES

NOISE = [f"2026-03-04 10:{n // 60 % 60:02}:{n % 60:02} worker {n % 7} did step {n} of 9000" for n in range(200)]
SECRET = "AKIAQ3EGRT6WPLMNBV4Z"  # noqa: S105  nobody's
SOURCE = "\n".join(f"def function_{n}(a, b):\n    return a + {n}  # {'why ' * 8}" for n in range(400)) + "\n"
HUNK = "@@ -{0},3 +{0},4 @@ def f{0}():\n a = {0}\n-b = {0}\n+b = {0} + 1\n+# {1}\n return a"


def make_diff(files: int, hunks: int) -> str:
    """Return a diff of as many files, each with as many hunks."""
    return "\n".join(
        "\n".join(
            [
                f"diff --git a/src/m{file}.py b/src/m{file}.py",
                "index 1234567..89abcde 100644",
                f"--- a/src/m{file}.py",
                f"+++ b/src/m{file}.py",
                *(HUNK.format(10 * hunk + 1, "error: words that look like a failure " * 4) for hunk in range(hunks)),
            ]
        )
        for file in range(files)
    )


def make_tests(number: int) -> str:
    """Return the output of a run of tests of which one in the middle fails."""
    passed = [
        f"tests/test_m{n // 30}.py::test_case_{n % 30}[{n}] PASSED [{100 * n // number:3}%]" for n in range(number)
    ]
    passed[number // 2] = passed[number // 2].replace("PASSED", "FAILED")
    return "\n".join(
        [
            "============================= test session starts ==============================",
            *passed,
            "=================================== FAILURES ===================================",
            "_______________________________ test_case_5[4505] ______________________________",
            "",
            "    def test_case_5(n):",
            ">       assert add_up([1, 2, n]) == 4509",
            "E       assert 4508 == 4509",
            "",
            "tests/test_m150.py:14: AssertionError",
            "=========================== short test summary info ============================",
            "FAILED tests/test_m150.py::test_case_5[4505] - assert 4508 == 4509",
            f"================== 1 failed, {number - 1} passed in 61.20s ===================",
        ]
    )


def test_what_fits_stays_as_it_is() -> None:
    done = narrow("a\nb\n", "Bash")
    assert done[:5] == ("a\nb\n", "full", None, 4, "")


def test_nine_thousand_lines_of_tests_become_their_one_failure(tmp_path: Path) -> None:
    text = make_tests(8_990)
    done = narrow(text, "Bash", keep=Originals(str(tmp_path)))
    assert "E       assert 4508 == 4509" in done.text
    assert "1 failed, 8989 passed" in done.text
    assert "FAILED tests/test_m150.py::test_case_5[4505]" in done.text
    assert count(done.text) == done.tokens < 500
    assert Path(done.kept_at).read_text() == text
    assert done.kept_at in done.text.split("\n")[0]


@pytest.mark.parametrize("name", FAILURES)
def test_the_line_that_says_why_is_kept_among_hundreds(name: str) -> None:
    """Whatever tool it is of, and though nobody said that it failed."""
    text, expected = FAILURES[name]
    done = narrow("\n".join([*NOISE, text, *NOISE]), "Bash")
    shown = re.sub(r"\s+", " ", done.text)
    for block in expected:
        if block.priority is Priority.CRITICAL:
            assert re.sub(r"\s+", " ", block.headline) in shown, done.text
    assert done.tokens <= limit_of("Bash")


def test_of_what_failed_only_that_is_kept_and_how_it_ended() -> None:
    text = "\n".join([*NOISE, FAILURES["pytest"][0], *NOISE])
    done = narrow(text, "Bash", exit_code=2)
    assert (done.category, done.mode) == ("error-only", "error-only")
    assert "AssertionError: no shelf is this wide" in done.text
    assert done.text.endswith("[exit code 2]")
    assert "worker 3" not in done.text


def test_what_failed_without_a_word_on_why_keeps_its_ends() -> None:
    text = "\n".join(f"{chr(97 + n % 26) * 30} {n:x}" for n in range(500))
    done = narrow(text, "Bash", is_error=True, limit=800)
    assert done.category == "truncated"
    assert done.text.startswith(text[:30])
    assert done.text.endswith(text[-30:])


@pytest.mark.parametrize("command", ["grep -rn error src", "rg fatal", "diff a b", "git grep error"])
def test_to_find_nothing_or_differences_is_no_failure(command: str) -> None:
    text = "\n".join(f"src/m{n}.py:{n}: raise ValueError('error {n}')" for n in range(900))
    done = narrow(text, "Bash", exit_code=1, command=command)
    assert done.category != "error-only"
    assert done.text.startswith("src/m0.py:0:")


def test_a_diff_loses_whole_hunks() -> None:
    text = make_diff(6, 30)
    done = narrow(text, "Bash", exit_code=1, command="git diff")
    hunks = re.split(r"\n(?=@@|diff --git|\[\.\.\. )", done.text)
    whole = set(re.split(r"\n(?=@@|diff --git)", text))
    assert {part for part in hunks if part.startswith("@@")} <= whole
    assert 0 < done.text.count("@@ def") < text.count("@@ def")
    assert all(f"+++ b/src/m{file}.py" in done.text for file in range(6))
    left = text.count("@@ def") - done.text.count("@@ def")
    assert f"[... {left} whole hunks ({left * 6:,} lines) of src/m" in done.text
    assert done.tokens <= 3_000


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=300),
        lambda inner: st.lists(inner, max_size=40) | st.dictionaries(st.text(max_size=9), inner, max_size=20),
        max_leaves=60,
    ).filter(lambda value: isinstance(value, dict | list)),
    st.integers(30, 200),
)
def test_what_is_json_stays_json(value: object, limit: int) -> None:
    text = json.dumps(value)
    done = narrow(text, "mcp__shop__list_items", limit=limit)
    assert isinstance(json.loads(done.text), type(value))
    assert done.tokens <= limit


def test_numbers_of_any_size_stay_in_json() -> None:
    text = json.dumps({"rows": list(range(9_000))})[:-1] + f', "big": 1e400, "long": {"7" * 5_000}}}'
    done = narrow(text, "Bash")
    assert '"big":1e400' in done.text
    json.loads(done.text, parse_int=str)


def test_a_file_is_cut_at_its_end_only_and_keeps_its_numbers() -> None:
    done = narrow(SOURCE, "Read")
    *kept, said = done.text.split("\n")
    assert kept == SOURCE.split("\n")[: len(kept)]
    assert 0 < len(kept) <= 200
    assert said == f"[... lines {len(kept) + 1}-800 left out ...]"


def test_numbers_that_lines_begin_with_are_theirs() -> None:
    text = "\n".join(f"{n:6}→line {n}" for n in range(501, 1_000))
    done = narrow(text, "Read", limit=9_000)
    kept = done.text.split("\n")[:-1]
    assert len(kept) == 200
    assert done.text.endswith("[... lines 701-999 left out ...]")


def test_what_was_found_begins_as_it_was_and_names_where_the_rest_is() -> None:
    text = "\n".join(f"src/{'ab'[n > 800]}.py:{n}:    value = {n}" for n in range(1_000))
    done = narrow(text, "Grep")
    kept = done.text.split("\n")
    assert kept[:-1] == text.split("\n")[: len(kept) - 1]
    assert re.fullmatch(r"\[\.\.\. \d{3} lines \(of src/a.py \d+, src/b.py 199\) left out \.\.\.\]", kept[-1])
    assert done.tokens <= 2_000


@pytest.mark.parametrize(
    ("name", "kind", "tokens"),
    [
        ("Read", "read", 3_000),
        ("read_file", "read", 3_000),
        ("Bash", "shell", 3_000),
        ("run_shell_command", "shell", 3_000),
        ("Grep", "search", 2_000),
        ("search_files", "search", 2_000),
        ("Glob", "list", 1_500),
        ("list_files", "list", 1_500),
        ("WebSearch", "web", 3_000),
        ("mcp__forum__list_threads", "list", 2_500),
        ("mcp__fs__read_file", "read", 2_500),
        ("nobody_knows", "other", 2_500),
        ("Task", "other", 2_500),
        ("", "other", 2_500),
        *((name, "whole", 1 << 40) for name in ("Edit", "MultiEdit", "Write", "TodoWrite", "ExitPlanMode")),
        *(
            (name, "whole", 1 << 40)
            for name in ("AskUserQuestion", "str_replace_editor", "apply_patch", "NotebookEdit")
        ),
    ],
)
def test_a_limit_goes_by_the_words_in_a_name(name: str, kind: str, tokens: int) -> None:
    assert (find_kind(name), limit_of(name)) == (kind, tokens)


def test_own_rules_go_before_those_of_names() -> None:
    own = {"mcp__docs__*": OwnRule(tokens=500), "Read": OwnRule(never=True), "Edit": OwnRule(tokens=50)}
    assert find_rule("mcp__docs__get", own).tokens == 500
    assert find_rule("Read", own).never
    assert find_rule("Edit", own).tokens == 50
    assert find_rule("Bash", own) == find_rule("Bash")
    assert narrow(SOURCE, "Edit").text == SOURCE
    assert narrow(SOURCE, "Edit", rules=own).tokens <= 50


def test_a_mode_that_is_asked_for_is_used() -> None:
    text = "\n".join([*NOISE, FAILURES["pytest"][0], *NOISE])
    ends = narrow(text, "Bash", mode="heads-tails").text.split("\n")
    assert ends[:12] == NOISE[:12]
    assert ends[-12:] == NOISE[-12:]
    assert ends[12] == f"[... {text.count(chr(10)) + 1 - 24:,} lines left out ...]"
    assert narrow(text, "Bash", mode="error-only").category == "error-only"


def test_lines_that_differ_in_numbers_are_told_once_with_how_many() -> None:
    text = "\n".join([f"GET /pkg{n} 200 in {n % 90} ms" for n in range(900)] + ["added 901 packages"])
    done = narrow(text, "Bash")
    assert "900 x L1-900" in done.text
    assert "added 901 packages" in done.text
    assert done.tokens < 800


@settings(max_examples=15)
@given(
    st.lists(st.text(max_size=60) | st.just("Error: no " * 40), max_size=40).map("\n".join),
    st.sampled_from(["Bash", "Read", "Grep", "Glob", "WebFetch", "x"]),
    st.integers(12, 300),
    st.sampled_from([None, 0, 1]),
)
def test_no_text_is_more_than_the_limit_or_than_it_was(text: str, tool: str, limit: int, code: int | None) -> None:
    text = re.sub("[\ud800-\udfff]", "", text)
    done = narrow(text, tool, limit=limit, exit_code=code)
    assert done.tokens == count(done.text) <= limit
    assert done.tokens <= max(count(text), 12)


@pytest.mark.parametrize(
    "text", ["x" * 90_000, "\0" * 9_000, "é" * 30_000, "\n" * 9_000, "\ud800" * 4_000, " " * 90_000]
)
@pytest.mark.parametrize("tool", ["Bash", "Read", "Grep", "other"])
def test_one_line_without_end_and_other_nonsense_is_cut(text: str, tool: str) -> None:
    assert narrow(text, tool).tokens <= limit_of(tool)


def test_errors_have_half_of_what_the_output_has() -> None:
    done = narrow("\n".join(NOISE), "Bash", stderr="\n".join(NOISE))
    assert 0 < count(done.stderr) <= 1_500
    assert done.tokens == count(done.text) + count(done.stderr)


@pytest.mark.parametrize("tool", ["Bash", "Read", "Edit", "Grep", "mcp__x__y"])
def test_no_secret_comes_through_and_the_kept_file_has_it(tool: str, tmp_path: Path) -> None:
    text = "\n".join([*NOISE, f"key = {SECRET}", *NOISE])
    done = narrow(text, tool, keep=Originals(str(tmp_path)))
    assert SECRET not in done.text
    assert done.hidden == 1
    assert not done.kept_at or SECRET in Path(done.kept_at).read_text()


def test_a_secret_that_a_cut_would_halve_is_hidden_before() -> None:
    line = f"{'x ' * 4_000}{SECRET} {'y ' * 9_000}"
    for limit in (100, 300, 1_000, 2_000):
        assert SECRET[:12] not in narrow(line, "other", limit=limit).text


def test_a_secret_in_escapes_of_json_or_between_colours_is_hidden() -> None:
    url = "https:\\/\\/bob:hunter2secretpw@db.example.com\\/x"
    document = '{"rows": ["' + '", "'.join([url] * 900) + '"]}'
    assert "hunter2secretpw" not in narrow(document, "mcp__a__b", limit=300).text
    coloured = "\x1b[01;31m\x1b[Kghp_\x1b[m\x1b[KZk3vTq9LmXc7RbYd2NwPj5HsFg8UeA1iBoKr"
    for limit, lines in ((300, 900), (3_000, 1)):
        for code in (None, 1):
            shown = narrow("\n".join([f"Error: {coloured}"] * lines), "Bash", limit=limit, exit_code=code).text
            assert "Zk3vTq9LmXc7RbYd2NwPj5HsFg8UeA1iBoKr" not in shown


KEYS = st.lists(
    st.sampled_from([SECRET, SECRET[::-1], "a", 'k"', "[redacted:aws-key]", f"ASIA{SECRET[4:]}"]), unique=True
)


@given(KEYS, st.lists(KEYS, max_size=3), st.booleans())
def test_no_entry_of_json_is_lost_where_its_key_is_hidden(
    keys: list[str],
    inner: list[list[str]],
    escapes: bool,  # noqa: FBT001  a case
) -> None:
    """In a text that stays whole, and in one that is cut; keys without a secret stay."""
    document = {**{key: at for at, key in enumerate(keys)}, "in": [dict.fromkeys(each, "x") for each in inner], "of": 7}
    text = json.dumps(document)
    text = text.replace("K", "\\u004b") if escapes else text
    for limit, wanted in ((100_000, text), (400, text[:-1] + f', "rest": [{"7, " * 5_000} 7]}}')):
        found = json.loads(narrow(wanted, "mcp__a__b", limit=limit).text)
        assert [value for key, value in found.items() if key not in {"in", "of", "rest"}] == list(range(len(keys)))
        assert [len(each) for each in found["in"]] == [len(each) for each in inner]
        if limit == 400 or not escapes:
            assert SECRET not in json.dumps(found)
            assert [key for key in found if "redacted" not in key] == [
                *filter(_is_plain, keys),
                *list(found)[len(keys) :],
            ]


def _is_plain(key: str) -> bool:
    return redact(key.encode()) == key.encode() and "redacted" not in key


def test_whoever_reads_a_file_with_secrets_is_told_not_to_write_it() -> None:
    said = "[loopflow: 1 secret hidden: edit other lines only, never write this file whole]"
    assert narrow(f"a = 1\nkey = {SECRET}\n", "Read").text.endswith(f"\n{said}")
    assert narrow(f"key = {SECRET}\n{SOURCE}", "Read").text.endswith(f"\n{said}")
    assert redact(said.encode()) == said.encode()


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(UsageError, match="0 tokens leaves nothing"):
        narrow("text", "Bash", limit=0)


def test_what_is_kept_is_nobody_elses_to_read_and_is_kept_once(tmp_path: Path) -> None:
    keep = Originals(str(tmp_path / "cache"))
    path = keep("all of it")
    assert path is not None
    assert keep("all of it") == path
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(keep.directory).st_mode) == 0o700
    assert os.listdir(keep.directory) == [os.path.basename(path)]
    assert keep.holds(path)
    assert not keep.holds(f"{keep.directory}/../other")


def test_what_is_older_than_a_week_goes(tmp_path: Path) -> None:
    keep = Originals(str(tmp_path))
    old, new = keep("old"), keep("new")
    assert old
    assert new
    past = os.stat(new).st_mtime - (DAYS + 1) * 86_400
    os.utime(old, (past, past))
    keep("newest")
    assert not os.path.exists(old)
    assert os.path.exists(new)


def test_where_nothing_can_be_kept_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "outputs").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    done = narrow("\n".join(NOISE), "Bash", keep=Originals(str(tmp_path)))
    assert done.kept_at == ""
    assert "all of it" not in done.text
    assert os.listdir(tmp_path / "elsewhere") == []
