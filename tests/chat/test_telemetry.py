"""Events on their way: they arrive, say no word of a conversation, and cost it nothing whatever a sink does."""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import logfire
import pytest
from hypothesis import given
from hypothesis import strategies as st
from logfire.testing import TestExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import (
    BatchLogRecordProcessor,
    InMemoryLogRecordExporter,
    LogRecordExporter,
    LogRecordExportResult,
    SimpleLogRecordProcessor,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from loopflow.chat.event_kinds import COMMON, KINDS, clean
from loopflow.chat.events import Event
from loopflow.chat.sinks import open_telemetry, to_ledger, to_logfire, to_otel
from loopflow.chat.telemetry import SCOPE, Record, Telemetry
from loopflow.errors import ConfigError, UsageError
from loopflow.usage.database import Database
from loopflow.usage.events import EventStore
from tests.support.run import Result, run_process
from tests.usage.conftest import address, postgres  # noqa: F401  fixtures

_WAIT = 10.0
"""Seconds after which a test that hangs fails."""
WHO = {"gen_ai.provider.name": "cerebras", "gen_ai.request.model": "glm-4.7", "session": "s-1"}
EVENTS = [
    Event(
        "capacity_warning", "warn", {**WHO, "limit_type": "day", "used": 20_000_000, "limit": 24_000_000, "pct": 83.3}
    ),
    Event("rate_limit", "warn", {**WHO, "consecutive_429s": 2, "cooldown_s": 120.0, "retry_after": None}),
    Event("failover", "warn", {**WHO, "from_model": "glm-4.7", "to_model": "other", "reason": "cooldown"}),
    Event("workload_routing", "info", {**WHO, "workload": "CODING", "task": "CODE_GENERATION", "ok": True}),
    Event("compaction", "info", {**WHO, "strategy": "auto", "tokens_before": 40_000, "fits": True, "summary": "none"}),
    Event("max_tokens", "info", {**WHO, "task": "TOOL_CALL", "cap": 1_024, "raised_to": 2_048}),
]
"""One of each kind."""


@pytest.fixture
def sent() -> Iterator[Callable[..., Telemetry]]:
    """Return what makes telemetry that ends with the test."""
    made: list[Telemetry] = []

    def make(*sinks: Callable[[Sequence[Record]], None]) -> Telemetry:
        made.append(Telemetry(*sinks))
        return made[-1]

    yield make
    for each in made:
        each.close()


def remember() -> InMemoryLogRecordExporter:
    return InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]


def emit_all(telemetry: Telemetry) -> None:
    for event in EVENTS:
        telemetry(event)
    assert telemetry.flush(_WAIT)
    assert telemetry.lost == 0


def test_opentelemetry_gets_log_records_with_the_event_s_name(sent: Callable[..., Telemetry]) -> None:
    """Name, level, attributes and the moment are those of the event; nothing stands in the body."""
    exporter, provider = remember(), LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    before = datetime.now(UTC)
    emit_all(sent(to_otel(provider)))
    records = [each.log_record for each in exporter.get_finished_logs()]
    assert [each.event_name for each in records] == [event.name for event in EVENTS]
    assert [each.severity_text for each in records] == [event.level for event in EVENTS]
    assert {each.body for each in records} == {None}
    for record, event in zip(records, EVENTS, strict=True):
        assert dict(record.attributes or {}) == {
            name: value for name, value in event.attributes.items() if value is not None
        }
        at = datetime.fromtimestamp((record.timestamp or 0) / 1e9, UTC)
        assert before - timedelta(seconds=1) < at <= datetime.now(UTC)
    provider.shutdown()


def test_a_record_is_of_the_trace_in_which_it_happened(sent: Callable[..., Telemetry]) -> None:
    """Though another thread sends it."""
    exporter, provider = remember(), LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    telemetry = sent(to_otel(provider))
    with TracerProvider(shutdown_on_exit=False).get_tracer("test").start_as_current_span("a turn") as span:
        telemetry(EVENTS[0])
    assert telemetry.flush(_WAIT)
    [record] = exporter.get_finished_logs()
    assert record.log_record.trace_id == span.get_span_context().trace_id
    provider.shutdown()


def test_without_a_provider_nothing_happens(sent: Callable[..., Telemetry]) -> None:
    """Whoever set up no OpenTelemetry pays nothing and sees nothing."""
    emit_all(sent(to_otel()))


