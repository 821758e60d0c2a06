"""The command `loopflow chat usage`: its forms, streams and exit codes."""

import csv
import io
from pathlib import Path

import pytest

from loopflow.cli.chat import chat
from tests.chat.test_requests import ROWS, TITLES, minute
from tests.support.markdown import read_page
from tests.support.page import Page
from tests.support.run import Result, run
from tests.support.schema import complaints

HOSTILE = ["a\x1b[31m", "<script>hit()</script>", "=1+1", "a | b", "::error::x", "`code`", "##[group]x", "\u202egnp"]


def call(here: Path, *arguments: str, stdin: bytes = b"", **env: str) -> Result:
    return run("usage", *arguments, cwd=here, env=env, stdin=stdin, command=chat)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Return a directory with a log, and one with hostile names in it."""
    (tmp_path / "log.csv").write_text("\n".join([TITLES, *ROWS, ""]))
    rows = [minute(at, 1 + at, 900 * at, 10, name) for at, name in enumerate(HOSTILE)]
    (tmp_path / "hostile.csv").write_text("\n".join([f"{TITLES},Task", *(f"{row},{row[:4]}" for row in rows)]))
    return tmp_path


def test_a_log_is_told_as_text(here: Path) -> None:
    """Totals, how near the limit was, sessions, models, and what to change with its arithmetic."""
    result = call(here, "log.csv", "--daily", "1.8k")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == TEXT.splitlines()


TEXT = """\
2026-03-02 22:50 to 2026-03-03 00:11 UTC, 7 rows
12 requests: 2,870 tokens in, 130 out, 3,000 in all
239 in and 11 out a request, 250 in all; 22.1:1 of input to output
99.4 % of the daily limit of 1,800 at most, on 2026-03-02; near it on 1 day

By day
tokens  % limit   80 %  100 %  requests
 1,790     99.4  22:52      -        10  █████████▉  2026-03-02
 1,210     67.2      -      -         2  ██████▋     2026-03-03

By session
tokens  % total  requests  a request
 1,590     53.0         5        318  █████▎      2026-03-02 22:50
   100      3.3         1        100  ▎           2026-03-02 23:03
 1,310     43.7         6        218  ████▎       2026-03-02 23:59
trend: 318 a request in the earlier half, 201 in the later one, -36.8 %

By model
tokens  % total  requests  a request
 2,000     66.7        11        182  ██████▋     large
 1,000     33.3         1      1,000  ███▎        small

Busiest minutes
tokens  % total  requests  a request
 1,000     33.3         1      1,000  ███▎        2026-03-03 00:01
   930     31.0         3        310  ███         2026-03-02 22:52
   660     22.0         2        330  ██▏         2026-03-02 22:50
   210      7.0         1        210  ▋           2026-03-03 00:10
   100      3.3         1        100  ▎           2026-03-02 23:03

What to change
1. The daily limit was near on 1 of 2 days
   2026-03-02: 1,790 of 1,800 is 99.4 %; 80 % at 22:52
   -> Watch it: per_day = 1_800 in [chat.limits."large"] warns at 80 %
2. The session of 2026-03-02 22:50 cost the most beyond the average
   5 requests of 318 tokens, where the average of all is 250
   1,590 - 5 x 250 = 340 more than at the average
   -> Look at it first: loopflow chat SESSION --profile --by tool says what filled it
3. Small answers need no large model
   12 of 12 requests are in rows that average at most 300 tokens of output, as calls of tools have
   they take 3,000 tokens: 100.0 % of all; which ones can go is a guess
   -> Let a smaller model take them: simple_model and switch in [chat.routes]
4. The busiest minute is far above the others
   2026-03-03 00:01: 1,000 tokens in 1 request
   3,000 in 6 rows is 500 each: it has 2.0 times that
   -> Where a limit holds for a minute, set per_minute in [chat.limits."large"]
5. Requests of later sessions cost less
   the first 1 session: 1,590 / 5 = 318 a request
   the other 2: 1,410 / 7 = 201, 36.8 % less
   -> Find out what changed, and keep it
