"""Drain, looking only at what can be alike.

The package compares a line with every template of its length in a part of its tree. Where lines have little in common
that part grows with them, and the time with its square: thousands of lines of one word took seconds.
"""

from bisect import bisect_left
from collections.abc import Sequence
from math import ceil
from typing import Any

from drain3.drain import Drain


class IndexedDrain(Drain):  # type: ignore[misc]  # the package has no types
    """Finds the same templates as `Drain`, with a `sim_th` above 0 and without `max_clusters`."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  those of `Drain`
        super().__init__(**options)
        self._places: dict[tuple[int, int, str], list[int]] = {}
        """By length, place and word, the templates that were made with that word there: in some it is variable now."""

    def add_seq_to_prefix_tree(self, root_node: Any, cluster: Any) -> None:  # noqa: ANN401
        """Take a new template, and note its words."""
        super().add_seq_to_prefix_tree(root_node, cluster)
        words = cluster.log_template_tokens
        for at, word in enumerate(words):
            self._places.setdefault((len(words), at, word), []).append(cluster.cluster_id)

    def fast_match(self, cluster_ids: Sequence[int], tokens: Sequence[str], sim_th: float, include_params: bool) -> Any:  # noqa: ANN401, FBT001
        """Return the template that a line is most like, None if it is like none; what is variable is like nothing.

        Of k words some number must be the same. Leave out all but one less of them: one that is left is the same, too.
        So the most frequent words are left out, and what shares none of the others is not looked at.
        """
        places = [(len(tokens), at, word) for at, word in enumerate(tokens) if word != self.param_str]
        found = sorted((self._places.get(place, []) for place in places), key=len)
        telling = found[: max(len(found) - ceil(sim_th * len(tokens)) + 1, 0)]
        near = [each for each in sorted(set().union(*telling)) if _is_in(cluster_ids, each)]
        return super().fast_match(near, tokens, sim_th, include_params)


def _is_in(numbers: Sequence[int], number: int) -> bool:
    """Whether a number is among others that are in order."""
    at = bisect_left(numbers, number)
    return at < len(numbers) and numbers[at] == number