def test_logfire_gets_logs_and_sends_nothing_unless_told(sent: Callable[..., Telemetry]) -> None:
    """With `send_to_logfire=False`; the message is the event's name, which is what the health queries ask for."""
    exporter = TestExporter()
    here = logfire.configure(
        local=True,
        send_to_logfire=False,
        console=False,
        metrics=False,
        scrubbing=False,
        additional_span_processors=[SimpleSpanProcessor(exporter)],
    )
    emit_all(sent(to_logfire(here)))
    spans = exporter.exported_spans_as_dict()
    assert [each["attributes"]["logfire.msg"] for each in spans] == [event.name for event in EVENTS]
    levels = {"warn": 13, "info": 9}
    assert [each["attributes"]["logfire.level_num"] for each in spans] == [levels[event.level] for event in EVENTS]
    for each, event in zip(spans, EVENTS, strict=True):
        given = {name: value for name, value in event.attributes.items() if value is not None}
        assert {name: value for name, value in each["attributes"].items() if name in given} == given
    here.shutdown()


def test_the_ledger_keeps_events(sent: Callable[..., Telemetry], address: str) -> None:  # noqa: F811  a fixture
    """Beside its entries, with the names of columns that Logfire has."""
    store = EventStore(Database(address))
    emit_all(sent(to_ledger(lambda: store)))
    kept = store.find(datetime.now(UTC) - timedelta(hours=1))
    assert sorted(each.message for each in kept) == sorted(KINDS)
    [warned] = [each for each in kept if each.message == "capacity_warning"]
    assert (warned.level, dict(warned.attributes)) == ("warn", dict(EVENTS[0].attributes))


