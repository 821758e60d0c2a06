"""Where the tokens of logs are: exact to the token, whatever is in them and however they are read."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.charts.terminal import ASCII, Palette, Terminal
from loopflow.cli.main import loopflow
from loopflow.errors import LoopflowError
from loopflow.logs import distribution as sums
from loopflow.logs import profiling
from loopflow.logs.distribution import Distribution, Label, Sums
from loopflow.logs.gathering import Input, gather
from loopflow.logs.model import LogRequest, Priority
from loopflow.logs.profiling import make_template, profile_logs
from loopflow.logs.render.distribution_html import render_html
from loopflow.logs.render.distribution_json import render_json
from loopflow.logs.render.distribution_text import render_text
from loopflow.tokens import create_counter
from tests.support.examples import some
from tests.support.run import Result, run
from tests.support.schema import complaints

ENCODINGS = ("o200k_base", "cl100k_base")
TRACE = b"""Traceback (most recent call last):
  File "/srv/app.py", line 3, in <module>
    raise ValueError("marzipan")
ValueError: marzipan
"""
PARTS = [
    b"INFO GET /items/17 took 3 ms\n",
    b"  indented\n",
    b"/usr/bin/cc -c a.c\n",
    b"/src/a.c:3:1: error: expected a rutabaga\n",
    b"\n",
    b"\r\n",
    b" \n",
    b"error: it failed\n",
    b"10%\r50%\r100%\n",
    b"\x1b[31mERROR\x1b[0m: red\n",
    b"\xff\xfe\x80 not UTF-8 \xe2\x82\n",
    b'{"level":"error","service":"api","msg":"gone","stack":"Error: gone\\n  at f (a.js:1:2)"}\n',
    "déjà vu 日本 🙂\n".encode(),
    b"<|endoftext|>\n",
    b"##[error]Process completed with exit code 1.\n",
    b"2025-03-01T10:00:00.1234567Z stamped\n",
    b"[L1-2 ERR-7K3QF2A4MX] ours\n",
    TRACE,
]
LOGS = st.lists(st.one_of(st.sampled_from(PARTS), st.binary(max_size=12)), max_size=60).map(b"".join)


def count(*logs: bytes, size: int = 0, encoding: str = "o200k_base") -> Distribution:
    """Return where the tokens of logs are that are read in pieces of `size` bytes."""
    inputs = [Input(f"{at}.log", "", io.BytesIO(log)) for at, log in enumerate(logs)]
    return profile_logs(inputs, LogRequest(1, read_size=size), create_counter(encoding))


def label_of(found: Distribution, template: str) -> Label:
    """Return the label with this template."""
    [label] = [share.label for share in found.shares if share.label.template == template]
    return label


def texts(found: Distribution, terminal: Terminal, *, verbose: bool = False) -> list[str]:
    return list(render_text(found, terminal, verbose=verbose))


def screen(width: int | None, height: int | None = None) -> Terminal:
    return Terminal(width, ASCII, Palette(colour=False), height)


@pytest.mark.parametrize("encoding", ENCODINGS)
@some(12)
@given(logs=st.lists(LOGS, min_size=1, max_size=3), size=st.sampled_from([0, 7, 64, 997]))
def test_all_sums_are_the_count_of_the_whole(encoding: str, logs: Sequence[bytes], size: int) -> None:
    """By template and by tenth, of one log and of several, in both encodings."""
    found = count(*logs, size=size, encoding=encoding)
    inputs = [Input("a.log", "", io.BytesIO(log)) for log in logs]
    lines = sum(source.lines for source in found.sources)
    assert found.tokens == gather(inputs, LogRequest(1), create_counter(encoding)).tokens
    assert sum(share.tokens for share in found.shares) == found.tokens
    assert sum(part.tokens for part in found.tenths) == found.tokens
    assert found.lines == sum(share.lines for share in found.shares) == lines


@some(12)
@given(log=LOGS, size=st.sampled_from([1, 7, 64, 997]))
def test_the_size_of_a_read_changes_nothing(log: bytes, size: int) -> None:
    """Neither what lines belong to, nor any number."""
    assert count(log, size=size) == count(log)


def test_a_line_has_the_label_of_its_block() -> None:
    """Lines of a failure are of its priority and recogniser, however plain they look; others are verbose."""
    found = count(b"starting\n" * 5 + TRACE + b"stopped\n" * 9)
    assert label_of(found, "Traceback (most recent call last):") == Label(
        Priority.CRITICAL, "", "traceback", "Traceback (most recent call last):"
    )
    assert label_of(found, "ValueError: marzipan")[:3] == (Priority.CRITICAL, "", "traceback")
    assert label_of(found, "stopped")[:3] == (Priority.VERBOSE, "", "")


def test_lines_that_cannot_be_cut_off_go_with_what_matters_most() -> None:
    """A line that begins with a slash is one piece with those around it: an error in it is not lost among them."""
    found = count(b"cc a.c\n/usr/lib\n/src/a.c:3:1: error: expected a rutabaga\nready\n")
    shares = [
        (share.label.priority, share.lines) for share in found.shares if "rutabaga" in (share.label.template or "")
    ]
    assert shares == [(Priority.CRITICAL, 3)]


def test_components_are_told() -> None:
    """What a logger says who writes is a level of its own; lines without have none."""
    log = b"".join(
        b'{"level":"info","service":"%b","msg":"went on"}\n' % name for name in [b"api", b"db"] for _ in range(20)
    )
    found = count(log)
    assert {(each.name, each.lines) for each in found.sum_by(lambda label: label.component)} == {
        ("api", 20),
        ("db", 20),
    }
    shown = texts(found, screen(None))
    assert [line for line in shown if line.endswith(("|-api", "`-db"))] != []


def test_a_record_that_came_in_parts_is_one() -> None:
    """The parts before the last, of which nothing is made, belong to what is made of all of them."""
    log = b"".join(
        b'{"log":"%b","stream":"stdout","time":"2025-03-01T10:00:00Z"}\n' % text
        for text in [b"fine\\n"] * 10 + [b"error: it ", b"failed\\n"] + [b"fine\\n"] * 10
    )
    found = count(log)
    assert label_of(found, "error: it failed").priority is Priority.CRITICAL
    assert [share.lines for share in found.shares if share.label.template == "error: it failed"] == [2]


@pytest.mark.parametrize("size", [997, 65_536, 0])
def test_a_block_without_an_end_is_told_as_it_stands(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held of it is bounded, at places that reading does not move: the numbers are the same."""
    monkeypatch.setattr(profiling, "MOST_HELD", 10_000)
    log = TRACE.splitlines(keepends=True)[0] + b"  File x, line 3, in f\n    g()\n" * 20_000 + b"ValueError: x\n"
    held: list[int] = []

    class Watched(profiling.Labels):
        def settle(self, *, is_mark: bool) -> None:
            super().settle(is_mark=is_mark)
            held.append(len(self._held))

    monkeypatch.setattr(profiling, "Labels", Watched)
    found = count(log, size=size)
    assert max(held) <= 10_000 + 8_192
    assert found == count(log, size=16_384)
    assert found.tokens == create_counter("o200k_base").count([log.decode()])[0]


