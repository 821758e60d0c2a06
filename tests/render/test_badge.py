"""The badge: what it says, that its colour is not alone in saying it, and that both forms are valid."""

import json
import re
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.model import Reason, Report, Rule, Skipped
from loopflow.render.badge import Badge, draw_badge, render_badge, render_badge_json
from tests.support.profiles import make_report
from tests.support.reports import judged
from tests.support.schema import complaints

SVG = "{http://www.w3.org/2000/svg}"
GAP = Skipped("secret", Reason.UNREADABLE)


def data_of(report: Report) -> dict[str, Any]:
    document: dict[str, Any] = json.loads("".join(render_badge_json(report)))
    assert complaints(document, "badge") == []
    return document


def svg_of(report: Report) -> ET.Element:
    """Read the SVG with an XML parser."""
    return ET.fromstring("".join(render_badge(report)))  # noqa: S314  it is our own


def of_budget(tokens: int, limit: int, warn: Fraction = Fraction(9, 10)) -> Report:
    return judged(make_report({"a.py": tokens}), [Rule("budget", total=limit, warn=warn)])


def test_the_whole_of_a_badge() -> None:
    """An image with a name for who does not see it, two boxes, two texts, nothing to load."""
    assert "".join(render_badge(make_report({"a.py": 401_412_345}))) == (
        '<svg xmlns="http://www.w3.org/2000/svg" width="136.9" height="20" role="img"'
        ' aria-label="401,412,345 tokens">\n'
        "<title>401,412,345 tokens</title>\n"
        '<clipPath id="r"><rect width="136.9" height="20" rx="3"/></clipPath>\n'
        '<g clip-path="url(#r)">\n'
        '<rect width="53.4" height="20" fill="#484848"/>\n'
        '<rect x="53.4" width="83.5" height="20" fill="#0969a8"/>\n'
        "</g>\n"
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11" aria-hidden="true">\n'
        '<text x="6" y="14" textLength="41.4">context</text>\n'
        '<text x="59.4" y="14" textLength="71.5">401M tokens</text>\n'
        "</g>\n"
        "</svg>\n"
    )


def test_the_whole_of_the_data() -> None:
    """What shields.io reads, and no more."""
    assert "".join(render_badge_json(make_report({"a.py": 12_345}))) == (
        '{"schemaVersion": 1, "label": "context", "message": "12.3k tokens", "color": "blue"}\n'
    )


@pytest.mark.parametrize(
    ("tokens", "limit", "message", "colour"),
    [
        (0, 400_000, "0.0% of 400k tokens", "green"),
        (250_000, 400_000, "62.5% of 400k tokens", "green"),
        (299_999, 400_000, "75.0% of 400k tokens", "green"),
        (300_000, 400_000, "75.0% of 400k tokens", "yellowgreen"),
        (359_999, 400_000, "90.0% of 400k tokens", "yellowgreen"),
        (360_000, 400_000, "90.0% of 400k tokens, nearly full", "orange"),
        (399_999, 400_000, ">99.9% of 400k tokens, nearly full", "orange"),
        (400_000, 400_000, "100.0% of 400k tokens, nearly full", "orange"),
        (400_001, 400_000, ">100.0% of 400k tokens, over budget", "red"),
        (1_200_000, 400_000, "300.0% of 400k tokens, over budget", "red"),
        (1, 0, "1 of 0 tokens, over budget", "red"),
        (0, 0, "0 of 0 tokens", "yellowgreen"),
    ],
)
def test_how_full_it_is(tokens: int, limit: int, message: str, colour: str) -> None:
    """Each colour from its first token to its last, and never 100.0% of what is not exactly that."""
    document = data_of(of_budget(tokens, limit))
    assert (document["message"], document["color"]) == (message, colour)


@pytest.mark.parametrize(
    ("warn", "colour"), [(Fraction(1, 2), "orange"), (Fraction(8, 10), "yellowgreen"), (Fraction(1), "yellowgreen")]
)
def test_the_rule_says_when_it_is_nearly_full(warn: Fraction, colour: str) -> None:
    """The share from which the rule warns is that of the badge too; a rule that never warns is never nearly full."""
    assert data_of(of_budget(77, 100, warn))["color"] == colour


def test_only_the_total_of_everything_counts() -> None:
    """A rule about a part, or about files or growth, is no budget of the whole."""
    rules = [Rule("api", paths=("src/",), total=1), Rule("budget", file=1), Rule("types", types=(".py",), total=1)]
    report = judged(make_report({"src/a.py": 1234}), rules)
    assert data_of(report)["message"] == "1.23k tokens"
    whole = judged(make_report({"src/a.py": 1234}), [*rules, Rule("budget", total=10_000)])
    assert data_of(whole)["message"] == "12.3% of 10k tokens"


