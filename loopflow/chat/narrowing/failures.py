"""Output of programs, reduced as `loopflow logs` reduces a log: what failed, whole if there is room, and the end."""

import re
from io import BytesIO
from typing import Final

from loopflow.chat.narrowing.model import Room
from loopflow.errors import LoopflowError, UncountableError

_LEAST: Final = 60
"""Tokens with which anything can be told."""
_END_SHARE: Final = 0.1
_REFERENCE: Final = re.compile(r"^(\[(?:also: )?L[\d, -]+) ERR-[A-Z0-9]{10}\b", re.MULTILINE)
"""Names of failures for `loopflow logs trace`: nothing is stored here that it could find."""


def summarise(text: str, room: Room) -> str | None:
    """Return what failed, what repeats and the end; None where nothing is found that is told of."""
    return _reduce(text, room, only_failures=False)


def keep_errors(text: str, room: Room, exit_code: int | None) -> str | None:
    """Return what failed, and how the tool ended; None where nothing in the output says so."""
    said = f"[exit code {exit_code}]" if exit_code else ""
    left = room._replace(limit=room.limit - room.count(said) - 1) if said else room
    errors = _reduce(text, left, only_failures=True)
    if errors is None:
        return None
    whole = f"{errors.rstrip()}\n{said}" if said else errors
    return whole if room.fits(whole) else errors


def _reduce(text: str, room: Room, *, only_failures: bool) -> str | None:
    if room.limit < _LEAST:
        return None
    from loopflow.logs.gathering import Input  # noqa: PLC0415  what is short needs none of it
    from loopflow.logs.model import LogRequest, Priority, Spending  # noqa: PLC0415
    from loopflow.logs.running import reduce_logs  # noqa: PLC0415

    lines = text.count("\n") + (not text.endswith("\n"))
    kept = "what failed" if only_failures else "what failed and the end"
    head = f"[... {lines:,} lines narrowed to {kept}, numbered L{room.where} ...]"
    request = LogRequest(
        fit=room.limit - room.count(head),
        lowest=Priority.MEDIUM if only_failures else Priority.VERBOSE,
        redact=False,
        counts_input=False,
        shares=(("end_share", _END_SHARE),),
        spending=Spending(is_adaptive=False),
    )
    try:
        read = Input("output", "", BytesIO(text.encode("utf-8", "replace")))
        digest = reduce_logs([read], request, room.counter)
    except (LoopflowError, UncountableError):
        return None
    if digest.is_whole:  # without its colours it fits
        return digest.text
    if not digest.outcomes and (only_failures or not digest.templates):
        return None
    _, _, told = digest.text.partition("\n")
    whole = f"{head}\n" + _REFERENCE.sub(r"\1", told)
    return whole if room.fits(whole) else None
