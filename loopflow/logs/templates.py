"""Kinds of lines that are alike as one template, by Drain (He, Zhu, Zheng and Lyu, ICWS 2017).

It is too slow for every line of a log, and quick enough for the most frequent kinds, once.
"""

import re
from collections.abc import Sequence
from typing import Final

from loopflow.logs.census import Kind
from loopflow.logs.model import Template
from loopflow.logs.shapes import describe_lines

_DEPTH, _SIMILARITY = 4, 0.5
_NUMBER: Final = re.compile(r"\d+(?:[.,:]\d+)*")
_LONGEST: Final = 200
"""Characters of one that is told."""
_WILD: Final = re.compile(r"<\*>(?:[ ,]*<\*>)+")


def find_templates(kinds: Sequence[Kind]) -> list[Template]:
    """Return templates, the most frequent first; of each the first example. Numbers are always variable."""
    from loopflow.logs.alike import IndexedDrain  # noqa: PLC0415  a log that fits needs none

    drain = IndexedDrain(depth=_DEPTH, sim_th=_SIMILARITY, parametrize_numeric_tokens=True)
    members: dict[int, list[Kind]] = {}
    texts: dict[int, str] = {}
    for kind in kinds:
        cluster, _ = drain.add_log_message(_NUMBER.sub("<*>", kind.example.decode("utf-8", "replace")))
        members.setdefault(cluster.cluster_id, []).append(kind)
        texts[cluster.cluster_id] = cluster.get_template()
    found = [_sum_up(texts[number], group) for number, group in members.items()]
    return sorted(found, key=lambda template: (-template.count, template.files, template.first))


def describe_template(template: Template, *, several: bool) -> str:
    """Return a template as a part of a digest: of several logs, with the numbers of those that it is in."""
    file, last_file = template.files
    where = describe_lines(template.first, template.last, file if several else None)
    if file != last_file:
        places = zip((template.first, template.last), template.files, strict=True)
        where = "-".join(describe_lines(line, line, file) for line, file in places)
    return f"[also: {template.count:,} x {where}] {template.text.strip()[:_LONGEST]}\n"


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