def test_a_silent_stream_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of others are told while one is silent whose last lines a block could still take."""
    monkeypatch.setattr(profiling, "MOST_HELD", 10_000)
    log = b"a-1  | begins\n" * 40 + b"b-1  | goes on\n" * 50_000 + b"a-1  | error: it failed\n"
    found = count(log)
    assert found.lines == 50_041
    assert label_of(found, "error: it failed").priority is Priority.CRITICAL


def test_templates_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes after there are enough is one row, and what a template has is still exact."""
    monkeypatch.setattr(sums, "MOST_TEMPLATES", 3)
    found = count("".join(f"{name}\n" for name in ["one", "two", "three", "four", "five", "one", "six"]).encode())
    lines = {share.label.template: share.lines for share in found.shares}
    assert lines == {"one": 2, "two": 1, "three": 1, None: 3}
    assert any("(other lines)" in line for line in texts(found, screen(None)))


def test_components_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of them is one, which says so."""
    monkeypatch.setattr(sums, "MOST_COMPONENTS", 2)
    added = Sums()
    for name in ["a", "b", "c", "d", "a"]:
        added.add(Label(Priority.LOW, name, "", "x"), 1, 2)
    assert {(share.label.component, share.tokens) for share in added.shares()} == {
        ("a", 4),
        ("b", 2),
        ("(other components)", 4),
    }


@some(30)
@given(st.lists(st.tuples(st.integers(1, 30_000), st.integers(0, 9)), max_size=30))
def test_tenths_hold_every_line_once(pieces: Sequence[tuple[int, int]]) -> None:
    """Each begins where the one before ends, and none is far from a tenth."""
    added = Sums()
    for lines, tokens in pieces:
        added.add(Label(Priority.LOW, "", "", ""), lines, tokens)
    parts = added.tenths()
    assert sum(part.tokens for part in parts) == added.tokens
    assert [part.first for part in parts] == [1, *(part.last + 1 for part in parts[:-1])][: len(parts)]
    assert not parts or parts[-1].last == added.lines


@pytest.mark.parametrize(
    ("line", "template"),
    [
        ("GET /items/17 took 3.5 ms", "GET /items/<*> took <*>"),
        ("id 3f2b8c1d9e0a ok", "id <*> ok"),
        ("  HTTP/1.1 500  in   12s ", "HTTP/<*> in <*>"),
        ("x" * 500, "x" * 200),
        ("", ""),
    ],
)
def test_a_template_is_a_line_without_what_varies(line: str, template: str) -> None:
    """Numbers, ids and times are wild, and white space is one blank."""
    assert make_template(line) == template


def test_what_cannot_be_counted_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers that are not exact are none."""
    monkeypatch.setattr("loopflow.logs.pieces.LONGEST_STRETCH", 1_000)
    with pytest.raises(LoopflowError, match="too long to be counted exactly"):
        count(b" \n" * 2_000)


