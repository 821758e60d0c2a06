"""Kinds of lines that are alike as one template, by Drain (He, Zhu, Zheng and Lyu, ICWS 2017).

It is too slow for every line of a log, and quick enough for the most frequent kinds, once.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from loopflow.logs.census import Kind
from loopflow.logs.model import Template

if TYPE_CHECKING:
    from drain3.drain import Drain

_DEPTH, _SIMILARITY, _MOST_CLUSTERS = 4, 0.5, 2_000
_NUMBER: Final = re.compile(r"\d+(?:[.,:]\d+)*")
_REFUSED: Final = re.compile(r"(?:HTTP/[\d.]+\"? |\bstatus(?:[ _]?code)?\"?[=: ]{1,2})([45])\d\d\b")
_WILD: Final = re.compile(r"<\*>(?:[ ,]*<\*>)+")


class _Masked(NamedTuple):
    """A line without its numbers; `refusal` is the class of errors of HTTP that it is of, "4" or "5", or ""."""

    text: str
    refusal: str


def find_templates(kinds: Sequence[Kind]) -> list[Template]:
    """Return templates, the most frequent first; of each the first example."""
    members: dict[tuple[str, int], list[Kind]] = {}
    texts: dict[tuple[str, int], str] = {}
    drains: dict[str, Drain] = {}
    for kind in kinds:
        masked = _mask(kind.example.decode("utf-8", "replace"))
        if masked.refusal not in drains:
            drains[masked.refusal] = _make_drain()
        cluster, _ = drains[masked.refusal].add_log_message(masked.text)
        number = masked.refusal, cluster.cluster_id
        members.setdefault(number, []).append(kind)
        texts[number] = cluster.get_template()
    found = [_sum_up(texts[number], group) for number, group in members.items()]
    return sorted(found, key=lambda template: (-template.count, template.files, template.first, template.text))


def _make_drain() -> "Drain":
    from drain3.drain import Drain  # noqa: PLC0415  a log that fits needs none

    return Drain(depth=_DEPTH, sim_th=_SIMILARITY, max_clusters=_MOST_CLUSTERS, parametrize_numeric_tokens=True)


def _mask(text: str) -> _Masked:
    """Return a line as Drain sees it: numbers are variable, but for HTTP's two classes of errors."""
    found = _REFUSED.search(text)
    if found is None:
        return _Masked(_NUMBER.sub("<*>", text), "")
    before, after = text[: found.start(1)], text[found.end() :]
    return _Masked(f"{_NUMBER.sub('<*>', before)}{found[1]}xx{_NUMBER.sub('<*>', after)}", found[1])


def _sum_up(text: str, kinds: Sequence[Kind]) -> Template:
    first, last = min(kinds, key=lambda kind: kind.first), max(kind.last for kind in kinds)
    return Template(
        _WILD.sub("<*>", text),
        sum(kind.count for kind in kinds),
        first.first[1],
        last[1],
        first.example.decode("utf-8", "replace"),
        (first.first[0], last[0]),
    )
