"""How much a model takes, and when a conversation is brought down to what.

`compact_at` and `block_at` are shares of `input`. The goal lies below the trigger, by `headroom`: what is brought down
to the trigger itself is over it again with the next message.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from loopflow.chat.tasks import OUTPUT, TASKS, CapRules
from loopflow.errors import UsageError

_WARNING: Final = 0.8
"""Of the trigger: where nothing else is said, this is worth a word."""


class Limits(NamedTuple):
    """The limits of a model, in tokens. `target` is the ceiling of what a compaction leaves, 0 for the trigger.

    With `exact`, `input` is a number of tokens of text that holds as it is, and everything else is left out of account.
    `warn_at` is a share of `input`, 0 for four fifths of the trigger. `output` are the tokens that an answer to each
    task may have, `max_output` what it never has more than, 0 for no such limit; where a model is `reasoning`, its
    thinking counts as output and nothing is capped. `per_day` and `per_minute` are tokens; 0 is no limit.
    """

    model: str = ""
    input: int = 200_000
    compact_at: float = 0.75
    block_at: float = 0.95
    target: int = 0
    headroom: float = 0.2
    max_exchanges: int = 4
    keep_steps: int = 2
    encoding: str = ""
    exact: bool = False
    warn_at: float = 0.0
    output: Mapping[str, int] = OUTPUT
    default_output: int = OUTPUT["UNKNOWN"]
    max_output: int = 0
    reasoning: bool = False
    cap_rules: CapRules = "highest"
    per_day: int = 0
    per_minute: int = 0
    requests_per_minute: int = 0

    @classmethod
    def fit(cls, tokens: int, *, max_exchanges: int = 4, keep_steps: int = 2) -> "Limits":
        """Return limits under which a conversation has at most so many tokens of text."""
        return cls(
            input=tokens,
            compact_at=1.0,
            block_at=1.0,
            headroom=0.0,
            max_exchanges=max_exchanges,
            keep_steps=keep_steps,
            exact=True,
        )

    @property
    def trigger(self) -> int:
        """Above this something is done."""
        return int(self.compact_at * self.input)

    @property
    def warning(self) -> int:
        """From this on it is worth a word."""
        return int((self.warn_at or self.compact_at * _WARNING) * self.input)

    @property
    def block(self) -> int:
        """What has as many, after all that could go, is not sent."""
        return int(self.block_at * self.input)

    @property
    def ceiling(self) -> int:
        """What a compaction has to keep."""
        return min(self.target or self.trigger, self.trigger)

    @property
    def goal(self) -> int:
        """What a compaction aims at."""
        return min(self.ceiling, int(self.trigger * (1 - self.headroom)))

    def checked(self) -> "Limits":
        """Return itself. Raises UsageError for limits that cannot hold."""
        if self.input <= 0 or self.target < 0 or self.max_exchanges < 1 or self.keep_steps < 1:
            raise UsageError("limits are above 0", "correct input, target, max_exchanges or keep_steps")
        if not 0 < self.compact_at <= 1 or not 0 < self.block_at <= 1 or not 0 <= self.headroom < 1:
            raise UsageError("compact_at, block_at and headroom are shares from 0% to 100%", "correct them")
        if not self.exact and self.block_at <= self.compact_at:
            raise UsageError("block_at is not above compact_at", "raise block_at")
        if not 0 <= self.warn_at <= 1:
            raise UsageError("warn_at is a share from 0% to 100%", "correct it")
        self._check_counts()
        if self.target > self.trigger:
            what = f"the target of {self.target:,} is above the trigger, {self.trigger:,}"
            raise UsageError(what, "lower target, or raise compact_at")
        return self

    def _check_counts(self) -> None:
        counts = (self.max_output, self.per_day, self.per_minute, self.requests_per_minute)
        if min(counts) < 0 or min((self.default_output, *self.output.values())) < 1:
            raise UsageError("output, max_output and limits of a period are above 0", "correct them")
        if unknown := next((name for name in self.output if name not in TASKS), None):
            raise UsageError(f"there is no task {unknown!r}", f"known are {', '.join(TASKS)}")


CEREBRAS_LIMITS: Final = Limits("cerebras", 50_000, 0.30, 0.50, 15_000, per_day=24_000_000)
"""Small windows that are better not filled: compacted at 30 %, blocked at 50 %."""
BUILT_IN: Final = {"cerebras": CEREBRAS_LIMITS}