@pytest.mark.parametrize("logs", [[b""], [b"one line"], [TRACE * 30], [b"a\n", b"", TRACE], [b"\xff\n" * 30]])
def test_the_schema_describes_what_is_printed(logs: Sequence[bytes]) -> None:
    """And it is closed: nothing is printed that it does not know."""
    printed = render_json(count(*logs))
    assert complaints(json.loads(printed), "logs-profile") == []
    assert printed.isascii()


def test_the_schema_refuses_what_is_not_known() -> None:
    """So that the test before can fail."""
    document = json.loads(render_json(count(TRACE)))
    assert complaints({**document, "more": 1}, "logs-profile") != []
    document["templates"][0]["tokens"] = -1
    assert complaints(document, "logs-profile") != []


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_lines_fit_the_screen(width: int) -> None:
    """At every width, and what matters most is there however few its tokens are."""
    found = count(b"INFO something quite ordinary was said at some length, 17 times\n" * 3_000 + TRACE)
    shown = texts(found, screen(width, 24))
    assert max(map(len, shown)) <= width
    assert len(shown) <= 48
    assert any("critical" in line for line in shown)


def test_every_priority_stays_when_rows_are_folded() -> None:
    """A failure of few tokens is a row, while thousands of kinds of lines are not; with -v all are."""
    names = ["".join(pair) for pair in zip("abcdefghijklmnop" * 16, sorted("abcdefghijklmnop" * 16), strict=True)]
    found = count("".join(f"{name} was said about something quite ordinary\n" for name in names).encode() * 9 + TRACE)
    assert any(line.endswith("critical") for line in texts(found, screen(80, 24)))
    folded, whole = texts(found, screen(None)), texts(found, screen(None), verbose=True)
    assert "smaller rows are folded" in "".join(folded)
    assert len(whole) > 256 > len(folded)


