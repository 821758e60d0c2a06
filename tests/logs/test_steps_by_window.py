"""What a step or a component says holds for lines of later chunks, wherever chunks are cut."""

import io
import random

import pytest

from loopflow.logs import scanning
from loopflow.logs.gathering import Input, gather
from loopflow.logs.model import LogRequest
from loopflow.tokens import create_counter

LINES = [f'{{"level":"error","service":"{name}","msg":"it failed: {name}{at}"}}' for name in "ab" for at in range(600)]


@pytest.mark.parametrize("size", [100, 997, 30_000, 1_048_576])
def test_a_component_that_begins_with_a_chunk_is_taken(size: int) -> None:
    """Also where the first line of a chunk is the only one at which it changes."""
    data = "\n".join(LINES).encode() + b"\n"
    read = gather(
        [Input("app.log", "", io.BytesIO(data))],
        LogRequest(1000, read_size=size, counts_input=False),
        create_counter("o200k_base"),
    )
    components = {entry.block.component for entry in read.scan.pool.entries()}
    assert components == {"a", "b"}


@pytest.mark.parametrize("size", [0, 97, 997, 4_096])
def test_more_writers_than_are_told_apart_are_put_together_by_line(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a read brings; and what nobody wrote his name before is nobody's."""
    monkeypatch.setattr(scanning, "_MOST_STREAMS", 3)
    chance = random.Random(5)  # noqa: S311  the same each time
    lines = [f"shop-{chance.randrange(9)}  | error: it failed {chr(97 + chance.randrange(26))}" for _ in range(2_000)]
    lines[1_000::20] = ["error: it failed here"] * 50
    data = "\n".join(lines).encode() + b"\n"

    def find(size: int) -> list[tuple[str, str, int]]:
        request = LogRequest(1000, read_size=size, counts_input=False)
        read = gather([Input("app.log", "", io.BytesIO(data))], request, create_counter("o200k_base"))
        return [(entry.block.lines[0].text, entry.block.component, entry.count) for entry in read.scan.pool.entries()]

    found = find(size)
    assert found == find(1_048_576)
    assert {component for text, component, _ in found if text == "error: it failed here"} == {""}


@pytest.mark.parametrize("size", [97, 997, 65_536, 1_048_576])
@pytest.mark.parametrize(("between", "is_one"), [(1, True), (900, True), (1_100, False), (20_000, False)])
def test_what_comes_long_after_is_no_part_of_a_failure(size: int, between: int, *, is_one: bool) -> None:
    """A writer that is silent while others write a thousand lines says something else then."""
    begun = ["a-1  | Traceback (most recent call last):", 'a-1  |   File "x.py", line 1, in f']
    ended = ["a-1  | ValueError: no"]
    others = [f"b-1  | all is well {at}" for at in range(between)]
    first = [f"{name}-1  | it begins" for name in "ab"] * 200  # enough to be known for what it is
    data = "\n".join([*first, *begun, *others, *ended]).encode() + b"\n"
    request = LogRequest(1000, read_size=size, counts_input=False)
    read = gather([Input("app.log", "", io.BytesIO(data))], request, create_counter("o200k_base"))
    found = [[line.text for line in entry.block.lines] for entry in read.scan.pool.entries()]
    assert any(lines[0].startswith("Traceback") and lines[-1].startswith("ValueError") for lines in found) is is_one
    assert max(entry.block.span.last - entry.block.span.first for entry in read.scan.pool.entries()) < 1_100
