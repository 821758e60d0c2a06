"""What wraps lines is taken off, wherever the reads are cut, and what only looks like it stays."""

from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs.model import Priority
from tests.logs.unwrapping import unwrapped
from tests.logs.wrapped import ALL, CHANGES, MARKED, NAMED, NESTED, OUTPUT, PARTS, STAMPED, lines, stamp

_NAMES = {
    "gh": "github",
    "brackets": "stamps",
    "log4j": "stamps",
    "zone": "stamps",
    "go": "stamps",
    "clock": "stamps",
    "compose of version 1": "compose",
    "compose with names": "compose",
}


@pytest.mark.parametrize("form", STAMPED)
def test_a_stamp_is_taken_off_each_line_and_kept_beside_it(form: str) -> None:
    whole = unwrapped(STAMPED[form])
    assert whole.lines == list(OUTPUT * 3)
    assert all(whole.stamps)
    assert whole.origins == list(range(len(OUTPUT) * 3))
    assert whole.name == _NAMES.get(form, form)


@pytest.mark.parametrize("form", NAMED)
def test_a_name_before_each_line_tells_its_stream_and_its_component(form: str) -> None:
    whole = unwrapped(NAMED[form])
    assert whole.lines == list(OUTPUT * 3)
    assert len(set(whole.streams)) == 2
    assert whole.streams == [name for name, _ in zip(cycle(whole.streams[:2]), whole.lines, strict=False)]
    assert whole.components == dict(enumerate(whole.streams))
    assert whole.name == _NAMES.get(form, form)


@pytest.mark.parametrize("size", [1, 7, 199, 1000])
@pytest.mark.parametrize("form", ALL)
def test_the_size_of_a_read_changes_nothing(form: str, size: int) -> None:
    assert unwrapped(ALL[form], size) == unwrapped(ALL[form])


@given(st.lists(st.sampled_from([each for text in ALL.values() for each in text.splitlines()[:24]]), max_size=300))
def test_lines_of_any_forms_mixed_come_out_the_same_for_any_read(mixed: list[bytes]) -> None:
    text = b"".join(line + b"\n" for line in mixed)
    one, seven, whole = unwrapped(text, 1), unwrapped(text, 7), unwrapped(text)
    assert one == seven == whole
    assert whole.origins == sorted(whole.origins)
    assert not whole.origins or 0 <= whole.origins[0] <= whole.origins[-1] < len(mixed)


def test_layers_are_taken_off_from_the_outside() -> None:
    whole = unwrapped(NESTED)
    assert whole.lines[:3] == ["ERROR m0", "E", "  at x"]
    assert whole.streams[:4] == ["web-0"] * 3 + ["web-1"]
    assert whole.stamps[3] == stamp(1)
    assert whole.levels[0] is Priority.HIGH
    assert whole.origins[:4] == [0, 0, 0, 1]


def test_parts_of_a_line_are_joined_by_stream_at_the_place_of_the_last() -> None:
    whole = unwrapped(PARTS)
    assert whole.lines[:3] == ["begin end", "more", "ERROR"]
    assert whole.origins[:3] == [2, 2, 3]
    assert whole.streams[:3] == ["stdout", "stdout", "stderr"]
    assert whole.lines[-1] == "never ended"
    assert whole.origins[-1] == 80


def test_parts_of_the_container_runtime_are_joined_too() -> None:
    texts = [f"{stamp(0, 9)} stdout P a", f"{stamp(1, 9)} stderr P x", f"{stamp(2, 9)} stdout F b", "other"] * 5
    whole = unwrapped(lines([*texts, f"{stamp(3, 9)} stderr F:tag y"]))
    assert whole.lines == ["ab", "other"] * 5 + ["xxxxxy"]
    assert whole.stamps[0] == stamp(0, 9)


def test_a_change_of_format_is_followed_and_spoils_nothing() -> None:
    whole = unwrapped(CHANGES)
    assert "plain line 0" in whole.lines
    assert "plain again 899" in whole.lines
    assert whole.lines[-10:] == list(OUTPUT)
    assert whole.lines.count("ValueError: 3") > 100


def test_a_mark_of_byte_order_does_not_hide_the_first_stamp() -> None:
    whole = unwrapped(b"\xef\xbb\xbf" + STAMPED["github"])
    assert whole.lines[0] == OUTPUT[0]
    assert whole.stamps[0] == stamp(0)


def test_lines_without_the_head_of_the_others_stay() -> None:
    whole = unwrapped(STAMPED["github"] + b"  no stamp\n\n2025-03-01T10 x\n")
    assert whole.lines[30:] == ["  no stamp", "", "2025-03-01T10 x"]
    assert whole.stamps[30:] == ["", "", ""]


def test_columns_of_gh_name_job_and_step() -> None:
    text = lines(f"job{at // 20}\tstep{at // 10}\t{stamp(at)} text" for at in range(40))
    whole = unwrapped(text)
    assert whole.steps == {0: "step0", 10: "step1", 20: "step2", 30: "step3"}
    assert (whole.components[0], whole.components[39]) == ("job0", "job1")


