"""Logs of requests: read whatever they call their columns, and never guessed at."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.chat.advice import advise
from loopflow.chat.requests import Log, read_log
from loopflow.chat.spending import Spending, spend
from loopflow.errors import UsageError

TITLES = "Model ID,Region ID,Time Start,Time End,Requests,Input Tokens,Output Tokens,Total Tokens"
START = datetime(2026, 3, 2, 22, 50, tzinfo=UTC)


def minute(at: int, requests: int, put: int, out: int, model: str = "large") -> str:
    """Return a row as the export of a provider has it: a minute, `at` of them after the start."""
    first = START + timedelta(minutes=at)
    last = first + timedelta(minutes=1)
    times = ",".join(f"{each:%Y-%m-%dT%H:%M:%S}.000Z" for each in (first, last))
    return f"{model},west,{times},{requests},{put},{out},{put + out}"


ROWS = [
    minute(0, 2, 600, 60),
    minute(1, 0, 0, 0),
    minute(2, 3, 900, 30),
    minute(13, 1, 90, 10),
    minute(69, 4, 80, 20),
    minute(71, 1, 1_000, 0, "small"),
    minute(80, 1, 200, 10),
]
"""Two sessions before midnight, eleven minutes apart, and one after it; a pause of nine minutes ends none."""


def table(*rows: str, titles: str = TITLES, end: str = "\n") -> bytes:
    return (end.join([titles, *rows]) + end).encode()


def spent(*rows: str, daily: int = 0, **more: object) -> Spending:
    return spend(read_log(table(*rows)), daily, **more)  # type: ignore[arg-type]


def test_totals_days_sessions_and_models_are_those_of_the_log() -> None:
    """Each figure is the one that the rows add up to."""
    found = spent(*ROWS, daily=1_700)
    assert (found.rows, found.active) == (7, 6)
    assert found.sums == (12, 2_870, 130)
    assert found.sums.each == 250
    assert [(f"{day.date}", *day.sums) for day in found.days] == [
        ("2026-03-02", 10, 1_670, 120),
        ("2026-03-03", 2, 1_200, 10),
    ]
    assert [(f"{found.moment(each.start):%H:%M}", *each.sums) for each in found.sessions] == [
        ("22:50", 5, 1_500, 90),
        ("23:03", 1, 90, 10),
        ("23:59", 6, 1_280, 30),
    ]
    assert [(name, sums.total) for name, sums in found.models] == [("large", 2_000), ("small", 1_000)]
    assert [sums.total for _, sums in found.minutes] == [1_000, 930, 660, 210, 100]
    assert found.sessions[0].end - found.sessions[0].start == 180


def test_a_limit_is_near_and_reached_in_the_minute_in_which_the_sum_comes_to_it() -> None:
    """80 % of 1,700 are 1,360, which the third minute of the day reaches; the whole, the last one before midnight."""
    first, second = spent(*ROWS, daily=1_700).days
    assert first.near == (START + timedelta(minutes=2)).timestamp()
    assert first.reached == (START + timedelta(minutes=69)).timestamp()
    assert (second.near, second.reached) == (None, None)


def test_a_limit_that_is_kept_exactly_is_reached() -> None:
    """A day that used 1,590 by its third row, and 1,690 and 1,790 after it."""
    for daily, minutes in ((1_590, 2), (1_591, 13), (1_690, 13), (1_790, 69)):
        day = spent(*ROWS, daily=daily).days[0]
        assert day.reached == (START + timedelta(minutes=minutes)).timestamp(), daily
    assert spent(*ROWS, daily=1_791).days[0].reached is None


@pytest.mark.parametrize(("daily", "minutes"), [(1_985, 2), (1_987, 2), (1_988, 13), (2_112, 13), (2_113, 69)])
def test_a_limit_is_near_from_eighty_percent_on(daily: int, minutes: int) -> None:
    """1,590 are 80 % of 1,987.5, and 1,690 of 2,112.5."""
    assert spent(*ROWS, daily=daily).days[0].near == (START + timedelta(minutes=minutes)).timestamp()


def test_eighty_percent_of_any_limit_are_near_and_a_token_less_is_not() -> None:
    """Whatever a share is as a float."""
    for daily in range(5, 5_000, 5):
        near, far = (
            spent(minute(0, 1, share, 0), daily=daily).days[0].near for share in (daily * 4 // 5, daily * 4 // 5 - 1)
        )
        assert near is not None, daily
        assert far is None, daily


@pytest.mark.parametrize(
    ("titles", "row"),
    [
        ("timestamp;model;prompt_tokens;completion_tokens", "2026-03-02T22:50:00Z;m;600;60"),
        ("created_at\ttokens_prompt\ttokens_completion", "2026-03-02 22:50:00+00:00\t600\t60"),
        ("\ufeffTime,Input,Output", '"2026-03-02T23:50:00+01:00","600","60"'),
        ("Date,Prompt Tokens,Completion Tokens", "2026/03/02 22:50:00 UTC,600.0,60"),
        ("created,input_tokens,output_tokens,note", '1772491800,600,60,"a ""b"", c"'),
        ("created,input_tokens,output_tokens", "1772491800000,600,60"),
        ('start_time,"input tokens",output_tokens', '2026-03-02T22:50:00Z," 600 ",60'),
        ("gen_ai.usage.input_tokens|gen_ai.usage.output_tokens|start_timestamp", "600|60|2026-03-02T22:50:00Z"),
    ],
)
def test_columns_are_known_by_the_names_that_vendors_give_them(titles: str, row: str) -> None:
    """A row each is a request, at the same moment and of the same size."""
    log = read_log(f"{titles}\r\n\r\n{row}\r\n".encode())
    assert (log.times, log.requests, log.inputs, log.outputs) == ([START.timestamp()], [1], [600], [60])
    assert log.width == 0


def test_a_column_is_what_it_is_said_to_be() -> None:
    """Titles that nobody knows can be named."""
    named = {"time": "When", "input": "Prompt toks", "output": "Toks"}
    log = read_log(b"When,Prompt toks,Toks\n2026-03-02T22:50:00Z,5,6\n", named=named)
    assert (log.inputs, log.outputs) == ([5], [6])


WRONG = {
    "empty": (b"", "it is empty"),
    "blank": (b"\n \n", "it is empty"),
    "no row": (table(), "no row"),
    "json": (b'{"requests": []}', "no column is known as time or as input or as output"),
    "no time": (b"input,output\n1,2\n", "no column is known as time; it has input, output"),
    "negative": (table(ROWS[0], minute(1, 1, -5, 1)), "row 3: input '-5' is below 0"),
    "half": (table(minute(1, 1, 5, 1).replace(",5,", ",5.5,")), "row 2: input '5.5' is no whole number"),
    "underscore": (b"time,input,output\n2026-03-02T22:50:00Z,1_0,2\n", "row 2: input '1_0' is no whole number"),
    "decimal comma": (b'time;input;output\n2026-03-02T22:50:00Z;"1,5";2\n', "row 2: input '1,5'"),
    "too much": (table(minute(1, 1, 10**16, 1)), "is too much to be true"),
    "huge": (table(minute(1, 1, 1, 1).replace(",1,1,1,2", f",1,{'9' * 5000},1,2")), "is no whole number"),
    "no date": (table(ROWS[0].replace("2026-03-02T22:50", "2026-02-30T22:50")), "is no time"),
    "ambiguous date": (b"time,input,output\n01/02/2026,1,2\n", "row 2: time '01/02/2026' is no time"),
    "old": (b"time,input,output\n1970-01-01T00:00:00Z,1,2\n", "is not from 2012 to 2199"),
    "sum below": (table(ROWS[0], "Total,,,,7,1,2,3"), "row 3: time '' is no time"),
    "short": (table("large,west", ROWS[0]), "row 2 has 2 cells, not 8"),
    "binary": (bytes(range(256)), "no column is known as"),
    "open quote": (table(ROWS[0], '"large', *ROWS[1:]), "near row 9: unexpected end of data"),
    "quote within": (table(ROWS[0], '"lar"ge', *ROWS[1:]), "near row 3: "),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_read_is_named_with_its_row(name: str) -> None:
    """Nothing is left out of a sum silently."""
    data, message = WRONG[name]
    with pytest.raises(UsageError) as caught:
        read_log(data)
    assert message in caught.value.message
    assert "\n" not in f"{caught.value}"


def test_rows_that_are_there_twice_count_once_where_that_is_sure() -> None:
    """Minutes of two exports that overlap, and requests with an id; of others it is only said."""
    assert spent(*ROWS, *ROWS[:3]).sums == spent(*ROWS).sums
    assert spent(*ROWS, *ROWS[:3]).notes == ("3 rows there twice, counted once",)
    row = "2026-03-02T22:50:00Z,600,60"
    ids = read_log(table(f"a,{row}", f"b,{row}", f"a,{row}", f",{row}", titles="id,time,input,output"))
    assert len(ids.times) == 3
    without = read_log(table(f",{row}", f",{row}0", titles="id,time,input,output"))
    assert len(without.times) == 2
    assert spend(read_log(table(*ROWS, ROWS[-1]).rstrip())).sums == spent(*ROWS).sums
    same = read_log(table(row, row, titles="time,input,output"))
    assert (len(same.times), len(same.notes)) == (2, 1)


@pytest.mark.parametrize("turn", [list, reversed, lambda rows: rows[3:] + rows[:3]])
def test_the_order_of_rows_and_how_they_are_quoted_change_nothing(turn: object) -> None:
    """Sums, days and sessions are the same, backwards and with quotes around every cell."""
    rows = list(turn(ROWS))  # type: ignore[operator]
    quoted = [",".join(f'"{cell}"' for cell in row.split(",")) for row in rows]
    assert spent(*rows) == spent(*quoted) == spent(*ROWS)
    assert spend(read_log(table(*rows, end="\r\n"))) == spent(*ROWS)


def test_a_day_is_one_of_the_calendar_that_is_named() -> None:
    """In Berlin an hour of it is of the next day; times without a zone are of the one that is named, which is said."""
    berlin = ZoneInfo("Europe/Berlin")
    days = [f"{day.date}" for day in spent(*ROWS, zone=berlin).days]
    assert days == ["2026-03-02", "2026-03-03"]
    assert spent(*ROWS, zone=berlin).days[0].sums.total == 1_590
    naive = read_log(table("2026-03-02T23:50:00,1,2", titles="time,input,output"), berlin)
    assert naive.times == [START.timestamp()]
    assert naive.notes == ("times that name no zone",)


def test_a_day_on_which_clocks_change_is_one_day() -> None:
    """It has 23 hours, and every row is in exactly one day."""
    rows = [f"2026-03-{day}T{hour:02}:30:00Z,1,1" for day in (28, 29, 30) for hour in range(24)]
    log = read_log(table(*rows, titles="time,input,output"))
    days = spend(log, zone=ZoneInfo("Europe/Berlin")).days
    assert [day.sums.requests for day in days] == [23, 23, 24, 2]


def test_rows_of_an_hour_have_no_sessions() -> None:
    """Who knows only hours cannot say where a pause of ten minutes was."""
    rows = [f"2026-03-02T{hour:02}:00:00Z,5,100,1" for hour in range(9)]
    found = spend(read_log(table(*rows, titles="time,requests,input,output")))
    assert (found.width, list(found.sessions), found.trend) == (3_600, [], None)
    assert found.sums.requests == 45


@pytest.mark.parametrize(("pause", "number"), [("00:10:00", 1), ("00:10:01", 2)])
def test_a_session_ends_with_a_pause_of_more_than_ten_minutes(pause: str, number: int) -> None:
    """Between the starts of two requests; what is empty in between is no work."""
    rows = ["2026-03-02T00:00:00Z,1,5,5", "2026-03-02T00:05:00Z,0,0,0", f"2026-03-02T{pause}Z,1,5,5"]
    found = spend(read_log(table(*rows, titles="time,requests,input,output")))
    assert len(found.sessions) == number


def test_sessions_and_tasks_that_a_log_names_are_taken() -> None:
    """A session may go on beside another one."""
    rows = [f"2026-03-02T22:5{at}:00Z,{'ab'[at % 2]},{'xyz'[at % 3]},100,1" for at in range(6)]
    found = spend(read_log(table(*rows, titles="time,session,task,input,output")))
    assert [(each.name, each.sums.requests) for each in found.sessions] == [("a", 3), ("b", 3)]
    assert sorted((name, sums.requests) for name, sums in found.tasks) == [("x", 2), ("y", 2), ("z", 2)]
    assert len(found.cells) == 6


def test_a_log_of_one_row_and_one_of_pauses_only_are_whole() -> None:
    """There is nothing to compare, and nothing divides by zero."""
    one = spent(ROWS[0])
    assert (one.sums.each, len(one.sessions), one.trend) == (330, 1, None)
    none = spent(minute(0, 0, 0, 0), minute(1, 0, 0, 0), daily=5)
    assert (none.sums, list(none.days), none.active) == ((0, 0, 0), [], 0)
    for log in (table(ROWS[0]), table(minute(0, 0, 0, 0))):
        assert advise(spend(read_log(log), 5)) is not None


def test_a_row_that_is_being_written_is_left_out_and_said() -> None:
    """Only the very last one may be."""
    log = read_log(table(*ROWS)[:-30])
    assert (len(log.times), log.notes) == (6, ("the last row is not whole, and was left out",))


_cells = st.tuples(st.integers(0, 3_000), st.integers(0, 9), st.integers(0, 10**6), st.integers(0, 10**6))


@given(st.lists(_cells, min_size=1, max_size=30), st.integers(0, 10**7))
def test_whatever_is_told_apart_adds_up(rows: list[tuple[int, int, int, int]], daily: int) -> None:
    """Days, sessions, models and cells each have the sums of all rows."""
    log = Log(*_columns(rows), [], [], 60, ())
    found = spend(log, daily)
    total = tuple(sum(column) for column in (log.requests, log.inputs, log.outputs))
    assert found.sums == total
    for parts in (found.days, found.sessions, found.cells):
        assert tuple(map(sum, zip((0, 0, 0), *(each.sums for each in parts), strict=True))) == total
    assert found.active == sum(day.after - day.first for day in found.days)
    advise(found)


def _columns(rows: list[tuple[int, int, int, int]]) -> tuple[list[float], list[int], list[int], list[int], list[str]]:
    rows = sorted(rows)
    times = [START.timestamp() + 60 * row[0] for row in rows]
    names = ["ab"[row[1] % 2] for row in rows]
    return times, [row[1] for row in rows], [row[2] for row in rows], [row[3] for row in rows], names


def test_advice_shows_the_arithmetic_of_its_figures() -> None:
    """What is saved at least, by rows, and what that leaves of the day's limit."""
    rows = [minute(0, 2, 60_000, 200), minute(1, 1, 10_000, 400), minute(40, 1, 9_000, 700)]
    found = spend(read_log(table(*rows)), 80_000)
    named = {each.title: each for each in advise(found)}
    sent = named["What is sent is the cost, not what comes back"]
    assert sent.saved == 60_000 - 2 * 15_000
    assert sent.arithmetic[-1] == "2026-03-02: 80,300 - 30,000 = 50,300, 62.9 % of the limit"
    limit = named["The daily limit was near on 1 of 1 day, and reached on 1"]
    assert limit.arithmetic == (
        "2026-03-02: 80,300 of 80,000 is 100.4 %; 80 % at 22:51, all of it at 23:30, 39 min later",
    )
    assert "1 session: 70,600 / 3 = 23,533 a request" in "".join(
        named["Requests of later sessions cost less"].arithmetic
    )
    small = named["Small answers need no large model"]
    assert small.saved == 60_200
    assert small.arithmetic[0].startswith("2 of 4 requests")
