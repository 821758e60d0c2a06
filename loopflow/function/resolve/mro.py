"""The order in which classes are asked for a member (Python's C3 linearisation)."""

from collections.abc import Hashable, Sequence

from loopflow.function.resolve.values import Value


def merge_orders(orders: Sequence[Sequence[Value]]) -> list[Value]:
    """Return one order for those of the bases and the list of bases; depth first where there is none."""
    waiting = [list(order) for order in orders if order]
    merged: list[Value] = []
    while waiting:
        tails = {_key(each) for order in waiting for each in order[1:]}
        head = next((order[0] for order in waiting if _key(order[0]) not in tails), None)
        if head is None:
            return _depth_first(orders)
        merged.append(head)
        waiting = [rest for order in waiting if (rest := [each for each in order if _key(each) != _key(head)])]
    return merged


def _depth_first(orders: Sequence[Sequence[Value]]) -> list[Value]:
    found: dict[Hashable, Value] = {}
    for order in orders:
        for each in order:
            found.setdefault(_key(each), each)
    return list(found.values())


def _key(value: Value) -> Hashable:
    return value.node or value.name
