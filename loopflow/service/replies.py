"""What was found, as what is told of it."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, Literal

from msgspec import UNSET

from loopflow.service.model import Answer, Failed, Priority, Resolved, TaskStatus
from loopflow.service.settings import Model
from loopflow.service.tasks import Task
from loopflow.service.wire import (
    AnswerOf,
    AnswerReply,
    ReferenceReply,
    ReferencesReply,
    TaskReply,
    Trouble,
    WindowReply,
)


def tell_reference(part: Resolved | Failed) -> ReferenceReply:
    """Tell of a reference. Its digest is not told: with it, guesses at a line could be tested."""
    reference = part.reference
    if isinstance(part, Failed):
        last = UNSET if part.last_known_tokens is None else part.last_known_tokens
        trouble = Trouble(part.code, part.message, part.hint, part.retryable, last)
        return ReferenceReply(reference.marker, reference.kind, reference.start, reference.end, "error", error=trouble)
    content = part.content
    return ReferenceReply(
        reference.marker, reference.kind, reference.start, reference.end, "ok", dict(content.tokens), content.bytes,
        content.level.value, content.changed, content.lossy, content.fetched_at or UNSET,
    )  # fmt: skip


def tell_references(parts: Sequence[Resolved | Failed], encodings: Sequence[str]) -> ReferencesReply:
    """Tell of references, and what they cost together."""
    found = [part for part in parts if isinstance(part, Resolved)]
    total = {encoding: sum(part.content.tokens[encoding] for part in found) for encoding in encodings}
    return ReferencesReply(total, [tell_reference(part) for part in parts])


def tell_answers(answers: Sequence[Answer], models: Sequence[Model], warn: Fraction) -> AnswerReply:
    """Tell what a text costs in each encoding, and how full windows are that count in one of them."""
    by_encoding = {answer.encoding: answer for answer in answers}
    windows = [
        tell_window(model, by_encoding[model.encoding].total, warn) for model in models if model.encoding in by_encoding
    ]
    told = {each.encoding: AnswerOf(each.content, each.references, each.total) for each in answers}
    return AnswerReply(told, answers[0].complete, [tell_reference(part) for part in answers[0].parts], windows)


def tell_window(model: Model, tokens: int, warn: Fraction) -> WindowReply:
    """Tell how full a window is: near its end from `warn` on, exceeded above all of it."""
    state: Literal["ok", "near", "exceeded"] = "near" if tokens >= warn * model.window else "ok"
    if tokens > model.window:
        state = "exceeded"
    return WindowReply(model.name, model.window, tokens / model.window, state, model.exact)


_PRIORITIES: Final[dict[Priority, Literal["high", "medium", "low"]]] = {
    Priority.HIGH: "high",
    Priority.MEDIUM: "medium",
    Priority.LOW: "low",
}


def tell_task(task: Task) -> TaskReply:
    """Tell of a task."""
    waits = task.status is TaskStatus.PENDING and task.attempts > 0
    return TaskReply(
        task.id, task.kind, task.status.value, _PRIORITIES[task.priority], task.encoding, task.attempts, task.progress,
        task.created_at, task.started_at, task.finished_at,
        dict(task.result) if task.result is not None else UNSET,
        dict(task.error) if task.error is not None else UNSET,
        task.run_at if waits else UNSET,
    )  # fmt: skip
