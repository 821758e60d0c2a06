"""The command `loopflow usage`: every subcommand with a real ledger, its streams and its exit codes.

All of it with SQLite, and once more with PostgreSQL among the slow kinds.
"""

import json
import os
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from loopflow.cli.main import loopflow
from loopflow.cli.usage import usage
from tests.support.markdown import read_page
from tests.support.page import Page
from tests.support.postgres import make_database
from tests.support.receivers import receive_mail, receive_posts
from tests.support.run import Result, run, run_process
from tests.support.schema import complaints
from tests.usage.conftest import postgres  # noqa: F401  a fixture

_numbers = count()
HOSTILE = ["a\nb", "<script>hit()</script>", "=1+1", "| a | b |", "\x1b[31mred", "::error::x", "`code`"]
PROGRAM = (sys.executable, "-c", "from loopflow.cli.main import main; main()")


ON_SERVER = "LOOPFLOW_USAGE_DATABASE"


@pytest.fixture(autouse=True, params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def _database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the ledger be in the directory of the test, or on a server."""
    if request.param == "postgresql":
        monkeypatch.setenv(ON_SERVER, make_database(request.getfixturevalue("postgres"), f"command{next(_numbers)}"))


def find_ledger(here: Path) -> str:
    """Return the address of the ledger that `call` uses."""
    return os.environ.get(ON_SERVER) or str(here / "data/usage.sqlite3")


def call(here: Path, *arguments: str, stdin: bytes = b"", **env: str) -> Result:
    """Call the command, with a ledger in the directory."""
    given = {"LOOPFLOW_DATA_DIR": str(here / "data"), **env}
    return run(*arguments, cwd=here, env=given, stdin=stdin, command=usage)


def fine(here: Path, *arguments: str, stdin: bytes = b"") -> str:
    """Return what is printed by a call that has nothing to remark."""
    result = call(here, *arguments, stdin=stdin)
    assert (result.code, result.err) == (0, "")
    return result.out


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Return a directory with a ledger of some entries, with hostile names among them, and a budget."""
    lines = [{"component": name, "model": name, "environment": name, "tokens_in": 10} for name in HOSTILE]
    lines += [{"component": "api", "model": "m", "tokens_in": 700, "tokens_out": 100, "tokens_saved": 5}]
    lines += [{"component": "api", "tokens_in": 33, "exact": False}]
    (tmp_path / "used.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    call(tmp_path, "import", "used.jsonl")
    call(tmp_path, "budget", "set", "da\nily", "1_000")
    return tmp_path


def test_what_is_added_is_checked(tmp_path: Path) -> None:
    """A key once; what it comes to is said with the level; --check ends with 1 from critical on."""
    assert fine(tmp_path, "add", "--tokens-in", "1.2k", "--tokens-out", "300", "--key", "k") == ""
    again = call(tmp_path, "add", "--tokens-in", "9", "--key", "k")
    assert again == Result(0, "", "add: the key k is there already: nothing was entered\n".replace("add", "usage add"))
    fine(tmp_path, "budget", "set", "daily", "2k")
    assert fine(tmp_path, "check") == "daily: 1,500 of 2,000 today (75.0 %): ok\n"
    fine(tmp_path, "add", "--tokens-in", "400")
    assert fine(tmp_path, "check") == "daily: 1,900 of 2,000 today (95.0 %): critical\n"
    assert call(tmp_path, "check", "--check").code == 1
    fine(tmp_path, "budget", "set", "daily", "2k", "--critical", "96", "--warning", "50.5%")
    assert call(tmp_path, "check", "--check") == Result(0, "daily: 1,900 of 2,000 today (95.0 %): warning\n", "")


def test_an_empty_ledger_is_no_error(tmp_path: Path) -> None:
    """Every look at it ends with 0, says what is there, and makes nothing."""
    hint = "no budget is set; write for example: loopflow usage budget set daily 2M\n"
    assert call(tmp_path, "check") == Result(0, "", f"usage check: {hint}")
    assert call(tmp_path, "check", "--check") == Result(0, "", f"usage check: warning: {hint}")
    assert call(tmp_path, "check", "--quiet") == Result(0, "", "")
    assert call(tmp_path, "monitor", "--once").code == 0
    assert "Total: 0 tokens in 0 entries: 0 in, 0 out\n" in fine(tmp_path, "report")
    for form in ("json", "csv", "markdown", "html"):
        assert fine(tmp_path, "report", "--format", form)
    for command in ("alerts", "calibrate", "events"):
        assert call(tmp_path, command, "--quiet").code == 0
    assert call(tmp_path, "budget", "list", "--quiet") == Result(0, "", "")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add"], "nothing is to be entered; write --tokens-in N, --tokens-out N or both"),
        (["add", "--tokens-in", "x"], "--tokens-in: 'x' is no number of tokens"),
        (["add", "--tokens-in", "-1"], "--tokens-in: '-1' is no number of tokens"),
        (["add", "--tokens-in", "2000000M"], "tokens_in is a whole number from 0 to 1,000,000,000,000"),
        (["add", "--tokens-in", "1", "--component", " "], "component: ' ' is no name"),
        (["add", "--tokens-in", "1", "--component", "*"], "* stands for every component"),
        (["add", "--tokens-in", "1", "--key", "x" * 201], "key: "),
        (["add", "--tokens-in", "1", "--at", "1970-01-01T00:00Z"], "1970-01-01 00:00 UTC is before 2012"),
        (["add", "--tokens-in", "1", "--at", "2999-01-01"], "2999-01-01 00:00 UTC is before 2012 or more than a day"),
        (["budget", "set", "", "1"], "name: '' is no name"),
        (["budget", "set", "x", "0"], "N: '0' is no number of tokens"),
        (["budget", "set", "x", "1", "--timezone", "Mars"], "--timezone: there is no time zone Mars"),
        (
            ["budget", "set", "x", "1", "--warning", "96"],
            "'x': a warning at 96 % would not come before critical at 95 %",
        ),
        (["budget", "remove", "x"], "the ledger has no budget x"),
        (["report", "--timezone", "../x"], "--timezone: there is no time zone ../x"),
        (["report", "--at", "noon"], "--at: 'noon' is no moment"),
        (["report", "--at", "9999-12-31T23:59Z"], "there is no day of the year 9999"),
        (["check", "--at", "0001-01-01T00:00Z"], "there is no day of the year 1"),
        (["report", "--environment", ""], "--environment: '' is no name"),
        (["report", "--environment", "\udcff"], "--environment: '\\xff' is no name"),
        (["events", "--message", "\udcff"], "--message: '\\xff' is no name"),
        (["events", "--sql", "SELECT '\udcff'"], "the query fails: "),
        (["calibrate", "--model", "\udcff"], "--model: '\\xff' is no name"),
        (["budget", "remove", "\udcff"], "name: '\\xff' is no name"),
        (["budget", "set", "x", "1", "--warning", "0.001"], "'x': thresholds are percent, from 0.01 to 100"),
        (
            ["budget", "set", "x", "1", "--warning", "80.001", "--critical", "80.002"],
            "'x': a warning at 80 % would not come before critical at 80 %",
        ),
        (["import", "missing"], "missing cannot be read: no such file or directory"),
        (["check", "--database", "mysql://x/y"], "there is no ledger in mysql"),
        (["check", "--config", "missing.toml"], "there is no config file missing.toml"),
        (["alerts", "test"], "no alert goes anywhere"),
        (["alerts", "test", "--format", "json"], "a test of alerts has no form json"),
        (["events", "--sql", "SELECT 1", "--since", "1h"], "--since and --message say nothing to --sql"),
        (["alerts", "test", "--alert-email", "a@b\nc"], "--alert-email: 'a@b\\nc' is no mail address"),
        (["alerts", "test", "--alert-email", "a@example.com"], "alerts go by mail, and no mail server is named"),
        (["alerts", "--alert-webhook", "http://x/\r\ny"], "--alert-webhook: 'http://x/\\r\\ny' is no address of a"),
        (["monitor", "--once", "--warning-threshold", "99"], "'b': a warning at 99 % would not come before"),
        (["events", "--since", "yesterday"], "--since: 'yesterday' is no length of time"),
        (["calibrate", "pairs"], "no model is named"),
        (
            ["calibrate", "missing", "--model", "gpt-4o"],
            "counts for gpt-4o are exact, so there is nothing to calibrate",
        ),
        (["calibrate", "missing", "--model", "m"], "missing cannot be read: no such file or directory"),
    ],
)
def test_what_is_wrong_is_one_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    """Exit code 2, and what to do."""
    call(tmp_path, "budget", "set", "b", "5k")
    result = call(tmp_path, *arguments)
    assert (result.code, result.out) == (2, "")
    assert f"error: {said}" in result.err
    assert "; " in result.err
    assert result.err.count("\n") <= 1
    assert result.err.removesuffix("\n").isprintable()


