"""What `loopflow function` does with the options that it was given."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from loopflow.analysis.budget import Case, judge
from loopflow.analysis.names import escape_name
from loopflow.charts.terminal import PLAIN, Terminal
from loopflow.cli.function import FORMS
from loopflow.config.sections import read_section
from loopflow.config.values import read_size_option
from loopflow.console.console import Console
from loopflow.console.directories import cache_directory
from loopflow.errors import ExitCode, LoopflowError, UsageError
from loopflow.function.counting import write
from loopflow.function.facts.store import SqliteStore
from loopflow.function.model import (
    CodeOptimizationContext,
    CodeStringsMarkdown,
    ContextTooLargeError,
    FunctionToOptimize,
    Refused,
)
from loopflow.function.render import charts, text
from loopflow.function.render.json import Answer, count_all, render_json
from loopflow.function.settings import FunctionConfig
from loopflow.function.target import find_targets
from loopflow.function.trees import list_tree
from loopflow.function.working import Workshop, check_blocks, together
from loopflow.io.git.repository import Git
from loopflow.io.tree_files import TreeFiles
from loopflow.io.writing import write_atomically
from loopflow.model import ConfigRequest, Index, Revision, Rule, SelectRequest, Source, Status, Surroundings, Worktree
from loopflow.tokens import create_counter
from loopflow.usecases.find_config import find_config

_MANY: Final = 20
_TYPICAL_BYTES: Final = 1_000
_CONTEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "optimization": ("read_writable", "read_only"),
    "read-writable": ("read_writable",),
    "read-only": ("read_only",),
    "testgen": ("testgen",),
}
_INSTEAD: Final = ("lists", "why", "unresolved", "profile")

Made = CodeOptimizationContext | Refused


@dataclass(frozen=True, slots=True)
class _Run:
    """What a run has at hand."""

    given: Mapping[str, Any]
    console: Console
    here: str
    workshop: Workshop
    config: FunctionConfig
    encoding: str
    limit: int | None
    """Of all that is printed, where --fit says so; else of each function."""
    fits_all: bool
    budget: int | None


class _Item(NamedTuple):
    """A function that is judged."""

    name: str
    group: str
    tokens: int


def run(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Do what was asked for."""
    if not here:
        raise UsageError("the current directory does not exist any more", "change to another one")
    console.quiet = given["quiet"]
    reports = [_read_report(value) for value in given["report"]]
    _refuse_what_clashes(given, [form for form, _ in reports])
    now = _prepare(given, console, here)
    _keep_sources(now, [*(path for _, path in reports), *([given["output"]] if given["output"] else [])])
    words = given["targets"]
    targets = list(dict.fromkeys(target for word in words for target in find_targets(now.workshop, word, here)))
    if len(targets) >= _MANY:
        now.workshop.tally.expect(len(targets) * _TYPICAL_BYTES)
    made = [_make(now, target) for target in targets]
    _refuse_single(made, now)
    drawn = _Drawn(now, made)
    for form, path in reports:
        write_atomically(path, "".join(drawn.draw(form, PLAIN)), here, console.handles)
    with console.writing_to(given["output"], here):
        for piece in drawn.draw(given["format"], console.terminal(given["color"])):
            console.write(piece)
    now.workshop.tree.save()
    return _finish(now, made)


def _refuse_what_clashes(given: Mapping[str, Any], forms: Sequence[str]) -> None:
    if not given["targets"]:
        raise UsageError("no function is named", "write PATH:QUALNAME, such as src/shop/cart.py:Cart.total")
    if given["staged"] and given["rev"] is not None:
        raise UsageError("--staged reads the index, and --rev a commit", "leave one of them out")
    if given["untracked"] and (given["staged"] or given["rev"] is not None):
        raise UsageError("untracked files are in no index and in no commit", "leave out -u")
    asked = [name for name in _INSTEAD if given[name]]
    if len(asked) > 1:
        one, two = (f"--{name.replace('lists', 'list')}" for name in asked[:2])
        raise UsageError(f"{one} and {two} each print something else", "leave one of them out")
    if "html" in {given["format"], *forms} and not given["profile"]:
        raise UsageError("html is a form of --profile", "add --profile, or take text, markdown or json")
    if given["budget"] is not None and not given["check"]:
        raise UsageError("--budget is what --check judges by", "add --check, or write --fit to cut")


