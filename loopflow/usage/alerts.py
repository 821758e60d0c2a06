"""Which alerts are due, who tells each, and what became of it: one row for each time it is told to a channel.

Whoever adds a row, or takes one over, in a transaction of its own, tells it; so of any number of processes one does.
What failed is told again at the next evaluation, and if that fails too, after pauses that grow: a server that stalls
must not stop whoever adds tokens each time. A process that was killed between taking and recording leaves a row that
another takes over later; only then can an alert come twice, with the same id.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select, update

from loopflow.usage.channels import Alert, Channel, ChannelError
from loopflow.usage.database import Database
from loopflow.usage.ledger import insert_into
from loopflow.usage.model import Level, Use
from loopflow.usage.schema import alerts

CLAIMED: Final = "claimed"
SENT: Final = "sent"
FAILED: Final = "failed"
ABANDONED: Final = timedelta(minutes=5)
"""Since when what is claimed and not recorded belongs to nobody: more than telling can take."""
_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=1)


class Told(NamedTuple):
    """A row of the record."""

    budget: str
    period_start: datetime
    level: str
    channel: str
    number: int
    state: str
    at: datetime
    attempts: int
    error: str


_COLUMNS: Final = [alerts.c[name] for name in Told._fields]


class Turn(NamedTuple):
    """What is to be done now: tell it for the `number`th time, taking over `row` where that was tried before."""

    number: int
    row: Told | None = None


def alert(
    database: Database, uses: Sequence[Use], channels: Sequence[Channel], now: datetime, cooldown: timedelta | None
) -> list[Told]:
    """Tell every channel what is due, and return what became of it. Raises LedgerError."""
    told = []
    for use in uses:
        if use.level is Level.OK:
            continue
        for channel in channels:
            claimed = _claim(database, use, channel.name, now, cooldown)
            if claimed is not None:
                told.append(_tell(database, use, channel, claimed))
    return told


def read_alerts(database: Database, most: int) -> list[Told]:
    """Return the newest rows of the record, the newest first. Raises LedgerError."""
    with database.reading() as connection:
        if connection is None:
            return []
        query = select(*_COLUMNS).order_by(alerts.c.at.desc(), alerts.c.id.desc()).limit(most)
        return [Told(*row) for row in connection.execute(query)]


def find_turn(rows: Sequence[Told], level: Level, now: datetime, cooldown: timedelta | None) -> Turn | None:
    """Return what is due at a level, by what was told in this period to this channel; None for nothing.

    Times are compared in both directions: a clock that was ahead for a while does not silence an alert for as long.
    """
    if level is Level.WARNING and any(row.level == Level.CRITICAL.word and row.state == SENT for row in rows):
        return None
    last = max((row for row in rows if row.level == level.word), key=lambda row: row.number, default=None)
    if last is None:
        return Turn(1)
    since = abs(now - last.at)
    if last.state == SENT:
        return Turn(last.number + 1) if cooldown is not None and since >= cooldown else None
    wait = ABANDONED if last.state == CLAIMED else _pause(last.attempts)
    return Turn(last.number, last) if since >= wait else None


def _pause(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: not at all after the first."""
    return min(_PAUSE * 2 ** min(attempts - 2, 10), _LONGEST_PAUSE) if attempts > 1 else timedelta()


def _claim(database: Database, use: Use, channel: str, now: datetime, cooldown: timedelta | None) -> Told | None:
    """Make a row that is due ours; None where none is, or where another process was faster."""
    with database.reading() as connection:  # most evaluations end here, and nobody waits for them
        if connection is not None and find_turn(_read(connection, use, channel), use.level, now, cooldown) is None:
            return None
    with database.writing() as connection:
        turn = find_turn(_read(connection, use, channel), use.level, now, cooldown)
        if turn is None:
            return None
        attempts = turn.row.attempts + 1 if turn.row else 1
        key = (use.budget.name, use.period.start, use.level.word, channel, turn.number)
        claimed = Told(*key, CLAIMED, now, attempts, "")
        return claimed if _write(connection, claimed, turn.row) else None


def _read(connection: Connection, use: Use, channel: str) -> list[Told]:
    is_ours = (alerts.c.budget == use.budget.name, alerts.c.period_start == use.period.start)
    return [Told(*row) for row in connection.execute(select(*_COLUMNS).where(*is_ours, alerts.c.channel == channel))]


def _write(connection: Connection, claimed: Told, former: Told | None) -> bool:
    """Write what is claimed; whether nobody else did meanwhile."""
    if former is None:
        statement = insert_into(connection, alerts).values(claimed._asdict())
        # Asked for what it made: how many rows an INSERT made is not told by every driver.
        made = connection.execute(statement.on_conflict_do_nothing().returning(alerts.c.number))
        return made.first() is not None
    return _change(connection, former, claimed)


def _change(connection: Connection, former: Told, row: Told) -> bool:
    """Change a row from what it was; whether it still was so."""
    same: list[Any] = [alerts.c[name] == getattr(former, name) for name in ("budget", "period_start", "level")]
    same += [alerts.c[name] == getattr(former, name) for name in ("channel", "number", "state", "attempts", "at")]
    values = {name: getattr(row, name) for name in ("state", "at", "attempts", "error")}
    return bool(connection.execute(update(alerts).where(*same).values(values)).rowcount)


def _tell(database: Database, use: Use, channel: Channel, claimed: Told) -> Told:
    """Tell it, and record what became of that. The moment stays that of the evaluation."""
    try:
        channel.send(Alert(use, use.level, claimed.number, claimed.at))
        done = claimed._replace(state=SENT)
    except ChannelError as error:
        done = claimed._replace(state=FAILED, error=str(error))
    with database.writing() as connection:
        _change(connection, claimed, done)
    return done
