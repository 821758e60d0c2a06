"""The page's modules by themselves, in Chromium: grammar, segments, tokens, figures."""

import json
import random
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from loopflow.service.parsing import parse
from loopflow.tokens import count
from tests.support.oracle import count_text
from tests.support.serve import Server

pytestmark = pytest.mark.browser
PIECES = [
    "a",
    " ",
    "\n",
    "\n\n",
    "/",
    "\t",
    "\r\n",
    "é",
    "😀",
    "\ud83d",
    "\x85",
    "\x1c",
    "\ufeff",
    "\u2028",
    "word ",
    "x\n" * 900,
    "line\n" * 4_000,
]


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """Return a page of the service, with `load(name)` for its modules."""
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.evaluate("window.load = (name) => import(new URL(name, document.querySelector('script[data-most]').src)); 0")
    yield page
    page.close()


def test_the_page_parses_as_the_service_does(page: Page) -> None:
    """One table of cases; and texts at random of what the grammar is made of."""
    table = json.loads(Path(__file__).with_name("references.json").read_text("utf-8"))
    chance = random.Random(7)  # noqa: S311  the same each time
    bits = ["@[", "file:", "var:", "api:", "]", "\\", "\\]", "\n", "\r", "a", "😀", "x" * 4_094, "é" * 2_050, "@"]
    texts = ["".join(chance.choices(bits, k=chance.randrange(1, 12))) for _ in range(3_000)]
    found = page.evaluate(
        """async (texts) => {
      const { parse } = await load("parse.js");
      return texts.map((text) => parse(text).map((part) => typeof part === "string" ? part : [part.kind, part.target]));
    }""",
        [case["text"] for case in table] + texts,
    )
    assert found[: len(table)] == [case["parts"] for case in table]
    expected = [[part if isinstance(part, str) else [part.kind, part.target] for part in parse(text)] for text in texts]
    assert found[len(table) :] == expected


def test_many_beginnings_take_no_time(page: Page) -> None:
    """Two megabytes of beginnings without an end are looked at once."""
    parts = page.evaluate("""async () => {
      const { parse } = await load("parse.js");
      return parse("@[file:".repeat(300_000)).length + parse("\\\\".repeat(300_000) + "@[var:x").length;
    }""")
    assert parts == 2


MEASURED = "async (texts) => texts.map((await load('anatomy.js')).measure)"
SHARES = """async (cases) => {
  const { percent } = await load("numbers.js");
  return cases.map((each) => percent(...each));
}"""
EDITED = """async ([seed, pieces]) => {
  const { change, split } = await load("segments.js");
  let state = seed;
  const chance = (most) => { state = (state * 1103515245 + 12345) % 2147483648; return state % most; };
  const border = (text, at) => text[at - 1] === "\\n" && /[^\\s/\\x1c-\\x1f\\x85]/.test(text[at]);
  let text = pieces.at(-1).repeat(8);
  let list = split((from, to) => text.slice(from, to), 0, text.length);
  let kept = 0;
  for (let step = 0; step < 150; step += 1) {
    const places = Array.from({ length: 2 * (1 + chance(3)) }, () => chance(text.length + 1)).sort((a, b) => a - b);
    const changes = [];
    let next = "";
    let done = 0;
    for (let at = 0; at < places.length; at += 2) {
      const [from, to] = [places[at], chance(15) ? Math.min(places[at] + chance(9), places[at + 1]) : places[at + 1]];
      if (changes.length && from <= changes.at(-1).to) continue;
      const inserted = pieces[chance(pieces.length)];
      next += text.slice(done, from) + inserted;
      done = to;
      changes.push({ from, to, inserted: inserted.length });
    }
    const before = new Map();
    let start = 0;
    for (const each of list) { before.set(each, text.slice(start, start + each.length)); start += each.length; }
    text = next + text.slice(done);
    list = change(list, changes, (from, to) => text.slice(from, to));
    let at = 0;
    for (const each of list) {
      if (!each.length) return `step ${step}: an empty segment`;
      if (at && !border(text, at)) return `step ${step}: a border at ${at} that is none`;
      if (before.has(each)) {
        kept += 1;
        if (before.get(each) !== text.slice(at, at + each.length)) return `step ${step}: kept, and another text`;
      }
      at += each.length;
    }
    if (at !== text.length) return `step ${step}: ${at} of ${text.length}`;
  }
  return kept > 200 ? [text.toWellFormed(), list.map((each) => each.length)] : `only ${kept} were kept`;
}"""