def test_an_incomplete_run_does_not_boast() -> None:
    """A file that could not be counted makes the badge grey, whatever the share is."""
    plain = make_report({"a.py": 5}, [GAP])
    assert data_of(plain) | {"message": "5 tokens, incomplete", "color": "lightgrey"} == data_of(plain)
    assert data_of(judged(plain, [Rule("budget", total=4)]))["message"] == (
        "125.0% of 4 tokens, over budget, incomplete"
    )
    assert svg_of(plain).get("aria-label") == "5 tokens, incomplete: 1 file could not be counted"


REPORTS = {
    "plain": make_report({"a": 401_412_345}),
    "green": of_budget(1, 100),
    "yellowgreen": of_budget(80, 100),
    "orange": of_budget(95, 100),
    "red": of_budget(100_001, 100_000),
    "grey": make_report({"a": 5}, [GAP]),
}


@pytest.mark.parametrize("name", REPORTS)
def test_the_svg_is_readable(name: str) -> None:
    """Both texts lie within their boxes, stand out from them, and say what the data says; the title is exact."""
    svg, data = svg_of(REPORTS[name]), data_of(REPORTS[name])
    assert_readable(svg, data["label"], data["message"])
    title = svg.find(f"{SVG}title")
    assert title is not None
    assert title.text == svg.get("aria-label")
    assert (title.text or "").startswith(f"{REPORTS[name].profile.total.tokens:,} token")


@pytest.mark.parametrize("colour", ["green", "yellow", "orange", "red", "lightgrey"])
def test_another_badge_is_readable(colour: str) -> None:
    """Another label, in each colour that such a badge has."""
    svg = ET.fromstring(draw_badge("Token <E>", Badge("93.9% of 76659", colour, "title")))  # noqa: S314  it is our own
    assert_readable(svg, "Token <E>", "93.9% of 76659")


def assert_readable(svg: ET.Element, label: str, message: str) -> None:
    """Find both texts within their boxes, with enough contrast."""
    (left, right), texts = svg.findall(f"{SVG}g[@clip-path]/{SVG}rect"), svg.findall(f"{SVG}g/{SVG}text")
    assert [text.text for text in texts] == [label, message]
    for box, text in zip((left, right), texts, strict=True):
        start, width = float(box.get("x", "0")), float(box.attrib["width"])
        at, length = float(text.attrib["x"]), float(text.attrib["textLength"])
        assert start + 5 < at < at + length < start + width - 5
        assert _contrast(box.attrib["fill"]) >= 4.5
    assert float(right.attrib["x"]) + float(right.attrib["width"]) == pytest.approx(float(svg.attrib["width"]))


def test_the_words_say_what_the_colours_say() -> None:
    """Without the colours, the badges still differ in more than a number, and so do the colours."""
    words = {name: re.sub(r"[\d.,>%kM]", "", data_of(report)["message"]) for name, report in REPORTS.items()}
    assert len({words[name] for name in ("plain", "green", "orange", "red", "grey")}) == 5
    assert len({data_of(report)["color"] for report in REPORTS.values()}) == len(REPORTS)


@given(tokens=st.integers(0, 10**16), limit=st.integers(0, 10**15), warn=st.fractions(Fraction(1, 100), 1))
def test_every_badge_is_valid(tokens: int, limit: int, warn: Fraction) -> None:
    """Whatever the numbers: XML and data that say the same, and red exactly where the limit is exceeded."""
    report = of_budget(tokens, limit, warn)
    data = data_of(report)
    assert svg_of(report).findall(f"{SVG}g/{SVG}text")[1].text == data["message"]
    assert (data["color"] == "red") == (tokens > limit) == ("over budget" in data["message"])


def test_the_schema_refuses() -> None:
    """Data that shields.io would not take does not validate."""
    document = data_of(make_report({}))
    assert complaints(document | {"schemaVersion": 2}, "badge") != []
    assert complaints(document | {"message": ""}, "badge") != []
    assert complaints(document | {"color": "pink"}, "badge") != []
    assert complaints({key: document[key] for key in ("schemaVersion", "label", "message")}, "badge") != []


def _contrast(colour: str) -> float:
    """Return the contrast of white on a colour, as WCAG 2.2 reckons it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at, _ in pairwise(range(1, 8, 2))]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


def test_without_a_budget_it_is_the_tokens() -> None:
    """A report that was judged by nothing says what one says that was not judged."""
    report = replace(make_report({"a": 7}), judgement=None)
    assert data_of(report)["message"] == data_of(judged(report, []))["message"] == "7 tokens"
