"""A digest as one page that needs nothing else, and no script: its numbers, what failed, what else happened, the end.

It tells every failure with all lines that are kept of it, whatever `fit` says, up to a number that a browser can show.
"""

import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any, Final, NamedTuple

from loopflow.charts.page import Sections, render_plain
from loopflow.logs.model import Digest, Outcome, Priority, PriorityCount, Template
from loopflow.logs.render.rows import describe_range, describe_remarks, headline, name_logs
from loopflow.logs.render.visible import show_line
from loopflow.logs.shapes import describe_lines

_MOST_FAILURES: Final = 1_000
_OPEN: Final = 3
"""Failures that are unfolded: those that are looked at first."""
_END: Final = re.compile(r"\[(?:F(\d+):)?L(\d+)(?:-(\d+))? end\]")


class _Line(NamedTuple):
    """A line with its number, "" where that is not known; or what is said of lines that are left out."""

    number: str
    text: str
    is_headline: bool = False
    is_gap: bool = False


def render_html(digest: Digest) -> Iterator[str]:
    """Yield the page in pieces."""
    ranked = sorted(digest.outcomes, key=lambda each: -each.failure.block.priority)
    shown = ranked[:_MOST_FAILURES]
    found = sum(count.found for count in digest.priorities) or len(ranked)
    values = {
        "name": name_logs(digest),
        "about": [digest.log_type, *describe_remarks(digest)],
        "sources": digest.sources,
        "cards": list(_cards(digest)),
        "failures": [_failure(outcome, digest, is_open=at < _OPEN) for at, outcome in enumerate(shown)],
        "found": found,
        "left_out": found - len(shown),
        "templates": [_template(each, several=len(digest.sources) > 1) for each in digest.templates],
        "whole": _whole(digest) if digest.is_whole else [],
        "ends": [] if digest.is_whole else list(_ends(digest.text)),
        "encoding": digest.encoding,
    }
    yield from render_plain(Sections(_read("digest.html"), _read("digest.css"), values))


def _read(name: str) -> str:
    return files("loopflow.logs.render").joinpath("page", name).read_text("utf-8")


def _cards(digest: Digest) -> Iterator[dict[str, str]]:
    lines = sum(source.lines for source in digest.sources)
    before, after = digest.tokens_before, digest.tokens_after
    size = f"{sum(source.bytes for source in digest.sources):,} bytes"
    yield {"label": "Lines", "value": f"{lines:,}", "note": size, "tone": ""}
    yield {"label": "Tokens", "value": "?" if before is None else f"{before:,}", "note": "of the log", "tone": ""}
    less = f"{100 - 100 * after / before:.1f} % less" if before and after < before else "all of the log"
    note = less if digest.is_whole or before else f"{digest.fit:,} allowed"
    yield {"label": "In the digest", "value": f"{after:,}", "note": note, "tone": ""}
    for count in digest.priorities:
        if count.priority in {Priority.CRITICAL, Priority.HIGH}:
            yield _count_card(count)


def _count_card(count: PriorityCount) -> dict[str, str]:
    tones = {Priority.CRITICAL: "bad", Priority.HIGH: "unsure"}
    tone = tones[count.priority] if count.found else "good"
    note = f"{count.kept:,} in the digest" if count.found else "none found"
    return {"label": count.priority.word.capitalize(), "value": f"{count.found:,}", "note": note, "tone": tone}


def _failure(outcome: Outcome, digest: Digest, *, is_open: bool) -> dict[str, Any]:
    failure, block = outcome.failure, outcome.failure.block
    since = digest.known.get(failure.ref)
    facts = [
        ("kind", block.kind),
        ("told by", block.recogniser if block.recogniser != "generic" else ""),
        ("step", block.step),
        ("component", block.component),
        ("at", block.stamp),
        ("known since", since or ""),
        ("in the digest:", outcome.shape.value if outcome.shape else "no"),
    ]
    several = len(digest.sources) > 1
    ranges = [describe_lines(each.first, each.last, each.file if several else None) for each in failure.spans]
    return {
        "ref": failure.ref,
        "priority": block.priority.word,
        "range": describe_range(outcome, digest),
        "count": failure.count,
        "headline": headline(outcome),
        "facts": [(words, show_line(value)) for words, value in facts if value],
        "elsewhere": ranges[1:],
        "more": max(failure.count - len(ranges), 0),
        "places": [show_line(place) for place in failure.places],
        "lines": list(_lines(outcome)),
        "open": is_open and block.priority is Priority.CRITICAL,
    }


def _lines(outcome: Outcome) -> Iterator[_Line]:
    block = outcome.failure.block
    before = block.lines[0].number - 1
    for at, line in enumerate(block.lines):
        if line.number > before + 1:
            yield _Line("", _left_out(line.number - before - 1), is_gap=True)
        yield _Line(str(line.number), show_line(line.text), at == block.headline)
        before = line.number
    if block.cut:
        yield _Line("", _left_out(block.cut), is_gap=True)


def _left_out(lines: int) -> str:
    return f"{lines:,} line{'' if lines == 1 else 's'} left out"


def _template(template: Template, *, several: bool) -> tuple[str, str, str]:
    where = "" if several else describe_lines(template.first, template.last, None)
    return f"{template.count:,}", where, show_line(template.text.strip())


def _ends(text: str) -> Iterator[tuple[str, Sequence[_Line]]]:
    """Yield what of a digest is the end of a log: its heading without brackets, and its lines.

    No line of the log begins with "[" in a digest, so one that does is a heading.
    """
    lines = text.removesuffix("\n").split("\n")
    at = 0
    while at < len(lines):
        found = _END.fullmatch(lines[at])
        end = at + 1
        while end < len(lines) and not lines[end].startswith("["):
            end += 1
        if found:
            name = f"File {found[1]}" if found[1] else ""
            shown = [line[1:] if line.startswith(" [") else line for line in lines[at + 1 : end]]  # as it was
            yield name, _number(shown, int(found[2]), int(found[3] or found[2]))
        at = end


def _whole(digest: Digest) -> list[_Line]:
    lines = digest.text.removesuffix("\n").split("\n") if digest.text else []
    return _number(lines, 1, digest.sources[0].lines if len(digest.sources) == 1 else 0)


def _number(lines: Sequence[str], first: int, last: int) -> list[_Line]:
    """Return lines with their numbers, if there are as many: a record of a logger can be several lines."""
    is_known = len(lines) == last - first + 1
    return [_Line(str(number) if is_known else "", show_line(line)) for number, line in enumerate(lines, first)]