def test_hostile_lines_cannot_act() -> None:
    """Log text is escaped on a screen and on a page."""
    found = count("\u202eevil ##[error]x <script>alert(1)</script>\n".encode() * 3)
    shown = "\n".join(texts(found, screen(None)))
    assert "\u202e" not in shown
    assert "##[" not in shown
    assert "<script>alert" not in "".join(render_html(found))
    assert "##[" not in render_json(found)


def logs(*arguments: str, here: Path, stdin: bytes = b"") -> Result:
    return run(
        "logs", *arguments, cwd=here, env={"LOOPFLOW_DATA_DIR": str(here / "data")}, stdin=stdin, command=loopflow
    )


def test_both_commands_say_the_same(tmp_path: Path) -> None:
    """`distribution FILE` is `FILE --profile`, and - is standard input."""
    (tmp_path / "a.log").write_bytes(TRACE * 9)
    first, second = logs("a.log", "--profile", here=tmp_path), logs("distribution", "a.log", here=tmp_path)
    assert (first.code, first.out, first.err) == (0, second.out, "")
    assert "Total: " in first.out
    piped = logs("-", "--profile", here=tmp_path, stdin=TRACE * 9)
    assert piped.out == first.out.replace("a.log", "standard input")
    assert not (tmp_path / "data").exists()


def test_a_profile_is_judged(tmp_path: Path) -> None:
    """The verdict is that of a digest, and the exit code too."""
    (tmp_path / "a.log").write_bytes(b"one two\n" * 100)
    over = logs("a.log", "--profile", "--check", "--budget", "200", here=tmp_path)
    assert (over.code, over.err) == (
        1,
        "loopflow logs: warning: FAIL a.log: 300 tokens, 100 more than the budget of 200\n",
    )
    within = logs("a.log", "--profile", "--check", "--budget", "300", here=tmp_path)
    assert (within.code, within.err) == (0, "loopflow logs: ok a.log: 300 of 300 tokens\n")
    assert logs("a.log", "--profile", "--check", "--budget", "300", "-q", here=tmp_path).err == ""


def test_a_profile_goes_to_a_file(tmp_path: Path) -> None:
    """With `-o`, and never to the log itself."""
    (tmp_path / "a.log").write_bytes(TRACE)
    done = logs("a.log", "--profile", "--format", "json", "-o", "a.json", here=tmp_path)
    assert (done.code, done.out) == (0, "")
    assert complaints(json.loads((tmp_path / "a.json").read_text("utf-8")), "logs-profile") == []
    assert logs("a.log", "--profile", "-o", "a.log", here=tmp_path).code == 2
    assert (tmp_path / "a.log").read_bytes() == TRACE


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--profile", "--no-count-input"], "leave one of them out"),
    ],
)
def test_what_makes_no_sense_says_so(options: Sequence[str], said: str, tmp_path: Path) -> None:
    """In one line, with exit code 2."""
    (tmp_path / "a.log").write_bytes(TRACE)
    result = logs("a.log", *options, here=tmp_path)
    assert (result.code, result.out, said in result.err) == (2, "", True)


def test_colours_are_as_asked_for(tmp_path: Path) -> None:
    """Never in a file but with `--color always`."""
    (tmp_path / "a.log").write_bytes(TRACE)
    assert "\x1b" not in logs("a.log", "--profile", here=tmp_path).out
    assert "\x1b[" in logs("a.log", "--profile", "--color", "always", here=tmp_path).out


def test_a_command_is_profiled(tmp_path: Path) -> None:
    """What it prints is counted, and its exit code stays."""
    result = logs("run", "--profile", "--", "sh", "-c", "echo error: it failed; exit 7", here=tmp_path)
    assert result.code == 7
    assert "Total: 5 tokens in 1 line" in result.out
