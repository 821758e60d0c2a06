"""A request looked at before it is sent: counted, brought within the limits, capped, routed; or not sent at all.

Nothing is sent from here, and nothing is waited for. Whoever sends says what came of it, with `answered`, `refused` and
`cut_short`: that is how periods are added up, models left alone, and caps raised.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from loopflow.chat.answers import NO_QUOTA
from loopflow.chat.capacity import Fullness, Gauge, Meter
from loopflow.chat.compacting import Compacted
from loopflow.chat.events import Attribute, Emit, Event
from loopflow.chat.formats import read, write
from loopflow.chat.model import NOTHING, Conversation
from loopflow.chat.routing import (
    NO_ROUTES,
    SHARED,
    Cooldowns,
    CoolingDown,
    Route,
    Routes,
    choose_route,
    read_retry_after,
)
from loopflow.chat.tasks import TOOL_FLOOR, Detected, Rule, detect_latest, find_cap, may_write
from loopflow.errors import ExitCode, LoopflowError

if TYPE_CHECKING:
    from loopflow.chat.compactor import Compactor

Action = Literal["allow", "warn", "compact", "block"]
_MADE_SMALLER: Final = frozenset({"narrowed", "pruned", "dropped", "clamped"})
_PROVIDERS: Final = {"chat": "openai", "responses": "openai", "strict": "openai"}
"""As OpenTelemetry calls them, by whose rules hold."""
_THINKS: Final = ("thinking", "reasoning", "reasoning_effort", "enable_thinking")


class Blocked(LoopflowError):  # noqa: N818  it is a state of things
    """A request is too large even after all that could go; `compacted` is the smallest that is valid."""

    def __init__(self, compacted: Compacted, tokens: int, limit: int) -> None:
        left = f": {compacted.floor}" if compacted.floor else ""
        what = f"{tokens:,} tokens are left, and from {limit:,} on nothing is sent{left}"
        super().__init__(what, "shorten what is named, or raise input or block_at", ExitCode.OVER_BUDGET)
        self.compacted = compacted


class Prepared(NamedTuple):
    """What to send. `max_tokens` is None where there is no cap, and nobody asked for one; `tokens` is an estimate.

    `messages` is the kind of data that came in. `model` is what it goes to: not the one that was asked for where
    another stands in for it, or takes calls of tools. `changed` is whether more was decided than for earlier lists.
    """

    messages: Any
    max_tokens: int | None
    tokens: int
    action: Action
    events: tuple[Event, ...]
    model: str
    task: str
    fits: bool
    changed: bool = False


class Asked(NamedTuple):
    """What is said of a request beside its messages; `parameters` are all of them, by name."""

    max_tokens: int | None = None
    model: str = ""
    parameters: Mapping[str, Any] = NOTHING
    form: str | None = None
    emit: Emit | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What holds for all requests. `account` tells keys of one provider apart: a model is left alone for each."""

    emit: Emit | None = None
    routes: Routes = NO_ROUTES
    rules: Sequence[Rule] = ()
    cooldowns: Cooldowns = SHARED
    account: str = ""
    session: str = ""
    clock: Callable[[], float] = time.time


