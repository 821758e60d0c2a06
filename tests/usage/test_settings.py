"""The table [usage] of the config: what holds, and what is wrong with it, by file and line."""

from datetime import timedelta
from fractions import Fraction

import pytest

from loopflow.config.resolve import resolve
from loopflow.config.sections import read_section
from loopflow.errors import ConfigError, UsageError
from loopflow.usage.addresses import MailServer, read_mail_address, read_mail_server, read_webhook
from loopflow.usage.model import Budget, PeriodKind
from loopflow.usage.settings import UsageSettings
from tests.support.schema import complaints

EVERYTHING = """
[usage]
timezone = "Europe/Berlin"
component = "api"
environment = "ci"
[[usage.budget]]
name = "daily"
tokens = "2M"
[[usage.budget]]
name = "a b"
tokens = 10
period = "month"
component = "api"
environment = "ci"
warning = 70
critical = "99.5%"
timezone = "UTC"
[usage.alerts]
email = ["a@example.com", "b@example.com", "a@example.com"]
smtp = "smtp://me@mail.example.com"
sender = "us@example.com"
webhook = "http://127.0.0.1:8080/hook?x=1"
cooldown = "period"
"""


def read(text: str) -> UsageSettings:
    settings: UsageSettings = read_section(resolve({"loopflow.toml": text.encode()}, {}, {}).sections, "usage")
    return settings


def test_everything_can_be_said() -> None:
    found = read(EVERYTHING)
    assert (found.timezone, found.component, found.environment) == ("Europe/Berlin", "api", "ci")
    assert found.budgets == (
        Budget("daily", 2_000_000, timezone="Europe/Berlin", place="loopflow.toml:7"),
        Budget(
            "a b", 10, PeriodKind.MONTH, "api", "ci", Fraction(7, 10), Fraction(995, 1000), "UTC", "loopflow.toml:10"
        ),
    )
    assert found.alerts.email == ("a@example.com", "b@example.com")
    assert found.alerts.smtp == MailServer("mail.example.com", 587, "me")
    assert (found.alerts.webhook, found.alerts.cooldown) == (("http://127.0.0.1:8080/hook?x=1",), None)


def test_without_a_table_the_usual_holds() -> None:
    assert read("") == UsageSettings()
    assert read("").alerts.cooldown == timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[usage]\nx = 1", "loopflow.toml:2: usage.x: there is no such key"),
        ("[usage]\ntimezone = 'Mars'", "loopflow.toml:2: usage.timezone: there is no time zone Mars"),
        ("[usage]\nbudget = 1", "loopflow.toml:2: usage.budget: budget is a list of tables"),
        ("[usage.budget]\nname = 'x'", "loopflow.toml:1: usage.budget: budget is a list of tables"),
        ("[[usage.budget]]\ntokens = 1", "loopflow.toml:1: usage.budget: it has no name"),
        ("[[usage.budget]]\nname = 'x'", "loopflow.toml:1: usage.budget: it has no tokens"),
        ("[[usage.budget]]\nname = 'x'\ntokens = 0", "loopflow.toml:3: usage.budget.tokens: a budget of 0 tokens has"),
        (
            "[[usage.budget]]\nname = 'x'\ntokens = 1\nperiod = 'year'",
            "loopflow.toml:4: usage.budget.period: it is one of",
        ),
        ("[[usage.budget]]\nname = 'x'\ntokens = 1\nperiod = []", "loopflow.toml:4: usage.budget.period: it is one of"),
        (
            "[[usage.budget]]\nname = 'x'\ntokens = 1\nwarning = 95",
            "loopflow.toml:4: usage.budget.warning: x: a warning at",
        ),
        ("[[usage.budget]]\nname = 'x'\ntokens = 1\nwarning = true", "loopflow.toml:4: usage.budget.warning: '' is no"),
        ("[[usage.budget]]\nname = 'x'\ntokens = 1\nwarning = 0", "loopflow.toml:4: usage.budget.warning: '0' is no"),
        (
            "[[usage.budget]]\nname = 'x'\ntokens = 1\n[[usage.budget]]\nname = 'x'\ntokens = 2",
            "loopflow.toml:5: usage.budget.name: another budget has this name",
        ),
        ("[usage]\nalerts = []", "loopflow.toml:2: usage.alerts: alerts is a table"),
        ("[usage.alerts]\nemail = ['a@b', 1]", "loopflow.toml:2: usage.alerts.email: it is a list of texts"),
        ("[usage.alerts]\nemail = ['a b']", "loopflow.toml:2: usage.alerts.email: 'a b' is no mail address"),
        (
            '[usage.alerts]\nwebhook = "https://x/\\nX: y"',
            "loopflow.toml:2: usage.alerts.webhook: 'https://x/\\nX: y' is no",
        ),
        ("[usage.alerts]\nsmtp = 'smtp://u:p@host'", "loopflow.toml:2: usage.alerts.smtp: smtp holds a password"),
        ("[usage.alerts]\ncooldown = '0h'", "loopflow.toml:2: usage.alerts.cooldown: '0h' is no length of time"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(text)
    assert error.value.message.startswith(said)
    assert error.value.hint


def test_the_schema_for_editors_says_the_same() -> None:
    import tomllib  # noqa: PLC0415

    assert complaints(tomllib.loads(EVERYTHING), "config") == []
    assert complaints(tomllib.loads("[usage]\nx = 1"), "config") != []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "@",
        "a@",
        "@b",
        "a@b\n",
        "a@b\r\nBcc: c@d",
        "a b@c",
        "a@b,c@d",
        "<a@b>",
        "a@-b",
        "é@b",
        "a@b\0",
        "a" * 65 + "@b",
    ],
)
def test_what_is_no_mail_address_is_refused(text: str) -> None:
    """One with a line break above all: it would be a header, or a command, of its own."""
    with pytest.raises(UsageError, match=r"is no mail address$"):
        read_mail_address(text, "--alert-email")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "ftp://h",
        "http://",
        "http:///x",
        "http://h:0/",
        "http://h:99999/",
        "http://u@h/",
        "http://u:p@h/",
        "http://h/ x",
        "http://h/\r\nX: y",
        "http://h\r\n",
        "http://[::1",
        "http://é/",
        "javascript:x",
        "file:///etc/passwd",
        "http://h/\0",
    ],
)
def test_what_is_no_webhook_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"is no address of a webhook$"):
        read_webhook(text, "--alert-webhook")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h",
        "mail.example.com:25",
        "smtp://",
        "smtp://h:x",
        "smtp://h:99999",
        "smtp://h/x",
        "smtp://h?x=1",
        "http://h",
        "smtp://h\r\nRCPT TO:<x>",
        "smtp://u%0d%0aX@h",
        "smtp://[h",
    ],
)
def test_what_is_no_mail_server_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"is no mail server$"):
        read_mail_server(text, "--smtp")
