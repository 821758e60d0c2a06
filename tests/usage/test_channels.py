"""Mail and webhooks with real servers: what arrives, and what is said of servers that are of no use."""

import json
import smtplib
from datetime import UTC, datetime
from pathlib import Path

import pytest

import loopflow.usage.mail as mail_module
import loopflow.usage.webhook as webhook_module
from loopflow.usage.addresses import MailServer, read_mail_server
from loopflow.usage.channels import Alert, Channel, ChannelError
from loopflow.usage.mail import Mail
from loopflow.usage.model import Budget, Level, PeriodKind, Sums, Totals, Use
from loopflow.usage.periods import find_period
from loopflow.usage.webhook import Webhook, sign
from tests.support.receivers import HOST, Authority, receive_mail, receive_posts, stall

pytestmark = pytest.mark.server

NOW = datetime(2026, 3, 11, 10, 0, tzinfo=UTC)
DAY = find_period(PeriodKind.DAY, NOW, UTC)
ALERT = Alert(Use(Budget("daily\nX: y", 2_000), DAY, Sums(Totals(1_640)), Level.WARNING), Level.WARNING, 1, NOW)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what takes too long take less."""
    monkeypatch.setattr(mail_module, "_STEP", 0.3)
    monkeypatch.setattr(mail_module, "SECONDS", 0.6)
    monkeypatch.setattr(webhook_module, "SECONDS", 0.3)
    monkeypatch.setattr(webhook_module, "_PAUSE", 0)


def failure(channel: Channel) -> str:
    with pytest.raises(ChannelError) as error:
        channel.send(ALERT)
    return str(error.value)


def test_a_mail_arrives_by_tls_with_a_login(authority: Authority) -> None:
    """Its headers are one line each, and say that a program wrote it."""
    with receive_mail(authority.context()) as box:
        Mail("a@example.com", MailServer(HOST, box.port, "us@example.com"), "pass word", "", authority.file).send(ALERT)
    [mail] = box.mails
    assert mail["Subject"] == "warning: daily\\nX: y is at 82.0 % of its token budget"
    assert (mail["To"], mail["From"], mail["X"]) == ("a@example.com", "us@example.com", None)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{ALERT.id}@loopflow.invalid>"
    assert "1,640 tokens" in mail.get_content()
    assert box.logins == [(b"us@example.com", b"pass word")]
    assert box.recipients == ["a@example.com"]


def test_a_certificate_is_checked(authority: Authority) -> None:
    """Its authority and its name: who is not who it says gets nothing."""
    with receive_mail(authority.context("mail.example.com")) as box:
        server = MailServer(HOST, box.port, "u")
        assert "its certificate is not trusted: " in failure(Mail("a@example.com", server, "secret"))
        assert "its certificate is not trusted: " in failure(
            Mail("a@example.com", server, "secret", "", authority.file)
        )
    assert (box.mails, box.logins) == ([], [])


def test_a_server_without_tls_gets_no_password() -> None:
    """And a mail only where it is on this machine."""
    with receive_mail() as box:
        said = failure(Mail("a@example.com", MailServer(HOST, box.port, "u"), "secret"))
        assert said == f"{HOST}:{box.port}: it speaks no TLS, so nothing was sent"
        assert failure(Mail("a@example.com", MailServer("0.0.0.0", box.port))).endswith("nothing was sent")  # noqa: S104
        assert box.mails == []
        Mail("a@example.com", MailServer(HOST, box.port)).send(ALERT)
    assert len(box.mails) == 1


def test_a_refusal_is_quoted() -> None:
    with receive_mail(refusal="550 no such \x1b[1m user") as box:
        said = failure(Mail("a@example.com", MailServer(HOST, box.port)))
    assert said == f"{HOST}:{box.port}: it refuses the address: 550 no such \\x1b[1m user"


@pytest.mark.parametrize(
    ("greeting", "drip"), [(b"", b""), (b"220 ", b"x"), (b"220 hello\r\n", b""), (b"", b"220-x\r\n")]
)
def test_a_mail_server_that_stalls_is_left(greeting: bytes, drip: bytes) -> None:
    """Also one that says a byte now and then."""
    with stall(greeting, drip) as port:
        assert failure(Mail("a@example.com", MailServer(HOST, port))).startswith(f"{HOST}:{port}: ")


def test_where_nobody_listens_it_is_said() -> None:
    with stall() as port:
        pass
    assert failure(Mail("a@example.com", MailServer(HOST, port))).endswith("Connection refused")
    assert failure(Webhook(f"http://{HOST}:{port}/")).endswith("Connection refused")
    assert failure(Webhook("http://nowhere.invalid/")).startswith("nowhere.invalid: ")


def test_a_mail_that_was_taken_is_sent_whatever_comes_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """A goodbye that fails makes nobody send it twice."""

    def fail(_self: smtplib.SMTP) -> None:
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr(smtplib.SMTP, "quit", fail)
    with receive_mail() as box:
        Mail("a@example.com", MailServer(HOST, box.port)).send(ALERT)
    assert len(box.mails) == 1


def test_a_post_is_signed_json() -> None:
    with receive_posts() as posts:
        Webhook(posts.url, "key").send(ALERT)
    [body], [headers] = posts.bodies, posts.headers
    assert json.loads(body) == {
        "schema": 1,
        "budget": "daily\nX: y",
        "period": "day",
        "period_start": "2026-03-11T00:00:00Z",
        "level": "warning",
        "used": 1_640,
        "limit": 2_000,
        "percent": 82.0,
        "at": "2026-03-11T10:00:00Z",
    }
    assert headers["X-Loopflow-Signature"] == f"sha256={sign(body, 'key')}"
    assert headers["X-Loopflow-Delivery"] == ALERT.id


def test_without_a_secret_nothing_is_signed() -> None:
    with receive_posts() as posts:
        Webhook(posts.url).send(ALERT)
    assert "X-Loopflow-Signature" not in posts.headers[0]


@pytest.mark.parametrize(
    ("statuses", "asked", "said"),
    [
        ([204], 1, None),
        ([503, 200], 2, None),
        ([500, 429, 200], 3, None),
        ([500, 500, 500], 3, "it answers 500"),
        ([404], 1, "it answers 404"),
        ([302], 1, "it answers 302, and redirects are not followed"),
    ],
)
def test_what_may_pass_is_tried_three_times(statuses: list[int], asked: int, said: str | None) -> None:
    with receive_posts(statuses=list(statuses), location="/elsewhere") as posts:
        channel = Webhook(posts.url)
        if said is None:
            channel.send(ALERT)
        else:
            assert failure(channel).endswith(f": {said}")
    assert len(posts.bodies) == asked
    assert b"GET" not in posts.bodies


@pytest.mark.parametrize(("greeting", "drip"), [(b"", b""), (b"HTTP/1.1 200", b" "), (b"not http\r\n\r\n", b"")])
def test_a_webhook_that_never_answers_is_left(greeting: bytes, drip: bytes) -> None:
    with stall(greeting, drip) as port:
        said = failure(Webhook(f"http://{HOST}:{port}/hook"))
    assert said.startswith(f"{HOST}:{port}: ")
    assert said.isprintable()


def test_a_webhook_that_speaks_no_tls_gets_nothing() -> None:
    with receive_mail() as box:
        assert failure(Webhook(f"https://{HOST}:{box.port}/")).startswith(f"{HOST}:{box.port}: ")


def test_a_webhook_is_known_by_its_host_and_not_by_its_path() -> None:
    """The path of many a webhook is its password."""
    one, other = Webhook("https://hooks.example.com/T0/secret"), Webhook("https://hooks.example.com/T0/other")
    assert one.name.startswith("webhook:hooks.example.com#")
    assert "secret" not in one.name
    assert one.name != other.name


def test_the_port_of_a_server_has_tls_from_the_first_byte() -> None:
    assert read_mail_server("smtps://u%40x@mail.example.com", "--smtp") == MailServer(
        "mail.example.com", 465, "u@x", is_tls=True
    )
