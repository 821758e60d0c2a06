"""A conversation with a model, whatever format it came in: parts, messages, and what is around them.

A `Message` is one record of the input: a message, an item, a line. What is not touched is written back as it was read,
so nothing here is a translation: `raw` is the record itself, and parts say what is in it.
"""

from collections.abc import Iterable, Mapping
from operator import is_not
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

Kind = Literal["text", "thinking", "call", "result", "image", "audio", "file", "opaque"]
Role = Literal["system", "user", "assistant"]
Format = Literal["chat", "responses", "anthropic", "pydantic-ai", "claude-code", "codex", "finetuning"]

FORMATS: Final[tuple[Format, ...]] = (
    "chat",
    "responses",
    "anthropic",
    "pydantic-ai",
    "claude-code",
    "codex",
    "finetuning",
)
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Part(NamedTuple):
    """One piece of a message. `text` is what is counted: words, arguments as they are sent, what a tool returned.

    A `signed` part must not be changed, nor anything in its message. A `remote` call or result was run by the provider.
    `raw` is the block as it was read, None for one of ours; a `touched` part is written with its `text` put into it.
    """

    kind: Kind
    text: str = ""
    name: str | None = None
    call_id: str | None = None
    is_error: bool = False
    signed: bool = False
    remote: bool = False
    raw: Any = None
    touched: bool = False


class Message(NamedTuple):
    """One record of a conversation. `authored`: its text is the words of a person.

    `origin` are the places of what it was made from, counted from 1: messages, or lines of a file. `span` is where in
    the input it stands. `group` names those that were one message of a provider. `reported` are the tokens of input
    that the provider said this answer took. `name` is counted, where the format has one.
    """

    role: Role
    parts: tuple[Part, ...]
    authored: bool = False
    origin: tuple[int, ...] = ()
    raw: Any = None
    span: tuple[int, int] | None = None
    touched: bool = False
    group: str = ""
    name: str = ""
    reported: int = 0

    @property
    def calls(self) -> list[Part]:
        """The calls in it that somebody here has to answer."""
        return [part for part in self.parts if part.kind == "call" and not part.remote]

    @property
    def results(self) -> list[Part]:
        """The answers to such calls."""
        return [part for part in self.parts if part.kind == "result" and not part.remote]

    @property
    def signed(self) -> bool:
        """Whether it may be kept or dropped, and nothing else."""
        return any(part.signed for part in self.parts)

    @property
    def is_results(self) -> bool:
        """Whether it is answers to calls, and nothing else."""
        return bool(self.parts) and all(part.kind == "result" and not part.remote for part in self.parts)

    @property
    def text(self) -> str:
        """Its words, without calls and results."""
        return "\n".join([part.text for part in self.parts if part.kind == "text"])


class Tool(NamedTuple):
    """A tool that is offered: its name, and its definition as compact JSON, which is what is counted."""

    name: str
    text: str
    raw: Any = None


class Conversation(NamedTuple):
    """What was read. `system` stands apart from the messages in it; system messages between others stay there.

    `envelope` is what the format needs to write it again. `about` is what is known beside it: the session, the version
    of the program that wrote it, and what was left alone, and why.
    """

    format: Format
    provider: str
    messages: tuple[Message, ...]
    system: tuple[Part, ...] = ()
    tools: tuple[Tool, ...] = ()
    model: str = ""
    envelope: Any = None
    about: Mapping[str, Any] = NOTHING

    @property
    def notes(self) -> tuple[str, ...]:
        """What whoever reads it should be told, once."""
        return tuple(self.about.get("notes", ()))


def put_text(part: Part, text: str) -> Part:
    """Return `part` with another text."""
    return part if part.text == text else part._replace(text=text, touched=True)


def put_parts(message: Message, parts: Iterable[Part]) -> Message:
    """Return `message` with other parts; itself if they are the same."""
    new = tuple(parts)
    same = len(new) == len(message.parts) and not any(map(is_not, new, message.parts))
    return message if same else message._replace(parts=new, touched=True)


def say(role: Role, text: str, like: Message | None = None) -> Message:
    """Return a message of ours, with a text that no person wrote; it stands beside `like`."""
    return Message(role, (Part("text", text),), touched=True, origin=like.origin if like else ())
