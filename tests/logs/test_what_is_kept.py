"""What a digest keeps of logs that hide it: behind clean-up, among cascades, beside what is frequent, written over."""

import pytest

from loopflow.logs.model import LogRequest, Priority
from tests.support.hostile_logs import reduced, require_contract


def test_clean_up_after_the_end_of_the_work_changes_nothing() -> None:
    """Thousands of its lines after the line that says that a step failed."""
    log = b"".join(b"compiling part %d of the program\n" % number for number in range(3_000))
    log += b"some reason that no rule knows\nmake: *** [all] Error 2\n"
    text = reduced(log, LogRequest(1_000)).text
    cleaned = reduced(log + b"Removing image x\n" * 5_000, LogRequest(1_000)).text
    for each in (text, cleaned):
        assert "\nsome reason that no rule knows\nmake: *** [all] Error 2\n" in each


@pytest.mark.parametrize(("one", "other"), [("E0308", "E0382"), ("E0001", "E0002")])
def test_errors_that_differ_in_a_code_are_two(one: str, other: str) -> None:
    """Each with a reference of its own."""
    log = f"error[{one}]: mismatched\n\n\n\n\nwords\nwords\nwords\nwords\nerror[{other}]: mismatched\n"
    assert len({each.failure.ref for each in reduced(log.encode(), LogRequest(1_000)).outcomes}) == 2


def test_errors_that_differ_in_the_line_are_one_and_both_lines_are_printed() -> None:
    """What folding hid is named beside it."""
    words = "words of a log\n" * 2_000
    log = f"{words}src/a.c:12:3: error: expected ';'\n{words}src/a.c:99:3: error: expected ';'\n{words}"
    digest = reduced(log.encode(), LogRequest(400))
    assert [(each.failure.count) for each in digest.outcomes if each.failure.block.priority is Priority.CRITICAL] == [2]
    assert "a.c:12" in digest.text
    assert "a.c:99" in digest.text


def test_a_cascade_does_not_hide_the_other_cause() -> None:
    """Four hundred failures of one import, and one other: both are told in full."""
    block = 'Traceback (most recent call last):\n  File "tests/{0}.py", line 3, in <module>\n    import gone\n{1}\n\n'
    blocks = [
        block.format(f"test_{chr(97 + n % 26)}{chr(97 + n // 26)}", "ModuleNotFoundError: No module named 'gone'")
        for n in range(400)
    ]
    blocks[200:200] = [block.format("other", "ValueError: the other cause")]
    digest = reduced("".join(blocks).encode(), LogRequest(2_000))
    require_contract(digest)
    for cause in ("ModuleNotFoundError: No module named 'gone'", "ValueError: the other cause"):
        assert f"    import gone\n{cause}\n" in digest.text


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ("test the error: it fails ... ok", False),
        ("PASSED error: it fails", False),
        ("✓ reports error: it broke", False),
        ("+ echo error: it broke", False),
        ("0 errors, 0 failed", False),
        ("0 errors, 3 failed", True),
        ("[INFO] error: it broke", True),
        ("compiling errors.o", False),
        ("Installing failed-handler", False),
        ("main.c:3: Fehler: nicht deklariert", True),
        ("MAIN.C:3: ERREUR : inconnue", True),
        ("错误: 没有文件", True),
        ("エラー: ファイルがありません", True),
        ("ошибка: нет файла", True),
        ('{"level":50,"msg":"it is so","time":1}', True),
        ('{"level":30,"msg":"it is so","error":null,"time":1}', False),
        ('{"severityNumber":17,"body":"it is so","level":"x"}', True),
    ],
)
def test_words_weigh_what_they_say(line: str, *, is_told: bool) -> None:
    """A failure of critical or high priority, or none."""
    found = reduced(f"{line}\n".encode(), LogRequest(1_000)).outcomes
    assert any(each.failure.block.priority >= Priority.HIGH for each in found) == is_told


def test_what_is_rare_is_kept_beside_what_is_frequent() -> None:
    """Thousands of lines with numbers in them that differ are one kind."""
    lines = [b"request %012x error: client went away" % (number * 0x9E3779B97F) for number in range(4_000)]
    for place in (1_000, 2_000, 3_000):
        lines[place:place] = [b"data corrupt"]
    digest = reduced(b"\n".join(lines), LogRequest(2_000))
    require_contract(digest)
    assert "data corrupt" in digest.text


def test_what_was_written_over_is_shown_where_it_failed() -> None:
    """Of a line with returns: the last part, and each that says that something failed."""
    line = b" 10 %\r 20 %\rerror: disk full\r 30 %\rwarning: slow\rfailed to write\r100 %"
    assert reduced(line, LogRequest(1_000)).text == "error: disk full failed to write 100 %"
