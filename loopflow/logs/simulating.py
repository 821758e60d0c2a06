"""Which settings keep every failure of a log in the fewest tokens: each is tried on the whole log."""

import io
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Final, NamedTuple

from loopflow.logs.examples import Example
from loopflow.logs.gathering import Input
from loopflow.logs.model import Digest, LogRequest, Priority
from loopflow.logs.presets import PRESETS, combine
from loopflow.logs.running import reduce_logs
from loopflow.logs.settings import KEEPS, LogSettings, make_request
from loopflow.tokens.protocol import TokenCounter

DIGEST: Final = KEEPS[0]
CHUNK_SIZES: Final = (0, 500, 1_000)
LOWEST: Final = (Priority.VERBOSE, Priority.MEDIUM, Priority.HIGH)
"""How much is told: everything, or what matters at least so much."""


class Variant(NamedTuple):
    """Settings to try, and what they are called."""

    name: str
    settings: LogSettings


class Trial(NamedTuple):
    """What became of logs with the settings of a variant.

    Failures are those that are known, or the critical and high ones.
    """

    variant: Variant
    kept: int
    failures: int
    tokens: int
    before: int
    seconds: float

    @property
    def keeps_all(self) -> bool:
        """Whether every failure is in the digests."""
        return self.kept == self.failures


def list_variants(values: Mapping[str, Any]) -> list[Variant]:
    """Return what is tried: presets, sizes of chunks and how much is told; `values` are settings that hold for all."""
    variants = []
    for preset, size, lowest in product(PRESETS, CHUNK_SIZES, LOWEST):
        tried = {"preset": preset, "chunk_size": size, "priority_filter": lowest.word, "keep": DIGEST}
        settings = LogSettings(**combine([{**values, **tried}]))
        variants.append(Variant(f"{preset}, chunks {size or 'automatic'}, {lowest.word}", settings))
    return variants


def simulate(examples: Sequence[Example], variants: Sequence[Variant], counter: TokenCounter) -> Iterator[Trial]:
    """Yield what becomes of all logs together with each variant. Raises LoopflowError as `reduce_logs` does."""
    if examples and variants:
        _reduce(examples[0], make_request(variants[0].settings), counter)  # what is loaded for it takes time, once
    for variant in variants:
        begun = time.perf_counter()
        digests = [_reduce(example, make_request(variant.settings), counter) for example in examples]
        seconds = time.perf_counter() - begun
        pairs = list(zip(examples, digests, strict=True))
        yield Trial(
            variant,
            kept=sum(_count_kept(example, digest) for example, digest in pairs),
            failures=sum(_count_failures(example, digest) for example, digest in pairs),
            tokens=sum(digest.tokens_after for digest in digests),
            before=sum(digest.tokens_before or 0 for digest in digests),
            seconds=seconds,
        )


def rank(trials: Sequence[Trial]) -> list[Trial]:
    """Return trials, the best first: those that keep most, of these the ones with fewest tokens, else as they came."""
    return sorted(trials, key=lambda trial: (-trial.kept / max(trial.failures, 1), trial.tokens))


def _reduce(example: Example, request: LogRequest, counter: TokenCounter) -> Digest:
    return reduce_logs([Input(example.kind, "", io.BytesIO(example.data))], request, counter)


def _count_kept(example: Example, digest: Digest) -> int:
    return example.kept(digest.text) if example.marks else _serious(digest)[0]


def _count_failures(example: Example, digest: Digest) -> int:
    return len(example.marks) if example.marks else _serious(digest)[1]


def _serious(digest: Digest) -> tuple[int, int]:
    """Return how many critical and high failures are kept, and how many were found."""
    counts = [each for each in digest.priorities if each.priority >= Priority.HIGH]
    return sum(each.kept for each in counts), sum(each.found for each in counts)
