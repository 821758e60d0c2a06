"""Judges logs, and prints those of which all is kept."""

from collections.abc import Sequence
from typing import Final

from loopflow.cli.logs_settings import Asked
from loopflow.console.console import Console
from loopflow.errors import ExitCode, LoopflowError
from loopflow.logs.heading import describe_kept
from loopflow.logs.keeping import KeptText
from loopflow.logs.model import Digest, Source

_HUNDRED: Final = 100


def print_kept(asked: Asked, console: Console, here: str, kept: KeptText) -> ExitCode:
    """Print all of logs, if that is not more than is allowed, and judge them."""
    allowed, after = asked.settings.fit - asked.settings.buffer, kept.tokens_after
    if asked.given["fit"] is not None and (after is None or after > allowed):
        many = f"{after:,} tokens" if after is not None else "more tokens"
        what = f"{name_logs(kept.sources)} has {many} with --keep {asked.settings.keep}, and {allowed:,} are allowed"
        kept.file.close()
        raise LoopflowError(what, "raise --fit, or take --keep digest", ExitCode.OVER_BUDGET)
    with console.writing_to(asked.given["output"], here):
        for piece in kept.pieces():
            console.write_bytes(piece)
    console.note(describe_kept(name_logs(kept.sources), kept.sources, kept.tokens_before, after))
    return judge(asked, console, kept.sources, kept.tokens_before)


def is_too_long(asked: Asked, console: Console, digest: Digest) -> bool:
    """Whether fewer tokens had to go than --min-compression asks for. A preset only wishes so."""
    percent = asked.given["min_compression"]
    before, after = digest.tokens_before, digest.tokens_after
    if not percent or before is None or after <= before * (_HUNDRED - percent) // _HUNDRED:
        return False
    console.warn(f"nothing can be said in {percent} % fewer tokens: there are {after:,} of {before:,}")
    return True


def judge(
    asked: Asked, console: Console, sources: Sequence[Source], before: int | None, *, fails: bool = False
) -> ExitCode:
    """Judge the tokens of logs, which are `before`; it `fails` where something else is not as it should be."""
    if not asked.given["check"]:
        return ExitCode.OK
    budget, name = asked.settings.budget, name_logs(sources)
    code = ExitCode.OVER_BUDGET if fails else ExitCode.OK
    if budget is None:
        if asked.judges_budget:
            console.warn("--check has no budget to judge by; give --budget N, or write budget = N in [logs]")
        return code
    if before is None:
        raise LoopflowError(f"{name} cannot be counted, so --check cannot judge it", "cut its longest lines")
    if before > budget:
        console.warn(f"FAIL {name}: {before:,} tokens, {before - budget:,} more than the budget of {budget:,}")
        return ExitCode.OVER_BUDGET
    console.note(f"ok {name}: {before:,} of {budget:,} tokens")
    return code


def name_logs(sources: Sequence[Source]) -> str:
    """Return what logs are called in a message."""
    return sources[0].name if len(sources) == 1 else f"{len(sources)} logs"
