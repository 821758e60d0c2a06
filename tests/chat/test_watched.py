"""What a conversation tells while limits hold: from `prepare` to the ledger and OpenTelemetry, and to health."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

from loopflow.chat import Compactor, Cooldowns, CoolingDown, Limits, Routes, Surroundings, Telemetry
from loopflow.chat.event_kinds import COMMON, KINDS, LEVELS
from loopflow.chat.events import Event
from loopflow.chat.health import check_health
from loopflow.chat.sinks import to_ledger, to_otel
from loopflow.usage.database import Database
from loopflow.usage.events import EventStore
from loopflow.usage.periods import EPOCH

SECRET = "implement a parser for the Zanzibar ledger"  # noqa: S105  words of a conversation
ROUTES = Routes({"CODING": "large"}, failover={"large": "other"})


class Run:
    """A program with limits whose events go to a ledger and to OpenTelemetry."""

    def __init__(self, directory: Path, limits: Limits, routes: Routes = ROUTES) -> None:
        self.store = EventStore(Database(str(directory / "usage.sqlite3")))
        self.exporter = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
        self.provider = LoggerProvider(shutdown_on_exit=False)
        self.provider.add_log_record_processor(SimpleLogRecordProcessor(self.exporter))
        self.told: list[Event] = []
        self.telemetry = Telemetry(to_ledger(lambda: self.store), to_otel(self.provider))
        self.now = 0.0
        cooldowns = Cooldowns(lambda: self.now)
        around = Surroundings(emit=self._emit, routes=routes, cooldowns=cooldowns, session="s-1")
        self.compactor = Compactor(limits, around=around)

    def _emit(self, event: Event) -> None:
        self.told.append(event)
        self.telemetry(event)

    def judge(self) -> list[str]:
        """Return the rules that the run breaks."""
        assert self.telemetry.flush(10)
        assert self.telemetry.lost == 0
        return [each.rule for each in check_health(self.store, EPOCH, "sqlite").findings if not each.is_well]


Make = Callable[..., Run]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Return what makes runs that end with the test."""
    made: list[Run] = []

    def make_run(limits: Limits, routes: Routes = ROUTES) -> Run:
        made.append(Run(tmp_path, limits, routes))
        return made[-1]

    yield make_run
    for each in made:
        each.telemetry.close()
        each.provider.shutdown()


def talk(length: int = 40) -> list[dict[str, str]]:
    """Return a conversation whose words are known."""
    said = [{"role": "user", "content": SECRET}]
    for at in range(length):
        said += [
            {"role": "assistant", "content": f"Zanzibar {at}: " + "the ledger of the parser " * 60},
            {"role": "user", "content": f"go on with Zanzibar, step {at}, and write the function for the ledger"},
        ]
    return said


LIMITS = Limits("large", 20_000, 0.5, 0.9, per_day=50_000)


def tell_all(run: Run) -> None:
    """Let everything happen that there is an event for: compacted, capped, near a limit, refused, failed over."""
    prepared = run.compactor.prepare(talk(), model="large", max_tokens=4_000)
    run.compactor.flight.answered("large", 45_000)
    run.compactor.flight.cut_short(prepared.task, prepared.max_tokens, "large")
    run.compactor.flight.refused("large", "30")
    run.compactor.prepare(talk(), model="large")


def test_every_kind_of_event_is_told_with_the_attributes_that_are_documented(make: Make) -> None:
    """Those of the table that says what may leave: none is lost on the way, and none is unknown."""
    run = make(LIMITS)
    tell_all(run)
    assert {event.name for event in run.told} == set(KINDS)
    for event in run.told:
        assert set(event.attributes) == COMMON | KINDS[event.name]
        assert event.level in LEVELS
    assert run.judge() == []
    sent = [each.log_record for each in run.exporter.get_finished_logs()]
    assert [each.event_name for each in sent] == [event.name for event in run.told]
    for record, event in zip(sent, run.told, strict=True):
        assert dict(record.attributes or {}) == {
            name: value for name, value in event.attributes.items() if value is not None
        }


def test_no_word_of_a_conversation_is_in_an_event(make: Make, tmp_path: Path) -> None:
    """Neither in what is told, nor in what is kept or sent."""
    run = make(LIMITS)
    tell_all(run)
    assert run.judge() == []
    sent = f"{run.told} {[each.to_json() for each in run.exporter.get_finished_logs()]}"
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for word in ("Zanzibar", "implement", "parser"):
        assert word not in sent
        assert word.encode() not in kept


def test_a_refusal_without_a_warning_breaks_a_rule(make: Make) -> None:
    """As the limit of the day is far away."""
    run = make(LIMITS._replace(per_day=0))
    run.compactor.prepare(talk(1), model="large")
    run.compactor.flight.refused("large", "30")
    assert run.judge() == ["warning"]


def test_six_refusals_in_a_row_break_a_rule(make: Make) -> None:
    """And a model that nothing stands in for is left alone meanwhile."""
    run = make(LIMITS, Routes())
    run.compactor.flight.answered("large", 45_000)
    for _ in range(6):
        run.now += 30
        run.compactor.flight.refused("large", "30")
    with pytest.raises(CoolingDown):
        run.compactor.prepare(talk(1), model="large")
    assert run.judge() == ["in_a_row"]


def test_code_that_goes_to_another_model_than_its_route_breaks_a_rule(make: Make) -> None:
    """As the program asked for the other one."""
    run = make(LIMITS)
    run.compactor.prepare(talk(1), model="small")
    assert run.judge() == ["routing"]


def test_a_model_that_stands_in_for_another_is_no_broken_route(make: Make) -> None:
    """It was warned of, refused, and failed over."""
    run = make(LIMITS)
    run.compactor.flight.answered("large", 45_000)
    run.compactor.flight.refused("large", "30")
    assert run.compactor.prepare(talk(1), model="large").model == "other"
    assert run.judge() == []
