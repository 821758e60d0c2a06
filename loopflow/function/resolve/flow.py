"""Which bindings of a name reach a use of it, within one scope.

On a straight line the last one does. Branches join; those that exclude each other do not see each other; what a branch
that returns has bound is not seen after it; in a loop, the end of one turn is before the beginning of the next.
"""

from collections.abc import Sequence

from loopflow.function.facts.model import LOOP, RETURNS, Binding, Block, Scope


def reaching(scope: Scope, bindings: Sequence[Binding], pos: int, block: int) -> list[Binding]:
    """Return the bindings that reach `pos` in `block`, in the order of the source."""
    if len(bindings) == 1:
        return list(bindings)
    blocks = scope.blocks
    path = _path(blocks, block)
    found: list[Binding] = []
    covered: dict[int, set[int]] = {}
    stop: Binding | None = None
    for binding in reversed(bindings):
        if binding.pos >= pos:
            continue
        if binding.block in path:
            found.append(binding)
            stop = binding
            break
        if not _excludes(blocks, path, binding.block) and not _is_left(blocks, path, binding.block):
            found.append(binding)
            if _covers(blocks, path, binding.block, covered):
                break
    later = [each for each in bindings if each.pos >= pos and _comes_again(blocks, path, each.block, stop)]
    return [*reversed(found), *later] or list(bindings)


def always_passed(scope: Scope, bindings: Sequence[Binding], pos: int, block: int) -> list[Binding]:
    """Return the bindings that reach `pos` in `block` where one of them is passed on every way there, else none."""
    before = [each for each in bindings if each.pos < pos]
    reached = reaching(scope, before, pos, block) if before else []
    path = _path(scope.blocks, block)
    return reached if any(each.block in path for each in reached) else []


def _path(blocks: Sequence[Block], block: int) -> list[int]:
    path = [block]
    while blocks[path[-1]].parent >= 0:
        path.append(blocks[path[-1]].parent)
    return path


def _excludes(blocks: Sequence[Block], path: Sequence[int], other: int) -> bool:
    """Whether a use on `path` stands in another branch of a statement than the block `other`."""
    groups = {blocks[each].group for each in path} - {0}
    common = set(path)
    for each in _path(blocks, other):
        if each in common:
            return False
        if blocks[each].group in groups:
            return True
    return False


def _is_left(blocks: Sequence[Block], path: Sequence[int], other: int) -> bool:
    """Whether control never comes from the block `other` to what is after it."""
    common = set(path)
    for each in _path(blocks, other):
        if each in common:
            return False
        if blocks[each].flags & RETURNS:
            return True
    return False


def _covers(blocks: Sequence[Block], path: Sequence[int], block: int, covered: dict[int, set[int]]) -> bool:
    """Whether, with this block, all branches of its statement bind the name, so that nothing before is seen."""
    group, arms, parent = blocks[block].group, blocks[block].arms, blocks[block].parent
    if not (group and arms and parent in path):
        return False
    seen = covered.setdefault(
        group, {at for at, each in enumerate(blocks) if each.group == group and each.flags & RETURNS}
    )
    seen.add(block)
    return len(seen) >= arms


def _comes_again(blocks: Sequence[Block], path: Sequence[int], block: int, stop: Binding | None) -> bool:
    """Whether a later binding reaches a use before it because both are in one loop."""
    inside = set(_path(blocks, block))
    loops = [each for each in path if blocks[each].flags & LOOP and each in inside]
    if not loops:
        return False
    return stop is None or not set(_path(blocks, stop.block)).issuperset(loops)
