"""Conversations with a model: what fills them, and a history brought under a number of tokens without breaking it.

>>> from loopflow.chat import compact, read, write
>>> talk = [{"role": "user", "content": "Say hello."}, {"role": "assistant", "content": "Hello."}]
>>> write(read(talk)) == talk
True
>>> compact(read(talk), 100).after.text
5

Nothing is sent anywhere. A model is only called through a function, or a command, that the caller gives for summaries.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loopflow.chat.compacting import Compacted, Unfit, compact
    from loopflow.chat.compactor import Compactor
    from loopflow.chat.counting import Counts, Tokens
    from loopflow.chat.draft import Change
    from loopflow.chat.formats import read, read_all, write, write_all
    from loopflow.chat.limits import CEREBRAS_LIMITS, Limits
    from loopflow.chat.model import Conversation, Message, Part
    from loopflow.chat.narrowing.choosing import narrow
    from loopflow.chat.narrowing.model import Narrowed
    from loopflow.chat.profiling import profile
    from loopflow.chat.repairing import repair
    from loopflow.chat.rules import Problem, check
    from loopflow.chat.sinks import open_telemetry
    from loopflow.chat.summary import SummaryRequest
    from loopflow.chat.telemetry import Telemetry

_PLACES = {
    **dict.fromkeys(("Compacted", "Unfit", "compact"), "compacting"),
    **dict.fromkeys(("Counts", "Tokens"), "counting"),
    **dict.fromkeys(("read", "read_all", "write", "write_all"), "formats"),
    **dict.fromkeys(("CEREBRAS_LIMITS", "Limits"), "limits"),
    **dict.fromkeys(("Conversation", "Message", "Part"), "model"),
    **dict.fromkeys(("Problem", "check"), "rules"),
    "Change": "draft",
    "Narrowed": "narrowing.model",
    "narrow": "narrowing.choosing",
    "Compactor": "compactor",
    "profile": "profiling",
    "repair": "repairing",
    "SummaryRequest": "summary",
    "Telemetry": "telemetry",
    "open_telemetry": "sinks",
}

__all__ = [
    "CEREBRAS_LIMITS",
    "Change",
    "Compacted",
    "Compactor",
    "Conversation",
    "Counts",
    "Limits",
    "Message",
    "Narrowed",
    "Part",
    "Problem",
    "SummaryRequest",
    "Telemetry",
    "Tokens",
    "Unfit",
    "check",
    "compact",
    "narrow",
    "open_telemetry",
    "profile",
    "read",
    "read_all",
    "repair",
    "write",
    "write_all",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  each is imported when it is asked for
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{place}"), name)
    globals()[name] = value  # found without this function the next time
    return value
