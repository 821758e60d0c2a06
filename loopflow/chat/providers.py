"""What providers ask of a list of messages, as switches; `rules` and `repair` go by them.

Sources: what the APIs answer with 400, as quoted in the issues of many clients, and the pages of each format's module.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from loopflow.chat.model import Conversation
from loopflow.errors import UsageError


class Provider(NamedTuple):
    """The rules of one.

    `leads`: results lead the message after the calls. `single`: each result is a message of its own. `unique`: an id is
    never used again. `user_first`: the first message is the user's. `alternates`: users and answers take turns.
    `trims`: the last text of an answer at the end has no white space after it. `thinks`: no answer ends on thinking.
    `paired`: reasoning stands before what it led to.
    """

    name: str
    leads: bool = False
    single: bool = False
    unique: bool = False
    user_first: bool = False
    alternates: bool = False
    trims: bool = False
    thinks: bool = False
    paired: bool = False


_CHAT: Final = Provider("chat", single=True)
_RESPONSES: Final = Provider("responses", single=True, unique=True, paired=True)
_ANTHROPIC: Final = Provider("anthropic", leads=True, unique=True, user_first=True, trims=True, thinks=True)
_PYDANTIC: Final = Provider("pydantic-ai", leads=True, user_first=True)
_STRICT: Final = Provider("strict", single=True, user_first=True, alternates=True)

PROVIDERS: Final[Mapping[str, Provider]] = {
    "chat": _CHAT,
    "openai": _CHAT,
    "finetuning": _CHAT,
    "responses": _RESPONSES,
    "codex": _RESPONSES,
    "anthropic": _ANTHROPIC,
    "claude-code": _ANTHROPIC,
    "pydantic-ai": _PYDANTIC,
    "strict": _STRICT,
}
NAMED: Final = ("openai", "responses", "anthropic", "pydantic-ai", "strict")
"""What --provider takes."""
_SINGLE: Final = frozenset({"chat", "finetuning", "responses", "codex"})
_NO_PREFILL: Final = re.compile(r"(?:.*/)?claude-(?:(?:opus|sonnet|haiku)-(?:4-[6-9]|[5-9])|fable|mythos)")


def find_provider(conversation: Conversation, name: str | None = None) -> Provider:
    """Return the rules that hold: of the format that was read, unless another one is named. Raises UsageError."""
    if name is None:
        return PROVIDERS[conversation.format]
    found = PROVIDERS.get(name)
    if found is None:
        raise UsageError(f"there is no provider {name!r}", f"known are {', '.join(NAMED)}")
    is_single = conversation.format in _SINGLE
    return found._replace(single=is_single)  # how a result is written is the format's


def refuses_prefill(conversation: Conversation) -> bool:
    """Whether the model takes no conversation that ends on an answer: it would have to go on from it.

    A session on disk is no request: there a person speaks next.
    """
    return conversation.format == "anthropic" and _NO_PREFILL.match(conversation.model) is not None
