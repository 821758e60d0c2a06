"""Cleaning and weighing in processes: the digest is the same to the byte, however many there are."""

from dataclasses import replace

from loopflow.logs.model import LogRequest
from tests.support.hostile_logs import make_log, reduced


def test_two_processes_change_nothing() -> None:
    """Of a log of many chunks, with wrapped lines, failures and a step that ends badly long before the end."""
    anchored = b"cannot link a.o\nmake: *** [all] Error 2\n" + b"".join(
        b"Removing image %d\n" % each for each in range(3_000)
    )
    data = b"".join(make_log(seed, 100) for seed in range(9)) + anchored
    request = LogRequest(700, read_size=4_096)
    alone = reduced(data, request)
    assert "make: *** [all] Error 2" in alone.text
    assert reduced(data, replace(request, workers=2)) == alone
