"""Which envelopes lines have, told from a sample of them: layer by layer, from the outside.

A head must stand before most of the lines (`Head.need`). A record of Docker, of a container runtime, of the journal or
of a logger cannot be mistaken, line by line: a fifth of the lines is enough, since other output stands between them.
Each kind of layer is taken off once, so that what a test prints stays as it was printed.
"""

from collections.abc import Callable, Sequence
from functools import partial

from loopflow.logs.envelopes.batch import Batch, Layer, appended
from loopflow.logs.envelopes.containers import CriLayer, DockerLayer, docker_record, is_cri
from loopflow.logs.envelopes.heads import HeadLayer, told_head
from loopflow.logs.envelopes.json_lines import JournalLayer, JsonLayer, journal_record, logger_record
from loopflow.logs.envelopes.prefixes import FOREMAN, PREFIXES, WORKERS
from loopflow.logs.envelopes.stamps import STAMPS

_SHARE = 0.2
_MOST = 4

_RECORDS: tuple[tuple[str, Callable[[], Layer], Callable[[bytes], object]], ...] = (
    ("container", DockerLayer, docker_record),
    ("container", CriLayer, is_cri),
    ("container", JournalLayer, journal_record),
    ("json", JsonLayer, logger_record),
)
_HEADS = (FOREMAN, *STAMPS, *PREFIXES, WORKERS)

Told = tuple[str, Layer]
"""A layer with its kind."""


def told(sample: bytes, *, begins: bool) -> tuple[list[Told], bytes]:
    """Tell the layers of a sample, outermost first, and the sample without them.

    `begins` says whether the log begins with it.
    """
    found: list[Told] = []
    while len(found) < _MOST:
        lines = [line for line in sample.split(b"\n") if line.strip()]
        layer = _layer(lines, {kind for kind, _ in found}, begins=begins)
        if layer is None:
            break
        kind, make = layer
        found.append((kind, make()))
        sample = _peeled(make(), sample)
    return found, sample


def _layer(lines: Sequence[bytes], taken: set[str], *, begins: bool) -> tuple[str, Callable[[], Layer]] | None:
    for kind, make, reads in _RECORDS:
        if kind not in taken and _share(lines, reads):
            return kind, make
    for head in _HEADS:
        if head.kind not in taken and (begins or not head.any_program) and (fitted := told_head(head, lines)):
            return head.kind, partial(HeadLayer, fitted)
    return None


def _share(lines: Sequence[bytes], reads: Callable[[bytes], object]) -> bool:
    return bool(lines) and sum(bool(reads(line)) for line in lines) >= max(1, _SHARE * len(lines))


def _peeled(layer: Layer, sample: bytes) -> bytes:
    """Give the sample without a layer, which is used up by this."""
    batch = layer.apply(Batch.of(sample))
    return appended(batch, layer.flush(), 0).text


def changed(current: list[Told], found: list[Told]) -> list[Told]:
    """Tell the layers that hold from now on.

    What was told before stays, with what it holds, unless another of its kind came: a long trace without stamps
    does not end the stamps.
    """
    keys = {layer.key: (kind, layer) for kind, layer in current}
    if {layer.key for _, layer in found} <= keys.keys():
        return current
    kinds = {kind for kind, _ in found}
    kept = [(kind, layer) for kind, layer in current if kind not in kinds]
    return [keys.get(layer.key, (kind, layer)) for kind, layer in found] + kept
