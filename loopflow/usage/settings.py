"""The table `[usage]` of the config file: budgets, where alerts go, and where the ledger is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any, Final, TypeVar, cast

from loopflow.config.toml import Table
from loopflow.config.values import read_percent_option, read_size, read_text
from loopflow.errors import UsageError
from loopflow.usage.addresses import MailServer, read_cooldown, read_mail_address, read_mail_server, read_webhook
from loopflow.usage.model import EVERY, STANDARD, Budget, PeriodKind, require_name, require_thresholds
from loopflow.usage.periods import find_zone

_KEYS: Final = ("database", "timezone", "track", "component", "environment")
_BUDGET: Final = ("name", "tokens", "period", "component", "environment", "warning", "critical", "timezone")
_ALERTS: Final = ("email", "smtp", "sender", "webhook", "cooldown")
STANDARD_COOLDOWN: Final = timedelta(hours=1)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Where alerts go, and how long each is not repeated: None for the rest of its period."""

    email: tuple[str, ...] = ()
    smtp: MailServer | None = None
    sender: str = ""
    webhook: tuple[str, ...] = ()
    cooldown: timedelta | None = STANDARD_COOLDOWN


@dataclass(frozen=True, slots=True)
class UsageSettings:
    """What holds for `loopflow usage` where the command line says nothing else.

    `database_place` says where `database` is written: in a config that was found, and not named, it may not be.
    """

    database: str = ""
    database_place: str = ""
    timezone: str = "UTC"
    track: bool = False
    """Whether `loopflow logs` enters what it prints."""
    component: str = STANDARD
    environment: str = STANDARD
    budgets: tuple[Budget, ...] = ()
    alerts: AlertSettings = AlertSettings()


def read_settings(table: Table) -> UsageSettings:
    """Return what the table says. Raises ConfigError."""
    table.require_known((*_KEYS, "budget", "alerts"))
    zone = _read(table, "timezone", _read_zone, "UTC")
    alerts = table.table("alerts")
    return UsageSettings(
        database=_read(table, "database", lambda text, _: text, ""),
        database_place=table.where("database") if "database" in table.values else "",
        timezone=zone,
        track=_read_flag(table, "track"),
        component=_read(table, "component", require_name, STANDARD),
        environment=_read(table, "environment", require_name, STANDARD),
        budgets=_read_budgets(table.tables("budget"), zone),
        alerts=_read_alerts(alerts) if alerts else AlertSettings(),
    )


def _read_budgets(tables: Iterable[Table], zone: str) -> tuple[Budget, ...]:
    budgets: dict[str, Budget] = {}
    for table in tables:
        budget = _read_budget(table, zone)
        if budget.name in budgets:
            raise table.error("name", "another budget has this name", "give each a name of its own")
        budgets[budget.name] = budget
    return tuple(budgets.values())


def _read_budget(table: Table, zone: str) -> Budget:
    table.require_known(_BUDGET)
    for key in ("name", "tokens"):
        if key not in table.values:
            raise table.error("", f"it has no {key}", 'write for example name = "daily" and tokens = "2M"')
    tokens = read_size(table, "tokens")
    if not tokens:
        raise table.error("tokens", "a budget of 0 tokens has no shares", 'write for example tokens = "2M"')
    standard = Budget("", 1)
    budget = Budget(
        name=_read(table, "name", require_name, ""),
        tokens=tokens,
        period=_read_period(table),
        component=_read(table, "component", require_name, EVERY),
        environment=_read(table, "environment", require_name, EVERY),
        warning=_read_percent(table, "warning", standard.warning),
        critical=_read_percent(table, "critical", standard.critical),
        timezone=_read(table, "timezone", _read_zone, zone),
        place=table.where("name"),
    )
    _guard(table, "warning", lambda: require_thresholds(budget.warning, budget.critical, budget.name))
    return budget


def _read_period(table: Table) -> PeriodKind:
    value = table.values.get("period", PeriodKind.DAY.value)
    if value not in list(PeriodKind):
        raise table.error("period", f"it is one of {', '.join(PeriodKind)}", 'write for example period = "day"')
    return PeriodKind(value)


def _read_percent(table: Table, key: str, standard: Fraction) -> Fraction:
    value = table.values.get(key)
    if value is None:
        return standard
    return _guard(table, key, lambda: read_percent_option("" if isinstance(value, bool) else f"{value}", key))


def _read_alerts(table: Table) -> AlertSettings:
    table.require_known(_ALERTS)
    return AlertSettings(
        email=_read_list(table, "email", read_mail_address),
        smtp=_read(table, "smtp", read_mail_server, None),
        sender=_read(table, "sender", read_mail_address, ""),
        webhook=_read_list(table, "webhook", read_webhook),
        cooldown=_read(table, "cooldown", read_cooldown, cast("timedelta | None", STANDARD_COOLDOWN)),
    )


def _read_list(table: Table, key: str, read: Callable[[str, str], str]) -> tuple[str, ...]:
    """Return what a list of texts, or one text, stands for."""
    value: Any = table.values.get(key, [])
    texts = [value] if isinstance(value, str) else value
    if not (isinstance(texts, list) and all(isinstance(each, str) for each in texts)):
        raise table.error(key, "it is a list of texts", f'write {key} = ["..."]')
    return tuple(dict.fromkeys(_guard(table, key, lambda each=each: read(each, key)) for each in texts))  # type: ignore[misc]


def _read(table: Table, key: str, read: Callable[[str, str], _T], standard: _T) -> _T:
    if key not in table.values:
        return standard
    text = read_text(table, key)
    return _guard(table, key, lambda: read(text, key))


def _guard(table: Table, key: str, read: Callable[[], _T]) -> _T:
    """Return what `read` returns; what it finds wrong is said with its place in the file."""
    try:
        return read()
    except UsageError as error:
        raise table.error(key, error.message.removeprefix(f"{key}: "), error.hint) from error


def _read_zone(text: str, what: str) -> str:
    find_zone(text, what)
    return text


def _read_flag(table: Table, key: str) -> bool:
    value = table.values.get(key, False)
    if not isinstance(value, bool):
        raise table.error(key, "it is true or false", f"write {key} = true")
    return value
