"""Counting on the page, in Chromium: while somebody types, with slow replies, at limits, in large texts."""

import random
import re

import pytest
from playwright.sync_api import Page, Route, expect

from loopflow.tokens import count
from tests.support.live_page import Live, Open, answer_later
from tests.support.oracle import count_text

pytestmark = pytest.mark.browser
TEXTS = [
    "hello world",
    "a\r\nb\rc\n\r\n",
    "<|endoftext|> <script>hit()</script> {{7*7}} <img src=x onerror=hit()>",
    "שלום עולם\nمرحبا, and back",  # noqa: RUF001
    "👩‍👩‍👧 ไทย\u200b\ufeff日本語\x00\x07",
    " " * 1_000_000,
    "a" * 300_000,
]
# Notes each number that is shown, with the text that it stands beside.
NOTED = """() => {
  window.noted = [];
  const total = document.querySelector("#total");
  new MutationObserver(() => window.noted.push(Number(total.textContent.replaceAll(",", "")))).observe(
    total, { childList: true, characterData: true, subtree: true });
}"""


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_counts_are_those_of_tiktoken(open_page: Open, text: str) -> None:
    """Carriage returns, markup, right to left, what cannot be seen, a million blanks; in both encodings."""
    live = open_page()
    paste(live.page, text)
    expect(live.page.locator("#total")).to_have_text(f"{count(text):,}", timeout=20_000)
    assert live.await_exact() == count(text)
    live.page.get_by_label("cl100k_base").check(force=True)
    assert live.await_exact() == count(text, "cl100k_base")
    if len(text) < 1_000:
        assert live.total == count_text(text, "cl100k_base")
    assert live.number("bytes") == len(text.encode())
    assert live.number("characters") == len(text)


def test_half_characters_are_said_to_be_counted_as_others(open_page: Open) -> None:
    live = open_page()
    live.page.locator(".cm-content").focus()
    live.page.evaluate("document.execCommand('insertText', false, 'a' + String.fromCharCode(0xd83d) + 'b')")
    assert live.await_exact() == count("a\ufffdb")
    expect(live.page.locator("#lone")).to_contain_text("1 half character")


def type_and_note(live: Live, keys: int, every: int) -> list[int]:
    """Type words, one key after the other; return the numbers that were shown."""
    live.page.evaluate(NOTED)
    live.page.locator(".cm-content").focus()
    for number in range(keys):
        live.page.keyboard.type("a " if number % 5 == 4 else "b")
        live.page.wait_for_timeout(every)
    noted: list[int] = live.page.evaluate("window.noted")
    return noted


def test_fast_keys_and_slow_replies(open_page: Open) -> None:
    """200 keys with replies after 0 to 2 seconds: numbers only grow as the text does, and end on the right one."""
    chance = random.Random(3)  # noqa: S311  the same each time
    live = open_page()
    answer_later(live, lambda: chance.uniform(0, 2_000))
    type_and_note(live, 200, 5)
    expected = count("".join("a " if number % 5 == 4 else "b" for number in range(200)))
    expect(live.page.locator("#total")).to_have_text(f"{expected:,}", timeout=20_000)
    live.await_exact()
    live.page.wait_for_timeout(2_500)  # whatever was still on its way
    noted = live.page.evaluate("window.noted")
    assert live.total == expected
    assert noted == sorted(noted)


def test_slow_replies_still_show_while_typing(open_page: Open) -> None:
    """Each reply takes longer than the longest pause between keys: newer numbers come all the same."""
    live = open_page()
    answer_later(live, lambda: 700)
    noted = type_and_note(live, 100, 40)
    assert len(noted) >= 3
    assert noted == sorted(noted)
    live.await_exact()