@pytest.mark.parametrize("seed", range(6))
def test_borders_after_random_edits(page: Page, seed: int) -> None:
    """Every border is safe, every segment that was kept is the text it was, and counts add up to that of the whole."""
    found = page.evaluate(EDITED, [seed, PIECES])
    assert not isinstance(found, str), found
    text, lengths = found
    units = text.encode("utf-16-le")
    segments, at = [], 0
    for length in lengths:
        segments.append(units[2 * at : 2 * (at + length)].decode("utf-16-le"))
        at += length
    for encoding in ("o200k_base", "cl100k_base"):
        assert sum(count(segment, encoding) for segment in segments) == count_text(text, encoding)


def test_a_key_makes_one_segment_unknown(page: Page) -> None:
    """In five megabytes, wherever it is typed."""
    unknown = page.evaluate("""async () => {
      const { change, split } = await load("segments.js");
      const text = "def f(x):\\n    return x\\n".repeat(220_000);
      const list = split((from, to) => text.slice(from, to), 0, text.length);
      const counts = [];
      for (const at of [0, 1, 2_500_000, text.length - 1, text.length, list[0].length]) {
        const next = text.slice(0, at) + "x" + text.slice(at);
        const after = change(list, [{ from: at, to: at, inserted: 1 }], (from, to) => next.slice(from, to));
        counts.push(after.filter((each) => !list.includes(each)).length);
      }
      return [list.length, Math.max(...counts)];
    }""")
    assert unknown[0] > 200
    assert unknown[1] <= 2


def test_figures_of_a_text(page: Page) -> None:
    """Characters are code points, bytes those of UTF-8, words what stands between white space."""
    texts = ["", "a b  c\n", "é😀\u00a0x", "\ud83dx", "日本 語\u3000だ", "\t\r\n", "ok\x85no"]
    found = page.evaluate(MEASURED, texts)
    for text, figures in zip(texts, found, strict=True):
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        assert figures["characters"] == len(whole)
        assert figures["bytes"] == len(whole.encode())
        assert figures["words"] == len(re.findall(r"\S+", text))
        assert figures["lone"] == sum(0xD800 <= ord(char) < 0xE000 for char in text)


def test_tokens_cover_the_text(page: Page, server: Server) -> None:
    """Whole or in windows: each place belongs to one unit, neighbours differ, and ids are those of the service."""
    text = "Héllo wörld 👩‍👩‍👧 ไทย\n\n    日本語 x" * 40
    _, told = server.ask("POST", "/v1/tokens", {"text": text})
    units: list[dict[str, Any]] = page.evaluate(
        "async ([text, told]) => (await load('tokens.js')).unitsOf(text, told, 0, 0)", [text, told]
    )
    assert [id_ for unit in units for id_ in unit["ids"]] == told["ids"]
    assert [unit["from"] for unit in units] == [0, *(unit["to"] for unit in units[:-1])]
    assert units[-1]["to"] == len(text.encode("utf-16-le")) // 2
    assert all(one["colour"] != other["colour"] for one, other in pairwise(units))
    start = len(text[:100].encode())
    _, part = server.ask("POST", "/v1/tokens", {"text": text, "start": start, "end": start + 200})
    at = len(text[:100].encode("utf-16-le")) // 2
    within = page.evaluate(
        "async ([text, told, at, start]) => (await load('tokens.js')).unitsOf(text, told, at, start)",
        [text, part, at, start],
    )
    whole = {(unit["from"], unit["to"], tuple(unit["ids"]), unit["index"]) for unit in units}
    assert within
    assert {(unit["from"], unit["to"], tuple(unit["ids"]), unit["index"]) for unit in within} <= whole


def test_shares_never_round_to_a_limit(page: Page) -> None:
    cases = [
        (0, 10),
        (1, 100_000),
        (899, 1_000),
        (89_999, 100_000),
        (90_000, 100_000),
        (99_999, 100_000),
        (1, 1),
        (100_001, 100_000),
        (20, 10),
    ]
    shown = page.evaluate(
        SHARES,
        cases,
    )
    assert shown == ["0.0 %", "< 0.1 %", "89.9 %", "89.9 %", "90.0 %", "99.9 %", "100.0 %", "100.1 %", "200.0 %"]