"""


def test_every_form_says_the_same_numbers(here: Path) -> None:
    """The document has its schema; rows of the table add up."""
    document = call(here, "log.csv", "--daily", "1.8k", "--format", "json").json
    assert complaints(document, "chat-usage") == []
    assert [document[name] for name in ("rows", "requests", "input", "output", "total", "ratio")] == [
        *(7, 12, 2_870, 130, 3_000, 22.1)
    ]
    assert [day["share"] for day in document["days"]] == [0.9944, 0.6722]
    rows = list(csv.DictReader(io.StringIO(call(here, "log.csv", "-q", "--format", "csv").out)))
    assert sum(int(row["total"]) for row in rows) == 3_000
    markdown = call(here, "log.csv", "--daily", "1.8k", "--format", "markdown").out
    assert "| 2026-03-02 | 1,790 | 10 | 179 | 99.4 | 22:52 |  |" in markdown
    html = call(here, "log.csv", "--daily", "1.8k", "--format", "html").out
    assert "99.4 %" in Page(html).text


@pytest.mark.parametrize("form", ["text", "json", "csv", "markdown", "html"])
def test_names_of_a_log_act_nowhere(form: str, here: Path) -> None:
    """Not on a terminal, in a page, in Markdown, in a spreadsheet, nor in a runner's log."""
    result = call(here, "hostile.csv", "--daily", "9k", "--format", form, "-v")
    assert result.code == 0
    assert not any(char in result.out for char in "\x1b\u202e")
    assert not any(line.startswith(("::", "=", "##[")) or "##[" in line for line in result.out.splitlines())
    if form == "html":
        assert Page(result.out).tags.count("script") == 2
    if form == "csv":
        assert not [cell for row in csv.reader(io.StringIO(result.out)) for cell in row if cell.startswith("=")]
    if form == "markdown":
        assert read_page(result.out).acting == []


@pytest.mark.parametrize("width", ["40", "60", "200"])
def test_a_terminal_of_any_width_shows_it(width: str, here: Path) -> None:
    """Nothing raises, and numbers are never cut."""
    result = call(here, "log.csv", "--daily", "1.8k", COLUMNS=width)
    assert result.code == 0
    assert "1,790" in result.out


def test_standard_input_output_and_columns(here: Path) -> None:
    """A log from a pipe, to a file, with titles that nobody knows."""
    data = b"When,In it,Out of it\n2026-03-02T22:50:00Z,5,6\n"
    named = [f"--column={each}" for each in ("time=When", "input=In it", "output=Out of it")]
    result = call(here, "-", *named, "-q", "-o", "out.txt", stdin=data)
    assert (result.code, result.out, result.err) == (0, "", "")
    assert "1 request: 5 tokens in, 6 out" in (here / "out.txt").read_text()


def test_the_config_says_what_a_request_should_manage_with(here: Path) -> None:
    """The ceiling of the model that used the most; --target holds over it."""
    (here / "loopflow.toml").write_text('[chat.limits."lar*"]\ninput = 400\ncompact_at = "50%"\n')
    assert "with at most 200 of input a request" in call(here, "log.csv").out
    assert "with at most 100 of input a request" in call(here, "log.csv", "--target", "100").out


def test_the_config_says_what_a_day_allows(here: Path) -> None:
    """That of the model that used the most; --daily holds over it."""
    (here / "loopflow.toml").write_text('[chat.limits."lar*"]\ninput = "50k"\nper_day = "1.8k"\n')
    assert "99.4 % of the daily limit of 1,800" in call(here, "log.csv").out
    assert "44.8 % of the daily limit of 4,000" in call(here, "log.csv", "--daily", "4k").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument"),
        (["none.csv"], "none.csv cannot be read: no such file"),
        (["."], ". cannot be read: is a directory"),
        (["log.csv", "--daily", "-3"], "--daily"),
        (["log.csv", "--daily", "0"], "--daily"),
        (["log.csv", "--target", "x"], "--target"),
        (["log.csv", "--timezone", "Atlantis"], "there is no time zone Atlantis"),
        (["log.csv", "--column", "when=Time"], "--column when=Time names no column"),
        (["log.csv", "--column", "time=Nope"], "log.csv: there is no column Nope"),
        (["log.csv", "-o", "log.csv"], "-o log.csv is the log itself"),
        (["log.csv", "--format", "xml"], "xml"),
    ],
)
def test_what_cannot_run_is_one_line_and_exit_2(arguments: list[str], message: str, here: Path) -> None:
    """What, where, what to do."""
    before = (here / "log.csv").read_bytes()
    result = call(here, *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert result.err.count("\n") == 1
    assert (here / "log.csv").read_bytes() == before
