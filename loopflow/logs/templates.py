"""Kinds of lines that are alike as one template, by Drain (He, Zhu, Zheng and Lyu, ICWS 2017).

It is too slow for every line of a log, and quick enough for the most frequent kinds, once.
"""

import re
from collections.abc import Sequence
from typing import Final

from loopflow.logs.census import Kind
from loopflow.logs.model import Template

_DEPTH, _SIMILARITY, _MOST_CLUSTERS = 4, 0.5, 2_000
_NUMBER: Final = re.compile(r"\d+(?:[.,:]\d+)*")
_REFUSED: Final = re.compile(r"(HTTP/[\d.]+\"? |status[=: ]{1,2})([45])\d\d\b")
_CLASSES: Final = {"4": "\ue004", "5": "\ue005"}
"""Letters of private use in the place of digits that are to stay."""

_WILD: Final = re.compile(r"<\*>(?:[ ,]*<\*>)+")


def find_templates(kinds: Sequence[Kind]) -> list[Template]:
    """Return templates, the most frequent first; of each the first example."""
    from drain3.drain import Drain  # noqa: PLC0415  a log that fits needs none

    drain = Drain(depth=_DEPTH, sim_th=_SIMILARITY, max_clusters=_MOST_CLUSTERS, parametrize_numeric_tokens=True)
    members: dict[int, list[Kind]] = {}
    texts: dict[int, str] = {}
    for kind in kinds:
        cluster, _ = drain.add_log_message(_mask(kind.example.decode("utf-8", "replace")))
        members.setdefault(cluster.cluster_id, []).append(kind)
        texts[cluster.cluster_id] = cluster.get_template()
    found = [_sum_up(texts[number], group) for number, group in members.items()]
    return sorted(found, key=lambda template: (-template.count, template.first))


def _mask(text: str) -> str:
    """Return a line as Drain sees it: numbers are variable, but for HTTP's two classes of errors."""
    if "HTTP" in text:
        text = _REFUSED.sub(lambda found: f"{found[1]}{_CLASSES[found[2]]}xx", text)
    masked = _NUMBER.sub("<*>", text)
    for digit, letter in _CLASSES.items():
        masked = masked.replace(f"{letter}xx", f"{digit}xx")
    return masked


def _sum_up(text: str, kinds: Sequence[Kind]) -> Template:
    first = min(kinds, key=lambda kind: kind.first)
    return Template(
        _WILD.sub("<*>", text) if len(kinds) > 1 or "<*>" in text else text,
        sum(kind.count for kind in kinds),
        first.first,
        max(kind.last for kind in kinds),
        first.example.decode("utf-8", "replace"),
    )