def test_a_line_without_an_end_is_left(tmp_path: Path) -> None:
    """Of what never ends no more is read than a line may have."""
    for command in (["import"], ["calibrate", "--model", "m"]):
        result = call(tmp_path, *command, "/dev/zero")
        assert (result.code, result.out) == (2, "")
        assert "error: /dev/zero, line 1: it is no " in result.err


def test_a_moment_without_an_offset_is_in_the_time_zone_of_the_config(tmp_path: Path) -> None:
    """Whether it is entered or looked at: midnight in Honolulu is ten in the morning, in UTC."""
    (tmp_path / "loopflow.toml").write_text('[usage]\ntimezone = "Pacific/Honolulu"\n', "utf-8")
    options = ["--config", "loopflow.toml", "--at", "2026-03-01T00:00"]
    fine(tmp_path, "add", "--tokens-in", "7", *options)
    hour = json.loads(fine(tmp_path, "report", "--period", "hour", "--format", "json", *options))
    assert (hour["period"]["start"], hour["total"]["exact"]["tokens_in"]) == ("2026-03-01T10:00:00Z", 7)


def test_events_of_all_times_are_listed(tmp_path: Path) -> None:
    """However long ago that would be."""
    fine(tmp_path, "add", "--tokens-in", "7")
    assert json.loads(fine(tmp_path, "events", "--since", "999999d", "--format", "json"))["events"] == []