def _prepare(given: Mapping[str, Any], console: Console, here: str) -> _Run:
    cache = cache_directory(console.environ, here)
    store = None if given["no_cache"] else SqliteStore(cache, _remark(given, console))
    around = Surroundings(console.environ, here, here)
    request = SelectRequest(source=_source(given), untracked=given["untracked"], whole=True)
    tree = list_tree(request, around, store)
    file = given["config"] or console.environ.get("LOOPFLOW_CONFIG") or None
    asking = ConfigRequest({"encoding": given["encoding"]}, console.environ, file)
    found = find_config(TreeFiles(Git(around), tree.listed), tree.listed, asking, here)
    config: FunctionConfig = read_section(found.sections, "function")
    counter = create_counter(found.encoding, console.environ.get("LOOPFLOW_ENGINE") or None, cache)
    return _Run(
        given, console, here, Workshop(tree, config, counter), config, found.encoding,
        limit=_read_fit(given["fit"], config), fits_all=given["fit"] is not None,
        budget=_read_budget(given, config),
    )  # fmt: skip


def _keep_sources(run: _Run, outputs: Sequence[str]) -> None:
    """Raise UsageError for an output that is a file of the tree: it would be read, and be gone."""
    tree = run.workshop.tree
    for path in outputs:
        inside = os.path.relpath(os.path.realpath(os.path.join(run.here, path)), os.path.realpath(tree.root))
        if inside.replace(os.sep, "/") in tree.files:
            raise UsageError(f"{escape_name(path)} is a file that is read", "write to another one")


def _remark(given: Mapping[str, Any], console: Console) -> Any:  # noqa: ANN401
    return console.note if given["verbose"] else lambda _: None


def _source(given: Mapping[str, Any]) -> Source:
    if given["staged"]:
        return Index()
    return Revision(given["rev"]) if given["rev"] is not None else Worktree()


def _read_fit(value: str | None, config: FunctionConfig) -> int | None:
    if value is None:
        return config.optimization_limit
    return None if value == "none" else read_size_option(value, "--fit")


def _read_budget(given: Mapping[str, Any], config: FunctionConfig) -> int | None:
    budget = config.budget if given["budget"] is None else read_size_option(given["budget"], "--budget")
    if given["check"] and budget is None:
        raise UsageError("--check has no budget", "write --budget N, or budget in [function] of the config")
    return budget


def _read_report(value: str) -> tuple[str, str]:
    form, _, path = value.partition(":")
    if form not in FORMS or not path:
        raise UsageError(f"--report {escape_name(value)} is not FORM:FILE", f"FORM is one of {', '.join(FORMS)}")
    return form, path


def _make(run: _Run, target: FunctionToOptimize) -> Made:
    workshop = run.workshop
    if run.given["lists"] and run.given["format"] != "json":
        return workshop.measure(target, run.limit, hashes=run.given["verbose"])
    return workshop.make(target, run.limit, run.config.testgen_limit)


def _refuse_single(made: Sequence[Made], run: _Run) -> None:
    only = made[0] if len(made) == 1 else None
    if isinstance(only, Refused):
        raise ContextTooLargeError(escape_name(only.target.name), only.tokens, run.limit or 0, only.largest)
    if not made:
        raise UsageError("there is no function in what is named", "name a file that defines one")