def test_a_reply_that_never_comes_is_asked_for_again(open_page: Open) -> None:
    """After a time; until then the number is dimmed, and what is shown says that it is being counted."""
    live = open_page(before=lambda page: page.clock.install())
    live.page.clock.run_for(1_000)
    held: list[Route] = []
    hold = lambda route: held.append(route)  # noqa: E731, PLW0108  builtins take no marks
    live.page.route("**/v1/count/batch", hold, times=1)
    live.write("hello world")
    live.page.clock.run_for(500)
    expect(live.page.locator("#card")).to_have_class(re.compile("busy"))
    live.await_status("counting")
    assert live.total == 0
    live.page.clock.run_for(20_000)
    live.await_status(re.compile("as it was at"))
    live.page.clock.run_for(1_500)
    expect(live.page.locator("#total")).to_have_text("2")
    assert len(held) == 1


def test_windows(open_page: Open) -> None:
    """89.9, 90.0, 100.0 and 100.1 %, each by its own encoding, with the word and what is left."""
    live = open_page()
    seen = []
    for tokens in (115_199, 115_200, 128_000, 128_001):
        live.page.locator(".cm-content").focus()
        live.page.keyboard.press("Control+a")
        live.write("a" + " b" * (tokens - 1))
        assert live.await_exact() == tokens
        seen.append(live.window("gpt-4o"))
        assert seen[-1] == live.window("gpt-4-turbo")
    assert seen == [
        ("89.9 %", "fits", "12,801 left"),
        ("90.0 %", "near the limit", "12,800 left"),
        ("100.0 %", "near the limit", "0 left"),
        ("100.1 %", "too many", "1 over"),
    ]
    assert live.window("other tokenizers") == ("64.0 %", "fits", "71,999 left")
    live.page.fill("#room", "30k")
    assert live.window("other tokenizers") == ("79.0 %", "in the reserve", "41,999 left")
    live.page.fill("#limit", "158_001")
    assert live.window("your limit") == ("100.0 %", "near the limit", "0 left")
    live.page.fill("#limit", "nonsense")
    expect(live.page.locator("#limit")).to_have_attribute("aria-invalid", "true")


LARGE = "def total(lines, rate):\n    return sum(line.amount * rate for line in lines)\n\n"


def paste(page: Page, text: str) -> None:
    """Paste as a browser does."""
    page.locator(".cm-content").focus()
    page.evaluate(
        """(text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", text);
      const pasted = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
      document.querySelector(".cm-content").dispatchEvent(pasted);
    }""",
        text,
    )


