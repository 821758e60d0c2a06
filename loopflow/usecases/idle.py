"""What is asked for and matches nothing: each pattern of the command line and of the config that does nothing.

A pattern is held against all that is listed: neither what other patterns leave, nor the part that a run is about,
decides whether it still means something. It stops no run, but for a list that was written as one pattern.
"""

from collections.abc import Iterable, Iterator, Sequence
from shlex import quote

from loopflow.analysis.idle import Names, find_idle, split_list
from loopflow.analysis.names import escape_name
from loopflow.analysis.patterns import compile_patterns
from loopflow.errors import UsageError
from loopflow.io.file import Listed
from loopflow.model import SUBMODULE_MODE, FileRef, FitRequest, Idle, Judgement, Rule, Skipped
from loopflow.usecases.run import Run


def find_idle_filters(run: Run, fitting: FitRequest | None = None) -> tuple[Idle, ...]:
    """Return the patterns of the request and of the config's filters that match nothing listed.

    Raises UsageError for a list of patterns, with commas, in the place of one.
    """
    asked = run.request
    keep = fitting.keep if fitting else ()
    options = (("--include", asked.include), ("--exclude", asked.exclude), ("--keep", keep))
    filters = (("include", run.config.include), ("exclude", run.config.exclude))
    if not any(patterns for _, patterns in (*options, *filters)) or run.listed.is_empty:
        return ()
    names = Names(lambda most: _names(run.listed, most, below=True))
    found = [_of_an_option(option, patterns, names) for option, patterns in options]
    found += [_of_the_config(f"{run.config.origins.get(key, key)}: {key}", these, names) for key, these in filters]
    return tuple(idle for idle in found if idle.patterns)


def find_idle_rules(run: Run, judgement: Judgement) -> tuple[Idle, ...]:
    """Return the paths of rules that match nothing listed, but for rules that fail because all they had has gone."""
    gone = {verdict.rule.name for verdict in judgement.failed if verdict.note}
    rules = [rule for rule in run.config.rules if rule.paths and rule.name not in gone]
    if not rules or run.listed.is_empty:
        return ()
    names = Names(lambda most: _names(run.listed, most, below=False))
    found = (_of_the_config(place_of(rule), rule.paths, names) for rule in rules)
    return tuple(idle for idle in found if idle.patterns)


def place_of(rule: Rule) -> str:
    """Return where the paths of a rule are written, or the rule, as "file:line: rule 'name'"."""
    place = rule.places.get("paths") or rule.places.get("")
    where = f"{escape_name(place.file)}{f':{place.line}' if place.line else ''}: " if place else ""
    return f"{where}rule '{escape_name(rule.name)}'"


def _of_an_option(option: str, patterns: Sequence[str], names: Names) -> Idle:
    if patterns:
        compile_patterns(patterns, option)  # which says what is none
    idle = find_idle(patterns, names)
    for pattern in idle:
        parts = split_list(pattern, names)
        if parts:
            what = f"{option}: nothing that is listed matches '{escape_name(pattern)}', but its parts do"
            write = " ".join(f"{option} {quote(escape_name(part))}" for part in parts)
            raise UsageError(what, f"write {write}")
    return Idle(option, tuple(idle), "check the spelling, or leave it out")


def _of_the_config(where: str, patterns: Sequence[str], names: Names) -> Idle:
    idle = find_idle(patterns, names)
    parts = next((parts for pattern in idle if (parts := split_list(pattern, names))), [])
    write = ", ".join(f'"{escape_name(part)}"' for part in parts)
    return Idle(where, tuple(idle), f"write {write} there" if parts else "correct it there, or remove it")


def _names(listed: Listed, most: int | None, *, below: bool) -> list[str]:
    """Return names that are listed: `below` their own repository, as filters see them, or as rules see paths."""
    found: list[str] = []
    named = (
        listed.wanted if listed.request.paths or listed.request.names else ()
    )  # a file that is named need not be listed
    for listing in (*listed.everything, *named):
        start = len(listing.prefix) if below else 0
        items = listing.items if most is None else listing.items[: max(most - len(found), 0)]
        found += _spell(items, start)
    return found


def _spell(items: Iterable[FileRef | Skipped], start: int) -> Iterator[str]:
    for item in items:
        is_directory = isinstance(item, Skipped) or item.mode == SUBMODULE_MODE
        yield f"{item.path[start:]}/" if is_directory else item.path[start:]