class _Drawn:
    """Draws what was made, in each form."""

    def __init__(self, run: _Run, made: Sequence[Made]) -> None:
        self._run = run
        self._made = made
        self._contexts = [each for each in made if isinstance(each, CodeOptimizationContext)]

    def draw(self, form: str, terminal: Terminal) -> Iterator[str]:
        """Yield the document in pieces."""
        given = self._run.given
        if form == "json":
            yield self._json()
        elif form == "html":
            yield from charts.render_html(self._contexts, self._run.encoding)
        elif given["profile"]:
            yield from _lines(charts.render_text(self._contexts, terminal, verbose=given["verbose"]))
        elif given["lists"]:
            yield from _lines(text.list_functions(self._made, hashes=given["verbose"]))
        elif given["why"]:
            yield from _lines(line for each in self._contexts for line in text.tell_why(each, terminal))
        elif given["unresolved"]:
            yield from _lines(text.tell_unresolved(self._contexts))
        else:
            yield self._code()

    def _code(self) -> str:
        """Return contexts as Markdown: of several functions together, what they share once."""
        if len(self._contexts) == 1:
            [only] = self._contexts
            return self._write({name: getattr(only, name) for name in _CONTEXTS[self._run.given["part"]]})
        workshop, run = self._run.workshop, self._run
        found = [workshop.find(each.target) for each in self._contexts]
        if not found:
            return ""
        pieces = workshop.combine(found)
        fitted = workshop.fitter.fit(pieces, found[0].target.path, run.limit if run.fits_all else None)
        if not fitted.fits:
            what = f"{len(found):,} functions do not fit {run.limit:,} tokens together: they need {fitted.tokens:,}"
            raise LoopflowError(what, f"write --fit {fitted.tokens}, or name fewer", ExitCode.OVER_BUDGET)
        blocks = {"read_writable": fitted.writable.markdown, "read_only": fitted.readable.markdown}
        blocks["testgen"] = together(blocks["read_writable"], blocks["read_only"])
        return self._write({name: blocks[name] for name in _CONTEXTS[run.given["part"]]})

    def _write(self, blocks: Mapping[str, CodeStringsMarkdown]) -> str:
        check_blocks(blocks.values())
        if set(blocks) == {"read_writable", "read_only"}:
            return write(blocks["read_writable"], blocks["read_only"])
        [only] = blocks.values()
        return only.markdown

    def _json(self) -> str:
        run, workshop = self._run, self._run.workshop
        check_blocks(
            getattr(each, name) for each in self._contexts for name in ("read_writable", "read_only", "testgen")
        )
        counts = {source: workshop.tally.count(source) for source in count_all(self._made)}
        parts = () if any(run.given[name] for name in _INSTEAD) else _CONTEXTS[run.given["part"]]
        tokens = sum(each.tokens.printed for each in self._contexts)
        tree = workshop.tree
        skipped = [tree.unread[path] for path in sorted(tree.unread)]
        return render_json(Answer(self._made, run.encoding, tree.source, skipped, tokens, parts, counts))


def _lines(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield f"{line}\n"


def _finish(run: _Run, made: Sequence[Made]) -> ExitCode:
    console, tree = run.console, run.workshop.tree
    for unread in sorted(tree.unread.values(), key=lambda each: each.path):
        why = unread.detail or unread.reason.replace("_", " ")
        console.warn(f"{escape_name(unread.path)} is left out: {escape_name(why)}")
    refused = [each for each in made if isinstance(each, Refused)]
    for one in refused:
        console.warn(f"{escape_name(one.target.name)} is left out: {one.message}")
    if not run.given["quiet"]:
        for each in made:
            if isinstance(each, CodeOptimizationContext) and each.steps and len(made) == 1:
                names = ", ".join(dict.fromkeys(step.name for step in each.steps))
                console.note(f"left out to fit {run.limit or 0:,} tokens: {names}; --why says what")
    if not run.given["check"]:
        return ExitCode.OK
    return _judge(run, made)


def _judge(run: _Run, made: Sequence[Made]) -> ExitCode:
    """Say which functions need more than the budget."""
    budget = run.budget
    assert budget is not None  # noqa: S101  there is one with --check
    items = [
        _Item(each.target.name, "", each.tokens if isinstance(each, Refused) else each.tokens.needed) for each in made
    ]
    verdicts = judge([Rule("function", file=budget)], Case(items), lambda _: lambda _name, _group: True).verdicts
    over = [item for item in items if item.tokens > budget]
    for item in sorted(over, key=lambda each: -each.tokens):
        run.console.write_error(
            f"{escape_name(item.name)}: {item.tokens:,} tokens, {item.tokens - budget:,} over the budget\n"
        )
    if run.workshop.tree.unread:
        raise LoopflowError(
            "not all files could be read, so --check cannot say that the budget is kept", "see the warnings"
        )
    return ExitCode.OVER_BUDGET if any(each.status is Status.FAIL for each in verdicts) else ExitCode.OK