def test_a_number_that_is_not_finite_is_a_text_in_json(tmp_path: Path) -> None:
    """JSON has no such numbers."""
    fine(tmp_path, "add", "--tokens-in", "7")
    sql = "SELECT CAST('inf' AS float), 15" if os.environ.get(ON_SERVER) else "SELECT 9e999, 15"
    printed = fine(tmp_path, "events", "--format", "json", "--sql", sql)
    assert json.loads(printed, parse_constant=pytest.fail)["rows"] == [["inf", 15]]


def test_the_monitor_has_colours_where_they_are_asked_for(here: Path) -> None:
    """Also into a pipe."""
    assert "\x1b[" in fine(here, "monitor", "--once", "--color", "always")
    assert "\x1b[" not in fine(here, "monitor", "--once")


def test_an_import_is_all_or_nothing(tmp_path: Path) -> None:
    """From a file and from a pipe; a wrong line is named."""
    lines = b'{"tokens_in": 1}\n\n{"tokens_in": 2, "at": 1773223200, "component": "x"}\n'
    result = call(tmp_path, "import", stdin=lines)
    assert result == Result(0, "", "usage import: 2 entries from standard input\n")
    for bad in (
        b"x",
        b"[]",
        b'{"tokens": 1}',
        b'{"tokens_in": 1.5}',
        b'{"tokens_in": true}',
        b'{"at": "x"}',
        b'{"at": 1e99}',
    ):
        result = call(tmp_path, "import", stdin=b'{"tokens_in": 1}\n' + bad + b"\n")
        assert result.code == 2
        assert result.err.startswith("usage import: error: standard input, line 2: ")
    assert (
        json.loads(fine(tmp_path, "report", "--period", "total", "--format", "json"))["total"]["exact"]["entries"] == 2
    )


def test_a_report_is_of_its_period_and_of_what_is_asked_for(tmp_path: Path) -> None:
    """In every form; --at says which period, --environment of what."""
    day = "2026-03-11T23:30:00Z"
    fine(tmp_path, "add", "--tokens-in", "5", "--component", "api", "--environment", "ci", "--at", day)
    found = json.loads(
        fine(tmp_path, "report", "--format", "json", "--at", "2026-03-12", "--timezone", "Asia/Tokyo", "--by", "source")
    )
    assert found["lines"] == [
        {
            "source": "cli",
            "exact": {"tokens_in": 5, "tokens_out": 0, "tokens_saved": 0, "entries": 1},
            "estimated": {"tokens_in": 0, "tokens_out": 0, "tokens_saved": 0, "entries": 0},
        }
    ]
    assert found["period"]["start"] == "2026-03-11T15:00:00Z"
    text = fine(tmp_path, "report", "--at", day, "--by", "hour", "--by", "component", "--period", "week")
    assert text.startswith("Token usage in the week from 2026-03-09, from 2026-03-09 (UTC)\n\nBy hour\n")
    assert "2026-03-11 23:00+0000" in text
    assert fine(tmp_path, "report", "--at", day, "--environment", "other", "--format", "csv").count("\n") == 1


