"""How an output is narrowed: by what it is, by what its tool does, and by whether that failed.

What is JSON stays JSON, and a diff loses whole hunks. What is read or listed keeps its beginning. The output of
programs is reduced to what failed, where something did; else both ends are kept.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from loopflow.chat.narrowing.documents import narrow_document
from loopflow.chat.narrowing.ends import keep_ends, keep_listed, keep_read
from loopflow.chat.narrowing.model import Category, Keep, Narrowed, Room
from loopflow.chat.narrowing.secrets import Hidden, hide
from loopflow.chat.tools import Mode, OwnRule, Rule, find_rule
from loopflow.errors import UsageError
from loopflow.tokens.protocol import TokenCounter
from loopflow.tokens.safe_cuts import last_cut

_SURE: Final = 8
"""Characters for each token of a limit: where that much of a text is too much, the rest is not counted."""
_NO_MATCH: Final = 1
_BY_LINES: Final = frozenset({"read", "search", "list"})
"""Kinds that are cut to a number of lines by themselves."""
_PROGRAMS: Final = re.compile(r"\s*(?:\w+=\S*\s+)*(?:git\s+)?([\w./-]+)")
_FINDERS: Final = frozenset({"grep", "egrep", "fgrep", "rg", "ag", "ack", "diff", "cmp"})
_LISTERS: Final = frozenset({"ls", "find", "fd", "tree", "ls-files"})
_READERS: Final = frozenset({"cat", "bat", "nl", "head", "sed"})
_LOGS: Final = re.compile(r"\.(?:log|out|txt|err)\b|/log/|\blogs/")
_JOINED: Final = re.compile(r"[|;&\n]|\$\(|`")


class Ran(NamedTuple):
    """What is known of how a tool ran. `start` is the number of the first line that it read.

    `by_offset`: it can be asked to read from another line on.
    """

    command: str = ""
    exit_code: int | None = None
    is_error: bool = False
    start: int = 1
    by_offset: bool = False

    @property
    def failed(self) -> bool:
        """Whether it did. To find nothing, or differences, is no failure."""
        if self.exit_code == _NO_MATCH and find_program(self.command) in _FINDERS:
            return False
        return self.is_error or bool(self.exit_code)


def narrow(  # noqa: PLR0913  the one function that programs call
    text: str,
    tool: str,
    *,
    limit: int | None = None,
    mode: Mode | None = None,
    stderr: str = "",
    exit_code: int | None = None,
    is_error: bool = False,
    keep: Keep | None = None,
    command: str = "",
    rules: Mapping[str, OwnRule] = MappingProxyType({}),
    counter: TokenCounter | None = None,
) -> Narrowed:
    """Return the output of a tool as a model shall read it: without secrets, and with at most so many tokens.

    `limit` and `mode` go before what `rules` say of the tool, and those before what its name says. Where a tool failed
    that is known by its `exit_code` or by `is_error`. `stderr` has half the limit. `keep` is given all of what is
    narrowed. Raises UsageError for a limit below 1.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"a limit of {limit} tokens leaves nothing", "give one above 0")
    rule = find_rule(tool, rules)
    if limit is not None or mode is not None:
        rule = rule._replace(
            kind="other" if rule.never else rule.kind, tokens=limit or rule.tokens, mode=mode or rule.mode
        )
    counter = counter or _usual_counter()
    ran = Ran(command, exit_code, is_error)
    done = narrow_one(text, rule, ran, keep, counter)
    if not stderr:
        return done
    half = rule if rule.never else rule._replace(tokens=max(rule.tokens // 2, 1))
    said = narrow_one(stderr, half, ran, keep, counter)
    worse = said if done.category == "full" else done
    return worse._replace(
        text=done.text, stderr=said.text, tokens=done.tokens + said.tokens, hidden=done.hidden + said.hidden
    )


def narrow_one(text: str, rule: Rule, ran: Ran, keep: Keep | None, counter: TokenCounter) -> Narrowed:
    """Return one text, narrowed as a rule says."""
    hidden = hide(text)
    rule = _by_command(rule, ran.command)
    limit = _find_limit(hidden.text, rule, counter)
    if limit is None:
        shown = hidden.with_remark(hidden.text) if rule.kind == "read" else hidden.text
        return Narrowed(shown, "full", None, Room(0, counter).count(shown), hidden=hidden.number)
    kept_at = (keep(text) if keep is not None else None) or ""
    room = Room(limit, counter, kept_at)
    category, used, shorter = _choose(hidden, rule, ran, room)
    tokens = room.count(shorter)
    if len(hidden.text) < limit * _SURE and tokens >= room.count(hidden.text) <= limit:
        shorter, category, used = hidden.text, "full", None  # words on what is left out can be longer than that
    return Narrowed(shorter, category, used, tokens, kept_at, hidden=hidden.number)


def _find_limit(text: str, rule: Rule, counter: TokenCounter) -> int | None:
    """Return the tokens that are left to a text, None where it may stay as it is.

    Where it has too many lines or characters, and not too many tokens, it gets its share of the tokens that it has.
    """
    if rule.never:
        return None
    lines = text.count("\n") + (not text.endswith("\n"))
    share = min(
        rule.lines / lines if rule.lines and rule.lines < lines else 1,
        rule.characters / len(text) if rule.characters and rule.characters < len(text) else 1,
    )
    room = Room(rule.tokens, counter)
    if _is_surely_more(text, room):
        return rule.tokens
    if share == 1:
        return None if room.fits(text) else rule.tokens
    if rule.kind in _BY_LINES:
        return rule.tokens
    return max(min(int(room.count(text) * share), rule.tokens), 1)


def _is_surely_more(text: str, room: Room) -> bool:
    """Whether the beginning of a text is too much already: counts of pieces that are cut there add up."""
    first = text[: room.limit * _SURE]
    cut = last_cut("", first) if len(first) < len(text) else None
    return bool(cut) and not room.fits(first[:cut])


def _choose(hidden: Hidden, rule: Rule, ran: Ran, room: Room) -> tuple[Category, Mode | None, str]:
    """Return how a text was narrowed, and what is left of it."""
    text = hidden.text
    if rule.kind == "read":
        remark = room.count(f"\n{hidden.remark}") if hidden.number else 0
        less = room._replace(limit=max(room.limit - remark, 1))
        read = keep_read(text, rule.lines, less, ran.start, by_offset=ran.by_offset)
        return "truncated", "heads-tails", hidden.with_remark(read)
    document = narrow_document(text, room, lambda plain: hide(plain).text)
    if document is not None:
        return "truncated", "heads-tails", document
    from loopflow.chat.narrowing.hunks import is_diff, narrow_diff  # noqa: PLC0415

    if is_diff(text):
        return "truncated", "heads-tails", narrow_diff(text, room) or keep_ends(text, room)
    for category, mode, make in _list_ways(rule, ran, room):
        found = make(text)
        if found is not None:
            return category, mode, found
    return "truncated", "heads-tails", keep_ends(text, room)


_Way = tuple[Category, Mode, Callable[[str], str | None]]


def _list_ways(rule: Rule, ran: Ran, room: Room) -> list[_Way]:
    """Return what to try, in order, before both ends are kept."""
    from loopflow.chat.narrowing.failures import keep_errors, summarise  # noqa: PLC0415

    errors: _Way = ("error-only", "error-only", lambda text: keep_errors(text, room, ran.exit_code))
    summary: _Way = ("summarized", "smart-summary", lambda text: summarise(text, room))
    if rule.mode is not None:
        return {"error-only": [errors], "smart-summary": [summary], "heads-tails": []}[rule.mode]
    if rule.kind in {"search", "list"}:
        has_lines = rule.kind == "search"
        return [("truncated", "heads-tails", lambda text: keep_listed(text, rule.lines, room, has_lines=has_lines))]
    if rule.kind == "web":
        return []
    return [errors] if ran.failed else [summary]


def find_program(command: str) -> str:
    """Return the program of a command that is but one, "" for any other."""
    if not command or _JOINED.search(command):
        return ""
    found = _PROGRAMS.match(command)
    return found[1].rpartition("/")[2] if found else ""


def _by_command(rule: Rule, command: str) -> Rule:
    """Return the rule for a command of a shell: what finds, lists or reads files is narrowed as tools that do so."""
    if rule.kind != "shell":
        return rule
    program = find_program(command)
    if program in _FINDERS:
        return rule._replace(kind="search")
    if program in _LISTERS:
        return rule._replace(kind="list")
    if program in _READERS and not _LOGS.search(command):
        return rule._replace(kind="read")
    return rule


@lru_cache(1)
def _usual_counter() -> TokenCounter:
    from loopflow.tokens import create_counter  # noqa: PLC0415  whoever brings one needs no other

    return create_counter()
