"""What a step or a component says holds for lines of later chunks, wherever chunks are cut."""

import io

import pytest

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