@pytest.mark.parametrize("columns", ["60", "200"])
def test_names_do_not_act_on_a_terminal(columns: str, here: Path) -> None:
    """Nor in the log of a job: every line is one, and printable."""
    for arguments in (["report"], ["check"], ["budget", "list"], ["monitor", "--once"], ["events"], ["alerts"]):
        result = call(here, *arguments, COLUMNS=columns)
        assert result.code == 0
        for line in (result.out + result.err).splitlines():
            assert line.isprintable()
            assert not line.strip().startswith("::")
    assert "da\\nily: 870 of 1,000 today (87.0 %), and about 33 estimated (3.3 %): warning\n" in fine(here, "check")


def test_names_do_not_act_in_markdown_a_table_or_a_page(here: Path) -> None:
    """They are text there; and estimates are in no other number."""
    markdown = read_page(fine(here, "report", "--format", "markdown"))
    assert markdown.acting == []
    assert len(markdown.names) == 1 + len(HOSTILE) + 1
    rows = fine(here, "report", "--format", "csv").splitlines()
    assert "'=1+1,exact,10,0,0,1" in rows
    page = Page(fine(here, "report", "--format", "html"))
    assert page.tags.count("script") == 2
    assert "<script>hit()</script>" in page.text
    assert "Token usage today" in page.text
    assert "About 33 tokens in 1 entry" in page.text
    assert "870 tokens in 8 entries" in page.text


def test_a_page_is_written_whole(here: Path) -> None:
    fine(here, "report", "--format", "html", "--by", "day", "--period", "month", "-o", "usage.html")
    assert (here / "usage.html").read_text("utf-8").endswith("</html>")


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["budget", "list"],
        ["report"],
        ["report", "--by", "hour", "--by", "model", "--by", "environment", "--by", "source"],
        ["report", "--by", "week", "--by", "month", "--by", "day", "--period", "total"],
        ["alerts"],
        ["calibrate"],
        ["events"],
        ["events", "--sql", "SELECT 1 AS one, 'a' AS two, NULL AS three"],
    ],
)
def test_json_is_as_its_schema_says(arguments: list[str], here: Path) -> None:
    from loopflow.usage.database import Database  # noqa: PLC0415
    from loopflow.usage.events import EventStore  # noqa: PLC0415

    EventStore(Database(find_ledger(here))).record("x", "info", {"n": 1}, datetime.now(UTC))
    (here / "pairs").write_text(json.dumps({"text": "some words", "tokens": 3}) + "\n")
    (here / "pairs").write_text((here / "pairs").read_text() * 20)
    fine(here, "calibrate", "pairs", "--model", "m")
    document = json.loads(fine(here, *arguments, "--format", "json"))
    assert complaints(document, "usage") == []
    document["more"] = 1
    assert complaints(document, "usage") != []


def test_calibration_is_kept_and_listed(tmp_path: Path) -> None:
    """A wide range warns."""
    lines = [json.dumps({"text": "some words here", "tokens": 3 + (number == 7)}) for number in range(20)]
    (tmp_path / "pairs").write_text("\n".join(lines))
    result = call(tmp_path, "calibrate", "--model", "m", "pairs")
    line = "m: 1.000 to 1.334 tokens for each of o200k_base, in the middle 1.000 (20 pairs)\n"
    assert (result.code, result.out) == (0, line)
    assert "warning: the ratios of m spread over 33 % of the middle one, more than 30 %: " in result.err
    assert fine(tmp_path, "calibrate") == line


def test_budgets_of_the_config_hold_beside_those_of_the_ledger(tmp_path: Path) -> None:
    (tmp_path / "loopflow.toml").write_text("[[usage.budget]]\nname = 'daily'\ntokens = 100\n")
    fine(tmp_path, "budget", "set", "other", "50")
    result = call(tmp_path, "budget", "set", "daily", "5")
    assert (result.code, result.err) == (
        0,
        "usage budget set: warning: the config has a budget daily too, and that one holds\n",
    )
    assert fine(tmp_path, "check") == "daily: 0 of 100 today (0.0 %): ok\nother: 0 of 50 today (0.0 %): ok\n"
    assert "daily, in loopflow.toml:2\n" in fine(tmp_path, "budget", "list")
    fine(tmp_path, "budget", "remove", "daily")
    assert "it is set in loopflow.toml:2" in call(tmp_path, "budget", "remove", "daily").err


