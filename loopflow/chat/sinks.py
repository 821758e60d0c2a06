"""Where events of limits can go: the ledger's database, OpenTelemetry, Logfire; and what the config says of it."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from loopflow.chat.settings import ChatSettings
from loopflow.chat.telemetry import SCOPE, Record, Sink, Telemetry
from loopflow.config.sections import read_section
from loopflow.errors import UsageError
from loopflow.model import ConfigRequest
from loopflow.usage.place import Place, read_usage_settings
from loopflow.usecases.find_config import find_config_here

if TYPE_CHECKING:
    from loopflow.usage.events import EventStore


def open_telemetry(
    config: str | None = None, *, database: str | None = None, environ: Mapping[str, str] | None = None, here: str = ""
) -> Telemetry:
    """Return where events go as the config has it: always to the ledger, and to the sinks that `[chat]` names.

    Nothing is opened yet. Raises ConfigError, and UsageError where a sink is named that is not installed.
    """
    environ, here = os.environ if environ is None else environ, here or os.getcwd()
    place = Place(environ, here, config, database)
    found = find_config_here(here, ConfigRequest({}, environ, place.named_config))
    settings: ChatSettings = read_section(found.sections, "chat")
    usage = read_usage_settings(place)

    def open_store() -> "EventStore":
        from loopflow.usage.events import EventStore  # noqa: PLC0415  needs the extra `usage`
        from loopflow.usage.opening import open_place  # noqa: PLC0415  as above

        return EventStore(open_place(place, usage).ledger.database)

    return Telemetry(to_ledger(open_store), *_make_sinks(settings))


def _make_sinks(settings: ChatSettings) -> Iterator[Sink]:
    """Yield the sinks that are named; else OpenTelemetry, if it is installed: it does nothing until it is set up."""
    if settings.sinks is not None:
        yield from (_MAKE[name]() for name in settings.sinks)
        return
    with suppress(UsageError):
        yield to_otel()


def to_ledger(open_store: "Callable[[], EventStore]") -> Sink:
    """Return a sink that keeps events in the ledger's database, which is opened with the first of them."""
    made: list[EventStore] = []

    def send(records: Sequence[Record]) -> None:
        from loopflow.usage.events import Event as Kept  # noqa: PLC0415  needs the extra `usage`

        if not made:
            made.append(open_store())
        made[0].record_all([Kept(at, event.name, event.level, event.attributes) for event, at, _ in records])

    return send


def to_otel(provider: Any = None) -> Sink:  # noqa: ANN401  a LoggerProvider: the library need not be there
    """Return a sink for OpenTelemetry: log records, to a provider or to the one that is set when an event comes.

    Raises UsageError where the library is missing.
    """
    try:
        from opentelemetry import _logs  # noqa: PLC0415  an extra
    except ImportError as error:
        raise _missing("otel", "chat") from error
    levels = {
        "debug": _logs.SeverityNumber.DEBUG,
        "info": _logs.SeverityNumber.INFO,
        "warn": _logs.SeverityNumber.WARN,
        "error": _logs.SeverityNumber.ERROR,
    }

    def send(records: Sequence[Record]) -> None:
        logger = _logs.get_logger(SCOPE, logger_provider=provider)
        for event, at, context in records:
            context.run(
                logger.emit,
                timestamp=round(at.timestamp() * 1_000_000) * 1_000,
                severity_text=event.level,
                severity_number=levels[event.level],
                attributes=dict(event.attributes),
                event_name=event.name,
            )

    return send


def to_logfire(instance: Any = None) -> Sink:  # noqa: ANN401  a Logfire: the library need not be there
    """Return a sink for Logfire: an instance, or the one that `logfire.configure()` made.

    Raises UsageError where the library is missing.
    """
    try:
        import logfire  # noqa: PLC0415  an extra
    except ImportError as error:
        raise _missing("logfire", "logfire") from error
    log = (instance or logfire).log

    def send(records: Sequence[Record]) -> None:
        for event, _, context in records:
            context.run(log, event.level, event.name, dict(event.attributes))

    return send


def _missing(sink: str, extra: str) -> UsageError:
    hint = f"pip install 'loopflow-code-context[{extra}]'"
    return UsageError(f"the sink {sink} needs more than what is installed", hint)


_MAKE: Mapping[str, Callable[[], Sink]] = {"otel": to_otel, "logfire": to_logfire}
