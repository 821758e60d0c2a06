"""What is drawn: a hierarchy of tokens, of whatever kind, and the words that it is spoken of with.

Numbers of a branch include all that is below it, and its children add up to it: what belongs to a branch itself is a
leaf among them, with the label `Words.own`. Labels and kinds are raw and may come from strangers; they are escaped
where they are drawn (see analysis/names.py), and nowhere else.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from loopflow.charts.numbers import name_many


class Words(NamedTuple):
    """How a hierarchy is spoken of. Nouns are English, in the singular.

    `item` is what a leaf is one of, `branch` what has others below it, `kind` what items are coloured and grouped by,
    and `kind_in_full` what that is called where it stands alone. `mark` ends the label of a branch.
    """

    item: str
    branch: str
    kind: str
    kind_in_full: str = ""
    mark: str = ""
    own: str = "(here)"

    @property
    def items(self) -> str:
        """Several of what is counted."""
        return name_many(self.item)

    @property
    def branches(self) -> str:
        """Several branches."""
        return name_many(self.branch)

    @property
    def kinds(self) -> str:
        """Several kinds."""
        return name_many(self.kind)

    @property
    def full_kind(self) -> str:
        """What a kind is called where nothing else says of what."""
        return self.kind_in_full or self.kind

    @property
    def by_branch(self) -> str:
        """The title of the chart that draws the hierarchy."""
        return f"By {self.branch}"

    @property
    def by_kind(self) -> str:
        """The title of the chart that sums up by kind."""
        return f"By {self.full_kind}"

    @property
    def joint(self) -> str:
        """What stands between the labels of a path: nothing where each ends with a mark."""
        return "" if self.mark else " / "


class Node(NamedTuple):
    """One node of a hierarchy; a list of kinds consists of nodes, too.

    `tokens` and `items` include all that is below. `before` are the tokens at an earlier moment, None for what is new
    and where nothing is compared; `is_gone` says that only then there was something. `churn` is how much changed: the
    sum of what each item gained or lost. `kind` is that of a leaf.
    """

    label: str
    kind: str = ""
    tokens: int = 0
    items: int = 0
    is_branch: bool = False
    before: int | None = None
    is_gone: bool = False
    churn: int = 0
    children: Sequence["Node"] = ()


def build_hierarchy(entries: Iterable[tuple[Sequence[str], str, int]], words: Words, label: str = ".") -> Node:
    """Return the hierarchy of items: the labels from the root down to each, its kind, its tokens.

    An item without a label of its own, "" at the end, belongs to the branch itself. Children are in the order of their
    first items. Branches are those that have the same label and the same parent: no label is ever taken apart.
    """
    labels = [label]
    below: list[list[Node | int]] = [[]]  # of each branch: leaves, and the places of branches
    places: dict[tuple[int, str], int] = {}
    for path, kind, tokens in entries:
        at = 0
        for name in path[:-1]:
            place = places.setdefault((at, name), len(labels))
            if place == len(labels):
                labels.append(name)
                below[at].append(place)
                below.append([])
            at = place
        below[at].append(Node(path[-1] or words.own, kind, tokens, 1))
    branches: dict[int, Node] = {}
    for at in reversed(range(len(labels))):  # what is below comes after
        children = [branches[each] if isinstance(each, int) else each for each in below[at]]
        branches[at] = add_up(labels[at], children)._replace(is_branch=True, children=children)
    return branches[0]


def walk(root: Node) -> Iterator[Node]:
    """Yield every node, depth first, in a loop: a hierarchy can be thousands of levels deep."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(node.children)


def add_up(label: str, nodes: Sequence[Node]) -> Node:
    """Return one node for many: their sums, gone if all of them are."""
    was = [node.before for node in nodes if node.before is not None]
    return Node(
        label,
        tokens=sum([node.tokens for node in nodes]),
        items=sum([node.items for node in nodes]),
        before=sum(was) if was else None,
        is_gone=bool(nodes) and all(node.is_gone for node in nodes),
        churn=sum([node.churn for node in nodes]),
    )