def test_workers_of_xdist_are_streams_and_their_lines_stay() -> None:
    texts = [f"[gw{at % 3}] [ {at:2d}%] PASSED tests/test_a.py::test_{at}" for at in range(20)]
    whole = unwrapped(lines(["plugins: xdist", *texts, "E   assert 1"]))
    assert whole.lines == ["plugins: xdist", *texts, "E   assert 1"]
    assert whole.streams[:3] == ["", "gw0", "gw1"]
    assert whole.streams[-1] == ""
    assert not whole.components


def test_syslog_names_the_program() -> None:
    whole = unwrapped(lines([f"Mar  1 10:00:0{at} host app[{at}]: text" for at in range(5)]))
    assert whole.streams[3] == "app[3]"
    assert set(whole.components.values()) == {"app"}


def test_the_step_of_github_holds_behind_its_own_group() -> None:
    steps = unwrapped(MARKED).steps
    assert list(steps.items())[:6] == [
        (0, "Operating System"),
        (2, ""),
        (3, "Run npm test"),
        (7, "mine"),
        (9, "Run npm test"),
        (11, "Post job cleanup"),
    ]


_LOOKALIKES = {
    "a table": ["| name | value |", "|------|-------|", "| a | 1 |", "| b | 2 |"] * 5,
    "a table without edges": [f"{name:8} | {at}" for at, name in enumerate("abcdefghijklmnop")],
    "coverage": ["File      | % Stmts |", "----------|---------|", "All files |      80 |", " a.js     |      70 |"]
    * 3,
    "C++": ["a = x | y;", "flags | mask", "cout << a | b;"] * 8,
    "a dict of Python": ["{'level': 'error', 'msg': 'x'}"] * 20,
    "Maven": ["[INFO] Building", "[ERROR] Failed", "[INFO] done"] * 9,
    "ninja": ["[1/20] cc a.c", "[2/20] cc b.c"] * 9,
    "gcc": ["src/a.c:12:5: error: x", "src/b.c:3:1: warning: y"] * 9,
    "levels": ["error: a", "info: b", "ERROR:root: c", "INFO:root: d"] * 9,
    "JSON of a test": ["{", '  "level": "error",', '  "msg": "x"', "}"] * 9,
    "JSON without a message": ['{"level":"error"}', '{"a":[1]}'] * 9,
    "JSON in few lines": ['{"level":"error","msg":"x"}', *(["ok"] * 30)],
    "docker's log of something else": ['{"log":"x","other":1,"time":"y"}'] * 9,
    "few stamps": [f"{stamp(1)} x", *(["plain"] * 9)],
    "times in the line": ["at 10:00:00 it", "ended at 2025-03-01 10:00:00"] * 9,
    "a diff": ["--- a/x", "+++ b/x", "@@ -1 +1 @@", "-a", "+b", "~~~ x"] * 9,
    "paths": ["src/a test: x is not", "lib/b.py x"] * 9,
}


@pytest.mark.parametrize("form", _LOOKALIKES)
def test_what_only_looks_like_an_envelope_stays(form: str) -> None:
    whole = unwrapped(lines(_LOOKALIKES[form]))
    assert whole.lines == _LOOKALIKES[form]
    assert whole.name == ""
    assert not any(whole.streams + whole.stamps)
    assert not whole.levels
    assert not whole.steps


_SINGLE = {
    "GitLab": (
        [
            "section_start:1560896352:get_sources[collapsed=true]\r\x1b[0KGetting source",
            "x",
            "section_end:1560896353:get_sources\r\x1b[0K",
        ],
        {0: "Getting source", 2: ""},
        "gitlab",
    ),
    "GitLab, cleaned": (
        ["section_start:1:a", "section_start:2:b", "x", "section_end:3:b", "section_end:4:a"],
        {0: "a", 1: "b", 3: "a", 4: ""},
        "gitlab",
    ),
    "Travis": (
        ["travis_fold:start:install\r\x1b[0K", "x", "travis_fold:end:install\r\x1b[0Ktravis_fold:start:b\r\x1b[0K$ b"],
        {0: "install", 2: "b"},
        "travis",
    ),
    "Azure": (["##[section]Starting: Build", "x", "##[section]Finishing: Build"], {0: "Build", 2: ""}, "azure"),
    "workflow commands": (["::group::A", "x", "::endgroup::"], {0: "A", 2: ""}, ""),
    "Jenkins": (
        ["[Pipeline] stage", "[Pipeline] { (Test)", "x", "[Pipeline] }", "[Pipeline] // stage"],
        {1: "Test", 4: ""},
        "jenkins",
    ),
    "Buildkite": (
        ["~~~ Preparing", "x", "--- Build", "+++ Test"],
        {0: "Preparing", 2: "Build", 3: "Test"},
        "buildkite",
    ),
    "echoed": (["echo travis_fold:start:x", "the section_start:1:x word"], {}, None),
}


@pytest.mark.parametrize("form", _SINGLE)
def test_markers_of_a_build_system_name_steps_and_stay(form: str) -> None:
    texts, steps, name = _SINGLE[form]
    whole = unwrapped(lines(texts))
    assert whole.steps == steps
    assert whole.lines == texts
    assert name is None or whole.name == name


def test_nothing_comes_of_nothing() -> None:
    assert unwrapped(b"").text == b""
    assert unwrapped(b"\n").text == b"\n"