@pytest.mark.parametrize("separator", ["\n", " "], ids=["lines", "one line"])
def test_five_megabytes(open_page: Open, separator: str) -> None:
    """Exact, in lines or in one; a key afterwards costs one request, and undo none."""
    text = (LARGE * (5_000_000 // len(LARGE))).replace("\n", separator)
    live = open_page()
    paste(live.page, text)
    live.page.wait_for_timeout(500)
    assert live.await_exact(60_000) == count(text)
    asked = len(live.requests)
    live.page.keyboard.press("Control+Home")
    live.page.keyboard.type("x")
    live.page.wait_for_timeout(600)
    assert live.await_exact(60_000) == count("x" + text)
    assert len(live.requests) == asked + 1
    live.page.keyboard.press("Control+z")
    live.page.wait_for_timeout(600)
    assert live.await_exact(60_000) == count(text)
    assert len(live.requests) == asked + 1


def test_a_line_that_is_too_long_for_a_request(open_page: Open) -> None:
    """What the service would not take is said, and all else is counted."""
    live = open_page()
    paste(live.page, "hello\n" + "word " * 1_700_000)
    live.await_status(
        re.compile("incomplete: 8,5.*without a line that they could be cut at.*; put it into a file"), 60_000
    )
    live.page.keyboard.press("Control+a")
    live.write("hello world")
    live.await_status(re.compile("exact"))
    assert live.total == 2


def test_what_is_selected_by_itself(open_page: Open) -> None:
    """A selection within a line, and one over whole segments, which asks for its ends only."""
    live = open_page()
    paste(live.page, LARGE * 1_000)
    live.page.wait_for_timeout(300)
    live.await_exact()
    live.page.keyboard.press("Control+Home")
    for _ in range(9):
        live.page.keyboard.press("Shift+ArrowRight")
    expect(live.page.locator("#selection")).to_have_text(str(count("def total")))
    sent = len([each for each in live.requests if "batch" in each.url])
    live.page.keyboard.press("Control+Shift+End")
    live.page.keyboard.press("Shift+ArrowLeft")
    expect(live.page.locator("#selection")).to_have_text(f"{count((LARGE * 1_000)[:-1]):,}")
    assert len([each for each in live.requests if "batch" in each.url]) <= sent + 2


def test_what_has_changed_since(open_page: Open) -> None:
    live = open_page()
    live.write("one two three")
    live.await_exact()
    live.page.click("#pin")
    live.page.locator(".cm-content").focus()
    live.page.keyboard.press("Control+End")
    live.write(" four five")
    expect(live.page.locator("#difference")).to_have_text(re.compile(r"\+2 since 3"))
    expect(live.page.locator("#speech")).to_have_text("5 tokens. +2 since 3")
    live.page.keyboard.press("Control+a")
    live.page.keyboard.press("Delete")
    expect(live.page.locator("#difference")).to_have_text(re.compile("3 since 3"))
    live.page.click("#pin")
    expect(live.page.locator("#difference")).to_be_hidden()


def test_dropped_files(open_page: Open) -> None:
    """One into an empty text is edited, several are listed with the largest first, what is no text is refused."""
    live = open_page()
    live.drop(("a.txt", "hello world"))
    expect(live.page.locator(".cm-content")).to_contain_text("hello world")
    assert live.await_exact() == 2
    live.drop(("small.txt", "one"), ("large.txt", "one two three four"), ("raw.bin", b"\0\1"))
    expect(live.page.locator("#file-list .count")).to_have_text(["4", "1"])
    assert live.await_exact() == 7
    expect(live.page.get_by_role("alert")).to_contain_text("raw.bin\u2069 is binary")
    live.drop(("b.txt", " again"), onto=".cm-line")
    expect(live.page.locator(".cm-content")).to_contain_text("again")
    live.page.get_by_role("button", name="Remove large.txt").click()
    expect(live.page.locator("#file-list .count")).to_have_text(["1"])
    assert live.await_exact() == 2 + 1 + 1


def test_many_files_come_together(open_page: Open) -> None:
    """They are counted and drawn as they are read, not each by itself."""
    live = open_page()
    live.page.evaluate("""() => {
      window.drawn = 0;
      const list = document.querySelector("#file-list");
      new MutationObserver(() => { window.drawn += 1; }).observe(list, { childList: true });
    }""")
    live.drop(*((f"{number}.txt", f"number {number}\n") for number in range(300)))
    expect(live.page.locator("#file-list li")).to_have_count(300)
    assert live.await_exact() == sum(count(f"number {number}\n") for number in range(300))
    assert live.page.evaluate("window.drawn") < 150


def test_a_name_turns_no_sentence_round(open_page: Open) -> None:
    """A mark of direction in the name of a file ends with the name."""
    live = open_page()
    live.drop(("raw\u202etxt.bin", b"\0"))
    alert = live.page.get_by_role("alert")
    expect(alert).to_contain_text("is binary")
    assert re.match("\u2068raw.*\u2069 is binary", alert.inner_text())


def test_drop_50_mb(open_page: Open) -> None:
    """Counted beside the text, in segments; more than that is refused, with what to do instead."""
    line = "line of a log: 0123456789 GET /index.html 200\n"
    live = open_page()
    live.page.evaluate(
        """([line, times]) => {
      const given = new DataTransfer();
      given.items.add(new File([line.repeat(times)], "fits.log"));
      given.items.add(new File([line.repeat(times + 200_000)], "too-large.log"));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true }));
    }""",
        [line, 50_000_000 // len(line)],
    )
    expect(live.page.get_by_role("alert")).to_contain_text("refer to it with @[file:PATH]")
    live.page.wait_for_timeout(1_000)
    assert live.await_exact(120_000) == count(line * (50_000_000 // len(line)))


def test_two_tabs_know_nothing_of_each_other(open_page: Open) -> None:
    one, other = open_page(), open_page()
    one.write("hello world")
    other.write("a b c")
    assert (one.await_exact(), other.await_exact()) == (2, 3)
