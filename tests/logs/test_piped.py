"""What one thread writes and another reads."""

from collections.abc import Iterable
from threading import Thread

from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs.piped import Piped

_HANGS_AFTER = 60


def write(piped: Piped, pieces: Iterable[bytes]) -> None:
    """Write all of it."""
    for piece in pieces:
        piped.write(piece)
    piped.finish()


@given(pieces=st.lists(st.binary(min_size=1, max_size=9), max_size=60))
def test_all_that_is_written_is_read_in_order(pieces: list[bytes]) -> None:
    """More than is held at once too; then there is nothing, for ever."""
    piped = Piped()
    thread = Thread(target=write, args=(piped, pieces))
    thread.start()
    assert b"".join(iter(piped.read, b"")) == b"".join(pieces)
    thread.join(_HANGS_AFTER)
    assert piped.read(1) == b""


def test_a_writer_does_not_wait_for_a_reader_that_went() -> None:
    """What it writes is lost, and it goes on: also if it waited already."""
    piped = Piped()
    thread = Thread(target=write, args=(piped, [b"x"] * 1_000), daemon=True)
    thread.start()
    assert piped.read() == b"x"
    piped.abandon()
    thread.join(_HANGS_AFTER)
    assert not thread.is_alive()
