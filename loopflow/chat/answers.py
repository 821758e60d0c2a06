"""What an answer of a provider says of itself: the tokens that it took, and whether its cap cut it.

Answers are objects of an SDK, or plain dicts, of Chat Completions, Responses and Messages; none is imported here.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

NO_QUOTA: Final = "insufficient_quota"
"""There is no money left."""
_TOO_MANY: Final = 429
_CUT: Final = frozenset({"length", "max_tokens", "max_output_tokens"})
_PARTS: Final = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


class Answer(NamedTuple):
    """What is known of an answer. `tokens` are 0 where it does not say."""

    tokens: int = 0
    is_cut: bool = False

    def add(self, other: "Answer") -> "Answer":
        """Return what is known after another event of the same stream."""
        return Answer(max(self.tokens, other.tokens), self.is_cut or other.is_cut)


class Refusal(NamedTuple):
    """A 429: when to come again, as its header says, and its code: `NO_QUOTA` if anything in it says so."""

    retry_after: str | None
    code: str


def look_at(answer: Any) -> Answer:  # noqa: ANN401  an SDK's
    """Return what an answer says of itself."""
    choices = _get(answer, "choices")
    reasons = [_get(each, "finish_reason") for each in choices] if isinstance(choices, list | tuple) else []
    reasons += [_get(answer, "stop_reason"), _get(_get(answer, "incomplete_details"), "reason")]
    return Answer(_count(_get(answer, "usage")), any(isinstance(each, str) and each in _CUT for each in reasons))


def look_at_event(event: Any, before: Answer) -> Answer:  # noqa: ANN401
    """Return what is known after an event of a stream: a chunk, or what begins and ends an answer."""
    if _get(event, "type") == "message_start":  # how much of its output there is then says its end again
        usage = _get(_get(event, "message"), "usage")
        return before.add(Answer(_count(usage) - _whole(_get(usage, "output_tokens"))))
    now = look_at(event)
    for part in ("response", "message", "delta"):
        inner = _get(event, part)
        if inner is not None and not isinstance(inner, str):
            now = now.add(look_at(inner))
    if _get(event, "type") == "message_delta":  # its output comes on top of the input, unless it says both
        of_input = _get(_get(event, "usage"), "input_tokens")
        tokens = now.tokens if of_input else before.tokens + now.tokens
        return Answer(tokens, before.is_cut or now.is_cut)
    return before.add(now)


def read_refusal(error: BaseException) -> Refusal | None:
    """Return what an error says that is a 429, None for any other."""
    if getattr(error, "status_code", None) != _TOO_MANY:
        return None
    headers = getattr(getattr(error, "response", None), "headers", None)
    after = headers.get("retry-after") if headers is not None else None
    body = getattr(error, "body", None)
    inner = _get(body, "error") or body
    said = [getattr(error, "code", None), _get(inner, "code"), _get(inner, "type")]
    code = NO_QUOTA if NO_QUOTA in said else next(filter(None, said), "")
    return Refusal(after if isinstance(after, str) else None, str(code))


def _count(usage: Any) -> int:  # noqa: ANN401
    return _whole(_get(usage, "total_tokens")) or sum(_whole(_get(usage, name)) for name in _PARTS)


def _whole(value: Any) -> int:  # noqa: ANN401  SDKs check nothing of what a server says
    """Return a number of tokens, 0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _get(value: Any, name: str) -> Any:  # noqa: ANN401
    if isinstance(value, Mapping):
        return value.get(name)
    return getattr(value, name, None)