class Hanging(LogRecordExporter):
    """An exporter that hangs until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def export(self, _batch: Sequence[Any]) -> LogRecordExportResult:
        self.go.wait(_WAIT)
        return LogRecordExportResult.FAILURE

    def shutdown(self) -> None:
        """Let it go."""
        self.go.set()

    def force_flush(self, timeout_millis: int = 0) -> bool:  # noqa: ARG002  as it is called
        """Say that nothing came of it."""
        return False


def test_an_exporter_that_hangs_keeps_neither_a_conversation_nor_another_sink_waiting(
    sent: Callable[..., Telemetry],
) -> None:
    """2,000 events are handed on while it hangs; its queue is bounded, and the other sink has all of them."""
    exporter, provider = Hanging(), LoggerProvider(shutdown_on_exit=False)
    others: list[Record] = []
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    telemetry = sent(to_otel(provider), others.extend)
    for _ in range(20):
        for _ in range(100):
            telemetry(EVENTS[0])
        while len(others) % 100:
            assert not exporter.go.wait(0.001)
    assert not telemetry.flush(0.01)
    assert not exporter.go.is_set()
    assert 2_000 - 1_200 <= telemetry.lost < 2_000
    exporter.go.set()
    provider.shutdown()


def test_a_batch_processor_that_is_full_and_refused_is_no_trouble(sent: Callable[..., Telemetry]) -> None:
    """The usual processor of a program, before an exporter that answers with failure."""
    exporter, provider = Hanging(), LoggerProvider(shutdown_on_exit=False)
    exporter.go.set()
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter, max_queue_size=2, max_export_batch_size=2))
    emit_all(sent(to_otel(provider)))
    provider.shutdown()


@pytest.mark.parametrize("error", [OSError("refused"), ValueError("Jane Doe"), RuntimeError("Fix the login bug")])
def test_a_sink_that_refuses_is_told_of_once(
    error: Exception, sent: Callable[..., Telemetry], caplog: pytest.LogCaptureFixture
) -> None:
    """What is lost is counted; the log says which error it was, and not what it said."""

    def refuse(_: Sequence[Record]) -> None:
        raise error

    telemetry = sent(refuse)
    with caplog.at_level(logging.WARNING):
        for event in EVENTS:
            telemetry(event)
            assert telemetry.flush(_WAIT)
    assert telemetry.lost == len(EVENTS)
    [record] = caplog.records
    assert type(error).__name__ in record.getMessage()
    assert str(error) not in record.getMessage()


@pytest.mark.parametrize("error", [asyncio.CancelledError(), SystemExit(1)])
def test_a_sink_that_gives_up_is_asked_again(error: BaseException, sent: Callable[..., Telemetry]) -> None:
    """Its thread does not end with what an exporter raises, though that is no Exception."""
    taken: list[Record] = []

    def give_up_once(records: Sequence[Record]) -> None:
        if not telemetry.lost:
            raise error
        taken.extend(records)

    telemetry = sent(give_up_once)
    for event in EVENTS[:2]:
        telemetry(event)
        assert telemetry.flush(_WAIT)
    assert (telemetry.lost, [each.event for each in taken]) == (1, [clean(EVENTS[1])])


def test_a_log_that_refuses_what_is_said_hurts_nobody(sent: Callable[..., Telemetry]) -> None:
    """Neither who emits by mistake what cannot be handed on, nor a sink's thread."""

    class Refuse(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise OSError(record.getMessage())

    def refuse(_: Sequence[Record]) -> None:
        raise ValueError

    telemetry, handler = sent(refuse), Refuse()
    logging.getLogger(SCOPE).addHandler(handler)
    try:
        telemetry(Event(None, "warn", {}))  # type: ignore[arg-type]
        for event in EVENTS[:2]:
            telemetry(event)
            assert telemetry.flush(_WAIT)
    finally:
        logging.getLogger(SCOPE).removeHandler(handler)
    assert telemetry.lost == 2


def test_a_ledger_that_cannot_be_used_is_no_trouble(sent: Callable[..., Telemetry], tmp_path: Path) -> None:
    """A directory in its place, for example."""
    telemetry = sent(to_ledger(lambda: EventStore(Database(str(tmp_path)))))
    telemetry(EVENTS[0])
    assert telemetry.flush(_WAIT)
    assert telemetry.lost == 1


def test_a_process_that_forked_has_threads_of_its_own(sent: Callable[..., Telemetry], tmp_path: Path) -> None:
    """As servers do that load a program and then fork."""
    file = tmp_path / "seen"
    telemetry = sent(lambda records: file.write_text(f"{os.getpid()} {len(records)}"))
    telemetry(EVENTS[0])
    assert telemetry.flush(_WAIT)
    child = os.fork()
    if not child:  # pragma: no cover  another process
        telemetry(EVENTS[0])
        os._exit(0 if telemetry.flush(_WAIT) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert file.read_text() == f"{child} 1"


def test_a_process_ends_though_a_sink_hangs(tmp_path: Path) -> None:
    """It waits a second at most, and says nothing."""
    script = """
import threading
from loopflow.chat import Telemetry
from loopflow.chat.events import Event
Telemetry(lambda _: threading.Event().wait())(Event("rate_limit", "warn", {}))
"""
    program = (sys.executable, "-c", script)
    assert run_process(cwd=tmp_path, program=program) == Result(0, "", "")


WORDS = "Please fix the login bug\nof Jane Doe"
_values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just(WORDS))
_names = st.one_of(st.sampled_from(sorted({*COMMON, *(name for kind in KINDS.values() for name in kind)})), st.text())


@given(st.one_of(st.sampled_from(sorted(KINDS)), st.text()), st.text(), st.dictionaries(_names, _values, max_size=6))
def test_no_text_leaves_but_names(name: str, level: str, attributes: dict[str, Any]) -> None:
    """Unknown attributes are numbers, words are single words, and everything is what each sink takes."""
    cleaned = clean(Event(name, level, attributes))
    if cleaned is None:
        assert name not in KINDS
        return
    for key, value in cleaned.attributes.items():
        assert isinstance(value, str | int | float | bool)
        if isinstance(value, str):
            assert key in {*COMMON, "from_model", "to_model", "expected_model", "model"} or " " not in value
            assert "\n" not in value
            assert len(value) <= 200


@pytest.mark.parametrize("name", ["reason", "message", "text", "content", "prompt", "task", "workload", "strategy"])
def test_a_sentence_never_leaves(name: str) -> None:
    """Whatever an attribute is called that somebody put a sentence into."""
    cleaned = clean(Event("failover", "warn", {name: WORDS, "used": 1}))
    assert cleaned is not None
    assert cleaned.attributes["used"] == 1
    assert "login" not in f"{cleaned}"
    as_key = clean(Event("failover", "warn", {WORDS.partition("\n")[0]: 1, f"{name} of a login": 2}))
    assert as_key is not None
    assert not as_key.attributes


def test_the_config_names_sinks(tmp_path: Path) -> None:
    """The ledger is always one; where nothing is named, OpenTelemetry is the other."""
    env = {"LOOPFLOW_DATA_DIR": str(tmp_path / "data")}
    config = tmp_path / "loopflow.toml"
    for text, number in (("", 2), ("[chat]\nsinks = []\n", 1), ('[chat]\nsinks = ["otel", "logfire"]\n', 3)):
        config.write_text(text)
        telemetry = open_telemetry(str(config), environ=env, here=str(tmp_path))
        assert len(telemetry._lines) == number  # noqa: SLF001  what it is made of is not to be seen otherwise
        telemetry.close()
    config.write_text('[chat]\nsinks = ["carrier pigeon"]\n')
    with pytest.raises(ConfigError, match="each is one of otel, logfire"):
        open_telemetry(str(config), environ=env, here=str(tmp_path))


def test_a_sink_that_is_named_and_not_installed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what installs it."""
    monkeypatch.setitem(sys.modules, "logfire", None)
    config = tmp_path / "loopflow.toml"
    config.write_text('[chat]\nsinks = ["logfire"]\n')
    with pytest.raises(UsageError, match="the sink logfire needs more") as caught:
        open_telemetry(str(config), environ={}, here=str(tmp_path))
    assert "[logfire]" in f"{caught.value.hint}"
