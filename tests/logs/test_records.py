"""Records of loggers and of the journal: what is printed of them, and what their levels say."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs.model import Priority
from tests.logs.unwrapping import Whole, unwrapped
from tests.logs.wrapped import docker, lines
from tests.support.examples import some

_CASES: dict[str, tuple[str, list[str], Priority | None, str]] = {
    "pino": (
        (
            '{"level":50,"time":1531171082399,"pid":657,"hostname":"h","msg":"boom","err":{"type":"Error",'
            '"message":"no such file","stack":"Error: no such file\\n    at f (a.js:1:2)","code":"ENOENT"},"v":1}'
        ),
        ["ERROR boom pid=657 hostname=h v=1", "Error: no such file code=ENOENT", "    at f (a.js:1:2)"],
        Priority.HIGH,
        "2018-07-09T21:18:02Z",
    ),
    "bunyan": (
        '{"name":"myapp","hostname":"h","pid":1,"level":60,"msg":"dead","time":"2012-02-03T18:20:20.847Z","v":0}',
        ["FATAL myapp: dead hostname=h pid=1 v=0"],
        Priority.CRITICAL,
        "2012-02-03T18:20:20.847Z",
    ),
    "zap": (
        (
            '{"level":"error","ts":1700000000.123,"logger":"api","caller":"a.go:9","msg":"failed","error":"EOF",'
            '"stacktrace":"main.main\\n\\t/a.go:9"}'
        ),
        ["ERROR api: failed caller=a.go:9", "error: EOF", "main.main", "\t/a.go:9"],
        Priority.HIGH,
        "2023-11-14T22:13:20Z",
    ),
    "zerolog": (
        '{"level":"warn","error":null,"time":1700000000,"message":"slow"}',
        ["WARN slow"],
        Priority.MEDIUM,
        "2023-11-14T22:13:20Z",
    ),
    "structlog": (
        (
            '{"event":"it broke","level":"error","timestamp":"2025-03-01T10:00:00Z","logger":"x.y",'
            '"exception":"Traceback (most recent call last):\\n  File \\"a.py\\", line 1, in f\\nValueError: 3"}'
        ),
        [
            "ERROR x.y: it broke",
            "Traceback (most recent call last):",
            '  File "a.py", line 1, in f',
            "ValueError: 3",
        ],
        Priority.HIGH,
        "2025-03-01T10:00:00Z",
    ),
    "logstash": (
        (
            '{"@timestamp":"2025-03-01T10:00:00Z","@version":"1","message":"m","logger_name":"a.B","thread_name":"main",'
            '"level":"DEBUG","level_value":10000}'
        ),
        ["DEBUG a.B: m @version=1 thread_name=main level_value=10000"],
        Priority.VERBOSE,
        "2025-03-01T10:00:00Z",
    ),
    "ECS": (
        (
            '{"@timestamp":"2025-03-01T10:00:00Z","log.level":"ERROR","message":"m","error.type":"E","error.message":"no",'
            '"error.stack_trace":"E: no\\n\\tat x"}'
        ),
        ["ERROR m", "E: no", "\tat x"],
        Priority.HIGH,
        "2025-03-01T10:00:00Z",
    ),
    "Serilog": (
        '{"@t":"2025-03-01T10:00:00Z","@mt":"Hello, {User}","@l":"Fatal","@x":"System.E: no\\n   at A.B()","User":"n"}',
        ["FATAL Hello, {User} User=n", "System.E: no", "   at A.B()"],
        Priority.CRITICAL,
        "2025-03-01T10:00:00Z",
    ),
    "tracing": (
        '{"timestamp":"2025-03-01T10:00:00Z","level":"INFO","fields":{"message":"up","port":80},"target":"app::net"}',
        ["INFO app::net: up port=80"],
        None,
        "2025-03-01T10:00:00Z",
    ),
    "OpenTelemetry": (
        '{"Timestamp":"2025-03-01T10:00:00Z","severityNumber":17,"severityText":"Error","body":{"stringValue":"no"}}',
        ["ERROR no"],
        Priority.HIGH,
        "2025-03-01T10:00:00Z",
    ),
    "Google Cloud": (
        '{"severity":"EMERGENCY","textPayload":"gone","timestamp":"2025-03-01T10:00:00Z","labels":{"a":"b"}}',
        ['EMERGENCY gone labels={"a":"b"}'],
        Priority.CRITICAL,
        "2025-03-01T10:00:00Z",
    ),
    "MongoDB": (
        '{"t":{"$date":"2025-03-01T10:00:00Z"},"s":"E","c":"NETWORK","id":1,"msg":"no","attr":{"error":"x"}}',
        ['E NETWORK: no id=1 attr={"error":"x"}'],
        Priority.HIGH,
        "2025-03-01T10:00:00Z",
    ),
    "what is no error": (
        '{"level":"critical","msg":"m","error":"","err":0,"exception":false,"stack":{},"cause":null,"ok":false,"n":0}',
        ["CRITICAL m ok=false n=0"],
        Priority.HIGH,
        "",
    ),
    "a list of causes": (
        '{"level":"error","msg":"m","error":[{"name":"A","message":"x","cause":{"message":"y"}},"z"]}',
        ["ERROR m", "A: x", "y", "error: z"],
        Priority.HIGH,
        "",
    ),
    "lines in any field": (
        '{"level":"info","msg":"m\\nn","output":"a\\n  b","k":"v"}',
        ["INFO m k=v", "n", "output:", "a", "  b"],
        None,
        "",
    ),
}


def _one(record: str) -> Whole:
    return unwrapped(lines([record]))


@pytest.mark.parametrize("form", _CASES)
def test_a_record_is_printed_as_its_level_message_fields_and_error(form: str) -> None:
    record, texts, level, stamp = _CASES[form]
    whole = _one(record)
    assert whole.lines == texts
    assert whole.levels.get(0) == level
    assert whole.stamps[0] == stamp
    assert set(whole.origins) == {0}
    assert whole.name == "json"


@pytest.mark.parametrize(
    ("level", "priority"),
    [
        ('"emerg"', Priority.CRITICAL),
        ('"Alert"', Priority.CRITICAL),
        ('"PANIC"', Priority.CRITICAL),
        ('"crit"', Priority.HIGH),
        ('"Error"', Priority.HIGH),
        ('"Warning"', Priority.MEDIUM),
        ('"notice"', None),
        ('"information"', None),
        ('"trace"', Priority.VERBOSE),
        ("10", Priority.VERBOSE),
        ("30", None),
        ("40", Priority.MEDIUM),
        ("55", Priority.HIGH),
    ],
)
def test_a_level_in_any_form_says_how_much_a_line_matters(level: str, priority: Priority | None) -> None:
    assert _one(f'{{"level":{level},"msg":"m"}}').levels == ({} if priority is None else {0: priority})


def test_a_level_that_is_unknown_is_printed() -> None:
    assert _one('{"level":"loud","time":"10:00","msg":"m"}').lines == ["m level=loud"]


_JOURNAL = {"__REALTIME_TIMESTAMP": "1700000000000000", "_SYSTEMD_UNIT": "a.service", "_PID": "7", "_HOSTNAME": "h"}


@pytest.mark.parametrize(
    ("fields", "texts", "level"),
    [
        ({"MESSAGE": "m", "PRIORITY": "3"}, ["m"], Priority.HIGH),
        ({"MESSAGE": "m", "PRIORITY": "0"}, ["m"], Priority.CRITICAL),
        ({"MESSAGE": "m", "PRIORITY": "4"}, ["m"], Priority.MEDIUM),
        ({"MESSAGE": "m", "PRIORITY": "6"}, ["m"], None),
        ({"MESSAGE": list(b"caf\xc3\xa9\nb"), "PRIORITY": "7"}, ["café", "b"], Priority.VERBOSE),
        ({"MESSAGE": ["a", "b"]}, ["a", "b"], None),
        ({"MESSAGE": "m", "EXIT_STATUS": "1", "CODE_FILE": "x.c"}, ["m EXIT_STATUS=1"], None),
    ],
)
def test_a_record_of_the_journal_is_its_message(
    fields: dict[str, Any], texts: list[str], level: Priority | None
) -> None:
    whole = _one(json.dumps(_JOURNAL | fields))
    assert whole.lines == texts
    assert whole.levels.get(0) == level
    assert whole.stamps[0] == "2023-11-14T22:13:20Z"
    assert whole.streams[0] == "a.service[7]"
    assert whole.components[0] == "a.service"
    assert whole.name == "journald"


def test_a_message_that_the_journal_left_out_leaves_the_line_as_it_is() -> None:
    record = json.dumps(_JOURNAL | {"MESSAGE": None})
    assert unwrapped(lines([record, json.dumps(_JOURNAL | {"MESSAGE": "m"})])).lines == [record, "m"]


_HOSTILE = {
    "depth": '{"level":"error","msg":"m","a":' + "[" * 100_000 + "]" * 100_000 + "}",
    "digits": '{"level":"error","msg":"m","n":' + "9" * 10_000 + "}",
    "no object": '{"level":"error","msg":"m"}}',
    "cut": '{"level":"error","msg":"m',
    "a list": '[{"level":"error","msg":"m"}]',
    "only a level": '{"level":"error"}',
    "only a message": '{"msg":"m"}',
    "an empty message": '{"level":"error","msg":""}',
}


@pytest.mark.parametrize("form", _HOSTILE)
def test_a_line_that_is_no_record_stays(form: str) -> None:
    whole = unwrapped(lines([_HOSTILE[form], '{"level":"info","msg":"other"}']))
    assert whole.lines == [_HOSTILE[form], "INFO other"]


def test_names_that_stand_twice_lose_nothing() -> None:
    assert _one('{"level":"error","msg":"a","msg":"b","x":1,"x":2}').lines == ["ERROR a msg=b x=1 x=2"]


def test_numbers_keep_the_digits_they_were_written_with() -> None:
    assert _one('{"level":"info","msg":"m","a":1e999,"b":1.50,"c":NaN}').lines == ["INFO m a=1e999 b=1.50 c=NaN"]


@pytest.mark.parametrize(
    ("written", "read"), [("\\ud800", "\ufffd"), ("\\ud83d\\ude00", "😀"), ("\\udc00x", "\ufffdx"), ("\\u0000", "\0")]
)
def test_halves_of_characters_make_valid_text(written: str, read: str) -> None:
    whole = _one(f'{{"level":"error","msg":"<{written}>","{written}":"k"}}')
    assert whole.text.decode() == f"ERROR <{read}> {read}=k\n"


def test_controls_that_were_escaped_are_cleaned_and_lines_stay_lines() -> None:
    record = '{"level":"error","msg":"\\u001b[31mred\\u001b[0m\\nmore"}'
    whole = unwrapped(lines([record]), clean=lambda text: text.replace(b"\x1b[31m", b"").replace(b"\x1b[0m", b""))
    assert whole.lines == ["ERROR red", "more"]
    text = unwrapped(lines([docker("a\\x\n"), docker("b\n")]), clean=lambda text: text.replace(b"x", b"\n\n"))
    assert len(text.lines) == 2


def test_a_level_that_does_not_matter_holds_for_all_lines_of_its_record() -> None:
    whole = unwrapped(
        lines(['{"level":"debug","msg":"m","stack":"Error: x\\n at y"}', '{"level":"error","msg":"a\\nb"}'])
    )
    assert whole.levels == {0: Priority.VERBOSE, 1: Priority.VERBOSE, 2: Priority.VERBOSE, 3: Priority.HIGH}


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
_KEYS = st.sampled_from(["level", "msg", "message", "error", "err", "stack", "time", "s", "fields", "log", "a", "name"])


@some(20)
@given(st.lists(st.dictionaries(_KEYS | st.text(), _VALUES, max_size=8), max_size=12))
def test_any_objects_make_text_and_the_same_for_any_read(objects: list[dict[str, Any]]) -> None:
    text = lines(json.dumps(each) for each in objects)
    whole = unwrapped(text)
    assert whole.text.decode().count("\n") == len(whole.origins)
    assert unwrapped(text, 1) == whole


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.sampled_from(["msg", "k", "error", "stack"]))
def test_every_text_of_a_record_is_printed(value: str, key: str) -> None:
    record = {"level": "error", "msg": "message", key: f"<{value}>"}
    printed = unwrapped(lines([json.dumps(record)])).text.decode()
    assert all(part in printed for part in f"<{value}>".split("\n"))


@given(st.lists(st.tuples(st.text(st.sampled_from("ab\n"), max_size=5), st.sampled_from(["stdout", "stderr"]))))
def test_what_a_container_printed_comes_back_whole(parts: list[tuple[str, str]]) -> None:
    whole = unwrapped(lines(docker(*part) for part in parts), 3)
    for stream in ("stdout", "stderr"):
        printed = "".join(log for log, name in parts if name == stream)
        found = [line for line, name in zip(whole.lines, whole.streams, strict=True) if name == stream]
        assert found == printed.removesuffix("\n").split("\n") if printed else not found


def test_streams_without_an_end_are_bounded() -> None:
    text = lines(f"web-{at} | " + docker(f"part {at}") for at in range(200))
    whole = unwrapped(text)
    assert sorted(whole.lines) == sorted(f"part {at}" for at in range(200))
    assert whole.origins == sorted(whole.origins)
    assert whole.origins[0] < 100


def test_a_joined_line_is_bounded() -> None:
    text = lines(docker("x" * 1_000_000) for _ in range(20))
    assert [len(line) for line in unwrapped(text).lines] == [9_000_000, 9_000_000, 2_000_000]