def test_a_database_of_a_config_that_was_found_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It could be anybody's; one that is named is taken, and so is one of the environment or the command line."""
    monkeypatch.delenv(ON_SERVER, raising=False)
    config = tmp_path / "loopflow.toml"
    config.write_text("[usage]\ndatabase = 'other.sqlite3'\n")
    result = call(tmp_path, "add", "--tokens-in", "1")
    assert result.code == 2
    assert (
        "error: loopflow.toml:2: usage.database is not taken from a config that was found; set LOOPFLOW_" in result.err
    )
    assert call(tmp_path, "add", "--tokens-in", "1", "--config", "loopflow.toml").code == 0
    assert (tmp_path / "other.sqlite3").exists()
    config.unlink()
    assert call(tmp_path, "add", "--tokens-in", "1", LOOPFLOW_USAGE_DATABASE="third").code == 0
    assert call(tmp_path, "add", "--tokens-in", "1", "--database", "fourth", LOOPFLOW_USAGE_DATABASE="third").code == 0
    assert (tmp_path / "third").exists()
    assert (tmp_path / "fourth").exists()


def test_a_broken_ledger_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("no database" * 500)
    for arguments in (
        ["check"],
        ["report"],
        ["add", "--tokens-in", "1"],
        ["monitor", "--once"],
        ["events"],
        ["alerts"],
    ):
        result = call(tmp_path, *arguments, "--database", "x")
        assert (result.code, result.out) == (2, "")
        assert "cannot be used: file is not a database; " in result.err


def test_help_imports_no_database(tmp_path: Path) -> None:
    """Nor does any other member of the family."""
    listing = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    program = (sys.executable, "-c", listing + PROGRAM[2])
    for arguments in (["usage", "--help"], ["usage", "add", "--help"], ["logs", "--help"], ["code", "--version"]):
        result = run_process(*arguments, cwd=tmp_path, program=program)
        assert result.code == 0
        assert not {"sqlalchemy", "smtplib", "http.client", "zoneinfo"} & {*result.err.split()}


@pytest.mark.parametrize("arguments", [(), ("budget",), ("--help",), ("budget", "--help"), ("report", "-h")])
def test_help_is_printed(arguments: tuple[str, ...], tmp_path: Path) -> None:
    result = run("usage", *arguments, cwd=tmp_path, command=loopflow)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(
        f"Usage: {' '.join(['loopflow usage', *[each for each in arguments if each[0] != '-']])} "
    )


@pytest.mark.server
def test_alerts_reach_real_servers_and_are_listed(tmp_path: Path) -> None:
    """A test, then what entries and the monitor find due; what does not arrive is a warning, and recorded."""
    with receive_mail() as box, receive_posts() as posts:
        (tmp_path / "loopflow.toml").write_text(
            "[[usage.budget]]\nname = 'daily'\ntokens = 100\n"
            f"[usage.alerts]\nemail = 'a@example.com'\nsmtp = '{box.url}'\nwebhook = '{posts.url}'\n"
        )
        said = fine(tmp_path, "alerts", "test").splitlines()
        assert [line.partition("#")[0] for line in said] == ["ok email:a@example.com", f"ok webhook:{posts.host}"]
        assert json.loads(posts.bodies[0])["test"] is True
        fine(tmp_path, "add", "--tokens-in", "85")
        assert "critical of daily, number 1, sent to email:a@example.com" in fine(
            tmp_path, "monitor", "--once", "--critical-threshold", "85"
        )
        assert [subject.partition(":")[0] for subject in box.subjects] == ["Test of warning", "critical", "warning"]
        assert len(posts.bodies) == 3
    listed = json.loads(fine(tmp_path, "alerts", "--format", "json"))
    assert complaints(listed, "usage") == []
    told = sorted((row["level"], row["state"]) for row in listed["alerts"])
    assert told == [("critical", "sent"), ("critical", "sent"), ("warning", "sent"), ("warning", "sent")]
    broken = call(tmp_path, "alerts", "test")
    assert (broken.code, broken.out.count("failed ")) == (1, 2)


@pytest.mark.server
def test_an_alert_that_does_not_arrive_fails_nothing(tmp_path: Path) -> None:
    with receive_mail() as box:
        gone = box.url
    (tmp_path / "loopflow.toml").write_text(
        f"[[usage.budget]]\nname = 'daily'\ntokens = 100\n[usage.alerts]\nemail = 'a@example.com'\nsmtp = '{gone}'\n"
    )
    result = call(tmp_path, "add", "--tokens-in", "99")
    assert (result.code, result.out) == (0, "")
    assert result.err.startswith("usage add: warning: an alert did not arrive: 127.0.0.1:")
    [row] = json.loads(fine(tmp_path, "alerts", "--format", "json"))["alerts"]
    assert (row["state"], row["attempts"]) == ("failed", 1)
