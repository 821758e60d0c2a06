"""A badge: what everything costs, or how much of its budget it fills, as an SVG or as data for shields.io.

The share is that of the limit that `[budget]` sets to the total, where a run judges it (`--check`). The colour says how
full it is, and the words say it again for who cannot tell colours apart:

| share | colour | words |
|---|---|---|
| no budget | blue | "401M tokens" |
| below three quarters | green | "62.5% of 400k tokens" |
| below the rule's `warn` | yellowgreen | "80.0% of 400k tokens" |
| up to the limit | orange | "92.0% of 400k tokens, nearly full" |
| over the limit | red | "103.1% of 400k tokens, over budget" |

A run that could not count everything says "incomplete", in grey: nothing is known of what is missing.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from loopflow.charts.numbers import format_percent, format_short, plural
from loopflow.model import Report, Scope, Verdict

LABEL = "context"
_COMFORTABLE = Fraction(3, 4)
# The colours' names are those of shields.io; white text on each of these has a contrast of 4.5 or more.
_HEX = {
    "blue": "#0969a8",
    "green": "#1a7f37",
    "yellowgreen": "#5f7d0e",
    "yellow": "#8a6d00",
    "orange": "#b35900",
    "red": "#c62828",
    "lightgrey": "#6a6a6a",
}
_LABEL_HEX = "#484848"

# Widths of Verdana's characters at 110 units an em, of those that a badge can hold; others are as wide as an "m".
_WIDTHS = {
    **dict.fromkeys("0123456789", 70),
    **dict.fromkeys("bdhnpqu", 70),
    **dict.fromkeys("aeo", 67),
    **dict.fromkeys("cgksvxyz", 63),
    **dict.fromkeys("fijlrt", 42),
    **dict.fromkeys(" .,", 40),
    "%": 118,
    "m": 107,
    "T": 68,
    "E": 70,
    "<": 90,
    ">": 90,
    "G": 85,
    "M": 93,
}
_WIDEST = 107
_PADDING = 60  # before and after each text
_HEIGHT = 20


@dataclass(frozen=True, slots=True)
class Badge:
    """What a badge says: `message` beside the label, `title` in full for who does not see it, one of the colours."""

    message: str
    colour: str
    title: str


def render_badge(report: Report) -> Iterator[str]:
    """Yield the badge as an SVG."""
    yield draw_badge(LABEL, make_badge(report))


def draw_badge(label: str, badge: Badge) -> str:
    """Return an SVG of the size and the kind that READMEs are used to. It needs no font and loads nothing."""
    left, right = (_width(text) + 2 * _PADDING for text in (label, badge.message))
    width = (left + right) / 10
    title = _escape(badge.title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{_HEIGHT}"'
        f' role="img" aria-label="{title}">\n'
        f"<title>{title}</title>\n"
        f'<clipPath id="r"><rect width="{width:g}" height="{_HEIGHT}" rx="3"/></clipPath>\n'
        '<g clip-path="url(#r)">\n'
        f'<rect width="{left / 10:g}" height="{_HEIGHT}" fill="{_LABEL_HEX}"/>\n'
        f'<rect x="{left / 10:g}" width="{right / 10:g}" height="{_HEIGHT}" fill="{_HEX[badge.colour]}"/>\n'
        "</g>\n"
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11" aria-hidden="true">\n'
        f"{_text(label, _PADDING)}{_text(badge.message, left + _PADDING)}"
        "</g>\n"
        "</svg>\n"
    )


def render_badge_json(report: Report) -> Iterator[str]:
    """Yield what https://shields.io/badges/endpoint-badge reads."""
    badge = make_badge(report)
    document = {"schemaVersion": 1, "label": LABEL, "message": badge.message, "color": badge.colour}
    yield json.dumps(document) + "\n"


def make_badge(report: Report) -> Badge:
    """Return what the badge says."""
    tokens = report.profile.total.tokens
    verdict = _budget(report)
    message, colour, title = f"{format_short(tokens)} tokens", "blue", plural(tokens, "token")
    if verdict is not None and verdict.limit is not None:
        colour, words = _judge(verdict, verdict.limit)
        share = f"{format_percent(verdict.value, verdict.limit)}% of " if verdict.limit else f"{verdict.value:,} of "
        message = f"{share}{format_short(verdict.limit)} tokens{words}"
        title += f", {share}the budget of {verdict.limit:,}{words}"
    if report.profile.gaps:
        colour, message = "lightgrey", f"{message}, incomplete"
        title += f", incomplete: {plural(len(report.profile.gaps), 'file')} could not be counted"
    return Badge(message, colour, title)


def _budget(report: Report) -> Verdict | None:
    """Return the verdict on everything there is."""
    verdicts = report.judgement.verdicts if report.judgement else ()
    return next((each for each in verdicts if each.rule.is_whole and each.scope is Scope.TOTAL), None)


def _judge(verdict: Verdict, limit: int) -> tuple[str, str]:
    """Return the colour, and what the words add to the share."""
    if verdict.value > limit:
        return "red", ", over budget"
    if 0 < verdict.warn <= verdict.value and verdict.warn < limit:
        return "orange", ", nearly full"
    return ("green" if verdict.value < limit * _COMFORTABLE else "yellowgreen"), ""


def _text(text: str, at: int) -> str:
    """Return the text, stretched or squeezed to the width that was reckoned with, whatever font there is."""
    width = _width(text)
    return f'<text x="{at / 10:g}" y="14" textLength="{width / 10:g}">{_escape(text)}</text>\n'


def _width(text: str) -> int:
    return sum(_WIDTHS.get(char, _WIDEST) for char in text)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