class Preflight:
    """Looks at requests, one at a time, whoever asks."""

    def __init__(self, compactor: "Compactor", around: Surroundings) -> None:
        self._compactor = compactor
        self._around = around
        self._meter = Meter(around.clock)
        self._gauge = Gauge()
        self._raised: dict[str, int] = {}
        self._looking = RLock()
        """Held while a list is looked at, also by whoever makes a summary of it and asks again."""
        self._lock = Lock()
        """Held for what is added up, never while somebody else's code runs: answers wait for nobody's summary."""

    def prepare(self, data: Any, asked: Asked) -> Prepared:  # noqa: ANN401
        """Return what to send for a list of messages, or a request. Raises Blocked, CoolingDown, UsageError."""
        with self._looking:
            conversation = read(data, asked.form, self._compactor.memory)
            model = asked.model or conversation.model or self._compactor.limits.model
            teller = _Teller(self._around, conversation.provider, model, asked.emit)
            wanted = self._find_ready(teller, model)
            detected = detect_latest(conversation, self._around.rules)
            done, action, tokens = self._compact(conversation, teller)
            route = choose_route(detected.task, wanted, tokens, self._around.routes)
            self._tell_route(route, detected, teller)
            limits = self._compactor.limits
            self._tell_fullness(teller, Fullness("window", tokens, max(limits.trigger, 1)))
            if tokens >= limits.block and tokens > limits.trigger:
                raise Blocked(done, tokens, limits.block)
            cap = self._find_cap(detected, done.conversation, asked)
            written = write(done.conversation)
            told = tuple(teller.told)
            return Prepared(written, cap, tokens, action, told, route.model, detected.task, done.fits, done.changed)

    def now(self) -> float:
        """Return the time, as `sent` has it."""
        return self._around.cooldowns.now()

    def answered(self, model: str, tokens: int, *, sent: float | None = None) -> None:
        """Take note of an answer, and of the tokens that it took in all; of when the request was `sent`, see `now`."""
        self._around.cooldowns.accept((model, self._around.account), sent)
        with self._lock:
            self._meter.add(tokens, 1)
        self._tell_fullness(_Teller(self._around, "", model))

    def refused(self, model: str, retry_after: str | None = None, code: str = "", *, sent: float | None = None) -> None:
        """Take note of a 429. Where there is no money left, waiting changes nothing."""
        if code == NO_QUOTA:
            return
        number, seconds = self._around.cooldowns.refuse((model, self._around.account), retry_after, sent)
        said = read_retry_after(retry_after, self._around.clock())
        told = {"consecutive_429s": number, "cooldown_s": round(seconds, 3), "retry_after": said}
        _Teller(self._around, "", model).tell("rate_limit", "warn", told)

    def cut_short(self, task: str, max_tokens: int | None, model: str = "") -> None:
        """Take note of an answer that ended at its cap: from now on such answers may have twice as much."""
        limits = self._compactor.limits
        if not max_tokens:
            return
        with self._lock:
            raised = min(max_tokens * 2, limits.max_output or max_tokens * 2)
            raised = self._raised[task] = max(raised, self._raised.get(task, 0))
        told: dict[str, Attribute] = {"task": task, "cap": max_tokens, "raised_to": raised, "model": model}
        _Teller(self._around, "", model).tell("max_tokens", "info", told)

    def forget(self) -> None:
        """Forget what was decided for lists: each is brought within the limits anew."""
        with self._looking:
            self._compactor.forget()

    def _find_ready(self, teller: "_Teller", model: str) -> str:
        """Return the model, or the one that stands in for it while it is left alone."""
        cooldowns, account = self._around.cooldowns, self._around.account
        tried: list[str] = []
        now = model
        while (left := cooldowns.left((now, account))) > 0:
            tried.append(now)
            other = self._around.routes.failover.get(now, "")
            if not other or other in tried:
                raise CoolingDown(model, left)
            now = other
        if now != model:
            told: dict[str, Attribute] = {"from_model": model, "to_model": now, "reason": "rate_limit"}
            teller.tell("failover", "warn", told)
        return now

    def _compact(self, conversation: Conversation, teller: "_Teller") -> tuple[Compacted, Action, int]:
        compactor, limits = self._compactor, self._compactor.limits
        began = time.perf_counter()
        done = compactor.compact(conversation)
        ms = round(1_000 * (time.perf_counter() - began), 1)
        before, tokens = compactor.estimates
        if any(change.action in _MADE_SMALLER for change in done.changes):
            told: dict[str, Attribute] = {
                "strategy": done.strategy,
                "tokens_before": before,
                "tokens_after": tokens,
                "messages_before": len(conversation.messages),
                "messages_after": len(done.conversation.messages),
                "fits": done.fits,
                "tokens_after_first_change": done.kept_after,
                "summary": done.summary if done.summary in {"ok", "none"} else "failed",
                "ms": ms,
            }
            teller.tell("compaction", "info", told)
            return done, "block" if before >= limits.block else "compact", tokens
        return done, "block" if tokens >= limits.block else "warn" if tokens >= limits.warning else "allow", tokens

    def _tell_route(self, route: Route, detected: Detected, teller: "_Teller") -> None:
        told: dict[str, Attribute] = {
            "workload": route.workload,
            "task": detected.task,
            "expected_model": route.expected,
            "model": route.model,
            "ok": route.ok,
        }
        teller.tell("workload_routing", "info", told)

    def _tell_fullness(self, teller: "_Teller", *more: Fullness) -> None:
        """Warn where little is left of a period, or of `more`: before the next compaction."""
        with self._lock:
            all_of_them = (*more, *self._meter.fullness(self._compactor.limits))
            found = [each for each in all_of_them if self._gauge.is_worth_telling(each)]
        for full in found:
            told: dict[str, Attribute] = {"limit_type": full.limit_type, "used": full.used, "limit": full.limit}
            teller.tell("capacity_warning", "warn", {**told, "pct": round(100 * full.share, 1)})

    def _find_cap(self, detected: Detected, conversation: Conversation, asked: Asked) -> int | None:
        """Return what an answer may have, no more than was asked for; that alone where a cap could cut arguments."""
        limits = self._compactor.limits
        beside = asked.parameters.get("extra_body")  # what an SDK does not know, it sends from here
        given = {**beside, **asked.parameters} if isinstance(beside, Mapping) else asked.parameters
        thinks = bool(conversation.about.get("thinking")) or any(_is_asked(given.get(name)) for name in _THINKS)
        if limits.exact or limits.reasoning or thinks or may_write(conversation.tools):
            return asked.max_tokens
        cap = find_cap(detected, limits.output, limits.default_output, limits.cap_rules)
        if conversation.tools:
            cap = max(cap, TOOL_FLOOR)
        cap = max(cap, self._raised.get(detected.task, 0))
        cap = min(cap, limits.max_output or cap)
        return cap if asked.max_tokens is None else min(cap, asked.max_tokens)


def _is_asked(value: Any) -> bool:  # noqa: ANN401  of a request
    """Whether a request asks for thinking by this: what is None, "none" or disabled does not."""
    if isinstance(value, Mapping):
        return value.get("type") != "disabled" and value.get("effort") != "none"
    return value not in (None, "none", False)


class _Teller:
    """Hands events on, with what all of one request have."""

    def __init__(self, around: Surroundings, provider: str, model: str, also: Emit | None = None) -> None:
        self._takers = [each for each in (around.emit, also) if each is not None]
        self._common = {
            "gen_ai.provider.name": _PROVIDERS.get(provider, provider),
            "gen_ai.request.model": model,
            "session": around.session,
        }
        self.told: list[Event] = []

    def tell(self, name: str, level: str, attributes: Mapping[str, Attribute]) -> None:
        """Make an event of it. Whatever takes it may fail: a conversation goes on without its events."""
        event = Event(name, level, {**self._common, **attributes})
        self.told.append(event)
        for take in self._takers:
            with suppress(Exception):  # nobody is stopped by what only counts
                take(event)
