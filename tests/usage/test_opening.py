"""The ledger as environment, config and options say it, and the functions for programs that use it."""

from pathlib import Path

import pytest

import loopflow.usage
from loopflow.errors import ConfigError, UsageError
from loopflow.usage import (
    get_budget_thresholds,
    get_usage_report,
    open_usage,
    set_budget_threshold,
    track_api_call,
)
from loopflow.usage.addresses import MailServer
from loopflow.usage.mail import Mail
from loopflow.usage.model import Level, Totals
from loopflow.usage.opening import Usage, open_place
from loopflow.usage.place import Place, read_usage_settings
from loopflow.usage.webhook import Webhook
from tests.usage.conftest import Clock

CONFIG = "[usage.alerts]\nemail = 'a@example.com'\nsmtp = 'smtp://u@found.example.com'\nwebhook = 'http://x/'\n"
SECRETS = {"LOOPFLOW_SMTP_PASSWORD": "pw", "LOOPFLOW_WEBHOOK_SECRET": "key", "HOME": "/nowhere"}


def open_at(here: Path, environ: dict[str, str] | None = None, **given: str | tuple[str, ...]) -> Usage:
    place = Place({**SECRETS, **(environ or {})}, str(here), **given)  # type: ignore[arg-type]
    return open_place(place, read_usage_settings(place))


def mail_of(usage: Usage) -> Mail:
    [mail] = [channel for channel in usage.channels if isinstance(channel, Mail)]
    return mail


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Return a directory with a config that somebody wrote."""
    (tmp_path / "loopflow.toml").write_text(CONFIG)
    return tmp_path


def test_a_password_is_not_sent_to_a_server_that_a_found_config_names(here: Path) -> None:
    """Whoever wrote it could collect passwords so. With a server of the environment or the command line it is."""
    found = mail_of(open_at(here))
    assert (found.server.host, found.password) == ("found.example.com", "")
    own = "smtp://u@own.example.com"
    for usage in (open_at(here, {"LOOPFLOW_SMTP_URL": own}), open_at(here, smtp=own)):
        assert (mail_of(usage).server.host, mail_of(usage).password) == ("own.example.com", "pw")
    for usage in (open_at(here, config="loopflow.toml"), open_at(here, {"LOOPFLOW_CONFIG": "loopflow.toml"})):
        assert (mail_of(usage).server.host, mail_of(usage).password) == ("found.example.com", "pw")


def test_addresses_of_config_and_options_are_all_told_once(here: Path) -> None:
    usage = open_at(here, email=("b@example.com", "a@example.com"), webhook=("http://x/", "http://y/"))
    assert [channel.name.partition("#")[0] for channel in usage.channels] == [
        "email:a@example.com",
        "email:b@example.com",
        "webhook:x",
        "webhook:y",
    ]
    assert all(channel.secret == "key" for channel in usage.channels if isinstance(channel, Webhook))  # noqa: S105


def test_mail_without_a_server_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^alerts go by mail, and no mail server is named$"):
        open_at(tmp_path, email=("a@example.com",))
    with pytest.raises(UsageError, match=r"^LOOPFLOW_SMTP_URL: 'x' is no mail server$"):
        open_at(tmp_path, {"LOOPFLOW_SMTP_URL": "x"})


def test_a_mail_is_from_somebody(tmp_path: Path) -> None:
    """From the sender that is named, else who logs in, else this machine: always one address."""
    server = MailServer("h", 25, "not an address\n")
    assert Mail("a@b", server, sender="us@example.com")._sender() == "us@example.com"  # noqa: SLF001
    assert "\n" not in Mail("a@b", server)._sender()  # noqa: SLF001
    assert tmp_path.exists()


def test_calls_are_entered_and_budgets_say_how_they_are_kept(address: str, clock: Clock) -> None:
    """The four functions of the seed, with one ledger."""
    usage = open_usage(address, environ={}, clock=clock)
    set_budget_threshold("daily", 2_000, warning=50, critical=87.5, usage=usage)
    assert track_api_call("search", 1_000, 300, model="m", key="1", usage=usage)
    assert not track_api_call("search", 1_000, 300, model="m", key="1", usage=usage)
    assert track_api_call("chat", 20, tokens_saved=7, environment="ci", exact=False, usage=usage)
    [use] = get_budget_thresholds(usage)
    assert (use.budget.name, use.sums.exact.used, use.sums.estimated.used, use.level) == (
        "daily",
        1_300,
        20,
        Level.WARNING,
    )
    assert get_usage_report("day", usage=usage) == {
        "search": {"exact": Totals(1_000, 300, 0, 1), "estimated": Totals()},
        "chat": {"exact": Totals(), "estimated": Totals(20, 0, 7, 1)},
    }
    assert set(get_usage_report("month", "ci", usage=usage)) == {"chat"}
    clock.advance(days=1)
    assert get_usage_report("day", usage=usage) == {}


def test_without_a_ledger_named_it_is_that_of_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPFLOW_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("LOOPFLOW_USAGE_DATABASE", raising=False)
    monkeypatch.chdir(tmp_path)
    assert track_api_call("x", 1)
    assert (tmp_path / "data/usage.sqlite3").exists()
    assert get_usage_report()["x"]["exact"].used == 1


def test_a_config_that_is_wrong_is_an_error(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "loopflow.toml").write_text("[usage]\nx = 1\n")
    monkeypatch.chdir(here)
    with pytest.raises(ConfigError, match="there is no such key"):
        open_usage()


def test_what_is_no_budget_or_period_is_refused(address: str, clock: Clock) -> None:
    usage = open_usage(address, environ={}, clock=clock)
    for given in ({"period": "year"}, {"warning": 95}, {"critical": 101}, {"timezone": "Mars"}, {"component": ""}):
        with pytest.raises(UsageError):
            set_budget_threshold("x", 5, usage=usage, **given)
    for other in ({"warning": "x"}, {"critical": float("nan")}, {"timezone": None}, {"component": 5}):
        with pytest.raises(UsageError):
            set_budget_threshold("x", 5, usage=usage, **other)
    for tokens in (0, 1.5, True, "2M"):
        with pytest.raises(UsageError):
            set_budget_threshold("x", tokens, usage=usage)  # type: ignore[arg-type]
    for report in ({"period": "year"}, {"environment": "\udcff"}, {"timezone": None}):
        with pytest.raises(UsageError):
            get_usage_report(usage=usage, **report)
    with pytest.raises(AttributeError):
        loopflow.usage.nothing  # noqa: B018
    assert usage.budgets() == []
