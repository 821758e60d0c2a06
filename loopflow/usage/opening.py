"""A ledger as the environment, the config and the command line say it: which one, with which budgets and channels."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from loopflow.console.directories import data_directory
from loopflow.errors import UsageError
from loopflow.usage.addresses import read_mail_address, read_mail_server, read_webhook
from loopflow.usage.alerts import Told, alert
from loopflow.usage.budgets import find_budgets, find_uses
from loopflow.usage.channels import Channel
from loopflow.usage.database import FILE, Database
from loopflow.usage.ledger import Ledger
from loopflow.usage.mail import Mail
from loopflow.usage.model import Budget, Entry, Use, check_entry
from loopflow.usage.place import DATABASE, Place
from loopflow.usage.settings import STANDARD_COOLDOWN, AlertSettings, UsageSettings
from loopflow.usage.webhook import Webhook

MAIL_SERVER = "LOOPFLOW_SMTP_URL"
PASSWORD = "LOOPFLOW_SMTP_PASSWORD"  # noqa: S105  the variable that has it
SECRET = "LOOPFLOW_WEBHOOK_SECRET"  # noqa: S105  as above


def read_clock() -> datetime:
    """Return the moment, in UTC."""
    return datetime.now(UTC)


class Entered(NamedTuple):
    """How many entries were new, how many were there already, and what was told of it."""

    new: int
    known: int
    told: Sequence[Told]


@dataclass(frozen=True)
class Usage:
    """A ledger, the budgets that hold beside its own, and where alerts go."""

    ledger: Ledger
    configured: Sequence[Budget] = ()
    channels: Sequence[Channel] = ()
    cooldown: timedelta | None = STANDARD_COOLDOWN
    clock: Callable[[], datetime] = field(default=read_clock)

    def add(self, entries: Iterable[Entry]) -> Entered:
        """Check and add entries, and tell alerts that are due. Raises UsageError, LedgerError."""
        now = self.clock()
        added = self.ledger.add(check_entry(entry, now) for entry in entries)
        return Entered(added.new, added.known, self.alert(self.uses()) if self.channels else [])

    def budgets(self) -> list[Budget]:
        """Return all budgets that hold."""
        return find_budgets(self.ledger, self.configured)

    def uses(self, at: datetime | None = None) -> list[Use]:
        """Return how each budget is kept, now or at another moment."""
        return find_uses(self.ledger, self.budgets(), at or self.clock())

    def alert(self, uses: Sequence[Use]) -> list[Told]:
        """Tell what is due of how budgets are kept, and return what became of it. What fails raises nothing."""
        return alert(self.ledger.database, uses, self.channels, self.clock(), self.cooldown)


def open_place(place: Place, settings: UsageSettings, clock: Callable[[], datetime] = read_clock) -> Usage:
    """Return what is to be used at a place. Nothing is opened yet. Raises UsageError."""
    named = place.database or place.environ.get(DATABASE) or settings.database
    if named and "://" not in named:
        named = os.path.join(place.here, named)
    database = Database(named or os.path.join(data_directory(place.environ, place.here), FILE))
    channels = _find_channels(place, settings.alerts)
    return Usage(Ledger(database), settings.budgets, channels, settings.alerts.cooldown, clock)


def _find_channels(place: Place, settings: AlertSettings) -> list[Channel]:
    """Return where alerts go.

    A password is for the server that its owner named: to one that a config in a repository names, none is sent.
    """
    environ = place.environ
    authorities = environ.get("SSL_CERT_FILE", "")
    url = place.smtp or environ.get(MAIL_SERVER)
    server = read_mail_server(url, "--smtp" if place.smtp else MAIL_SERVER) if url else settings.smtp
    is_named = bool(url or place.named_config)
    password = environ.get(PASSWORD, "") if is_named else ""
    named = [read_mail_address(each, "--alert-email") for each in place.email]
    addresses = list(dict.fromkeys([*settings.email, *named]))
    if addresses and server is None:
        hint = f"set {MAIL_SERVER} to smtp://mail.example.com, or write smtp in [usage.alerts]"
        raise UsageError("alerts go by mail, and no mail server is named", hint)
    mails = [Mail(each, server, password, settings.sender, authorities) for each in addresses if server]
    posts = [read_webhook(each, "--alert-webhook") for each in place.webhook]
    hooks = dict.fromkeys([*settings.webhook, *posts])
    return [*mails, *(Webhook(each, environ.get(SECRET, ""), authorities) for each in hooks)]
