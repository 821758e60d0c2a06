"""What `loopflow function` does with the options that it was given."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from loopflow.analysis.budget import Case, judge
from loopflow.analysis.names import escape_name
from loopflow.charts.terminal import PLAIN
from loopflow.cli.function import FORMS
from loopflow.cli.function_changes import Chosen, choose, look_for_callers, save_hashes, skip_known, tell_unshown
from loopflow.cli.function_drawing import INSTEAD, Drawn
from loopflow.cli.function_run import Made, Run
from loopflow.cli.function_whole import WHOLE_PARTS
from loopflow.config.sections import read_section
from loopflow.config.values import read_size_option
from loopflow.console.console import Console
from loopflow.console.directories import cache_directory
from loopflow.console.summary import append_summary
from loopflow.errors import ExitCode, LoopflowError, UsageError
from loopflow.function.environment import find_environment
from loopflow.function.facts.store import SqliteStore
from loopflow.function.model import CodeOptimizationContext, ContextTooLargeError, FunctionToOptimize, Refused
from loopflow.function.settings import FunctionConfig
from loopflow.function.trees import list_tree
from loopflow.function.working import Workshop
from loopflow.io.git.repository import Git
from loopflow.io.tree_files import TreeFiles
from loopflow.io.writing import write_atomically
from loopflow.model import ConfigRequest, Index, Revision, Rule, SelectRequest, Source, Status, Surroundings, Worktree
from loopflow.tokens import create_counter
from loopflow.usecases.find_config import find_config

_MANY: Final = 20
_TYPICAL_BYTES: Final = 1_000


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
    forms = {given["format"], *(form for form, _ in reports)}
    _refuse_what_clashes(given, forms)
    now = _prepare(given, console, here)
    outputs = [path for path in (*(path for _, path in reports), given["output"]) if path]
    _keep_sources(now, [*outputs, *([given["save_hashes"]] if given["save_hashes"] else [])])
    _keep_stores(given, outputs, here)
    chosen = choose(now.workshop, given, here)
    skip_known(now.workshop, chosen, given, console, here)
    if given["callers"]:
        look_for_callers(now.workshop, chosen)
    if len(chosen.targets) >= _MANY:
        now.workshop.tally.expect(len(chosen.targets) * _TYPICAL_BYTES)
    made = [_make(now, target, is_one=len(chosen.targets) == 1) for target in chosen.targets]
    now.workshop.tree.save()  # also where nothing fits: the files are the same in the next run
    _refuse_single(made, now)
    drawn = Drawn(now, chosen, made)
    for form, path in reports:
        write_atomically(path, "".join(drawn.draw(form, PLAIN)), here, console.handles)
    if given["pbcopy"]:
        console.clipboard.copy("".join(drawn.draw(given["format"], PLAIN)))
        console.note("copied to the clipboard")
    else:
        with console.writing_to(given["output"], here):
            for piece in drawn.draw(given["format"], console.terminal(given["color"])):
                console.write(piece)
    if "github" in forms:
        append_summary(console, lambda _: drawn.code)
    return _finish(now, chosen, made)


def _refuse_what_clashes(given: Mapping[str, Any], forms: Collection[str]) -> None:
    if not given["targets"] and not given["changed"]:
        raise UsageError(
            "no function is named", "write PATH:QUALNAME, such as src/shop/cart.py:Cart.total, or --changed"
        )
    if given["against"] is not None and not (given["changed"] or given["known"]):
        raise UsageError("--against says what --changed compares with", "add --changed")
    _refuse_what_lacks(given)
    if given["staged"] and given["rev"] is not None:
        raise UsageError("--staged reads the index, and --rev a commit", "leave one of them out")
    if given["untracked"] and (given["staged"] or given["rev"] is not None):
        raise UsageError("untracked files are in no index and in no commit", "leave out -u")
    _refuse_what_is_no_form(given, forms)
    if given["budget"] is not None and not given["check"]:
        raise UsageError("--budget is what --check judges by", "add --check, or write --fit to cut")


def _refuse_what_is_no_form(given: Mapping[str, Any], forms: Collection[str]) -> None:
    """Raise UsageError for a form that cannot have what is asked for."""
    asked = [f"--{name.replace('lists', 'list')}" for name in INSTEAD if given[name]]
    if len(asked) > 1:
        raise UsageError(f"{asked[0]} and {asked[1]} each print something else", "leave one of them out")
    if "html" in forms and not given["profile"]:
        raise UsageError("html is a form of --profile", "add --profile, or take text, markdown or json")
    if "html" in forms and (given["callers"] or given["affected"]):
        raise UsageError("html has charts only, and no callers and affected functions", "take text or json for these")
    if "github" in forms and asked:
        raise UsageError(f"github annotates contexts, and {asked[0]} prints something else", "leave one of them out")
    if given["report"]:
        asked.append("--report")
    if given["format"] not in {"text", "markdown"}:
        asked.append("--format")
    if given["write"] is not None and asked:
        raise UsageError(f"--write writes files, and {asked[0]} prints something else", "leave one of them out")


def _refuse_what_lacks(given: Mapping[str, Any]) -> None:
    """Raise UsageError for an option that says something of another one, which is not given."""
    if given["pbcopy"] and given["output"]:
        raise UsageError("--output writes to a file, --copy to the clipboard", "leave one of them out")
    if given["write"] is not None and given["part"] != "closure":
        raise UsageError("--write is for files that run", "add --part closure")
    if given["depth"] is not None and given["part"] == "closure":
        raise UsageError("a closure has all that is reached, however deep", "leave out --depth")
    if given["affected"] and not given["changed"]:
        raise UsageError("--affected is what a change reaches", "add --changed")
    if given["known_dynamic"] and given["known"] is None:
        raise UsageError("--known-dynamic is about what --known skips", "add --known FILE")


def _prepare(given: Mapping[str, Any], console: Console, here: str) -> Run:
    cache = cache_directory(console.environ, here)
    store = None if given["no_cache"] else SqliteStore(cache, console.note if given["verbose"] else lambda _: None)
    around = Surroundings(console.environ, here, here)
    request = SelectRequest(source=_source(given), untracked=given["untracked"], whole=True)
    tree = list_tree(request, around, store)
    file = given["config"] or console.environ.get("LOOPFLOW_CONFIG") or None
    asking = ConfigRequest({"encoding": given["encoding"]}, console.environ, file)
    found = find_config(TreeFiles(Git(around), tree.listed), tree.listed, asking, here)
    config: FunctionConfig = read_section(found.sections, "function")
    if given["depth"] is not None:
        config = replace(config, depth=int(given["depth"]))
    counter = create_counter(found.encoding, console.environ.get("LOOPFLOW_ENGINE") or None, cache)
    named, base = given["environment"], here
    if named is None:
        named, base = config.environment, tree.root
    environment = find_environment(tree.root, named, base)
    return Run(
        given, console, here, Workshop(tree, config, counter, environment), config,
        found.encoding,
        limit=_read_fit(given["fit"], config), fits_all=given["fit"] is not None,
        budget=_read_budget(given, config),
    )  # fmt: skip


def _keep_sources(run: Run, outputs: Sequence[str]) -> None:
    """Raise UsageError for an output that is a file of the tree: it would be read, and be gone."""
    tree = run.workshop.tree
    for path in outputs:
        inside = os.path.relpath(os.path.realpath(os.path.join(run.here, path)), os.path.realpath(tree.root))
        if inside.replace(os.sep, "/") in tree.files:
            raise UsageError(f"{escape_name(path)} is a file that is read", "write to another one")


def _keep_stores(given: Mapping[str, Any], outputs: Sequence[str], here: str) -> None:
    """Raise UsageError for an output that is a store of hashes, which would be gone, and a store that is no file."""
    saved = given["save_hashes"]
    if saved is not None and os.path.exists(place := os.path.join(here, saved)) and not os.path.isfile(place):
        raise UsageError(f"{escape_name(saved)} is no file that hashes can be kept in", "name another one")
    stores = {os.path.realpath(os.path.join(here, given[name])) for name in ("known", "save_hashes") if given[name]}
    for path in outputs:
        if os.path.realpath(os.path.join(here, path)) in stores:
            raise UsageError(f"{escape_name(path)} is the store of hashes", "write to another file")


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


def _make(run: Run, target: FunctionToOptimize, *, is_one: bool) -> Made:
    workshop, given = run.workshop, run.given
    if given["part"] in WHOLE_PARTS:
        is_short = given["format"] != "json" and not _tells(given)
        return workshop.measure(target, None, hashes=given["verbose"]) if is_short else workshop.make(target)
    if given["format"] != "json" and not given["report"] and not _tells(given):
        if given["lists"] or not (is_one or given["separate"]):
            limit = None if run.fits_all and not given["lists"] else run.limit  # it is that of all together
            return workshop.measure(target, limit, hashes=given["lists"] and given["verbose"])
        tests = given["part"] == "testgen"
        limit = None if given["separate"] and run.fits_all and not is_one else run.limit
        return workshop.make(target, limit, run.config.testgen_limit, hashes=False, tests=tests)
    return workshop.make(target, run.limit, run.config.testgen_limit)


def _tells(given: Mapping[str, Any]) -> bool:
    """Whether something is printed that is known of whole contexts only."""
    return bool(given["why"] or given["unresolved"] or given["profile"])


def _refuse_single(made: Sequence[Made], run: Run) -> None:
    only = made[0] if len(made) == 1 else None
    if isinstance(only, Refused):
        raise ContextTooLargeError(escape_name(only.target.name), only.tokens, run.limit or 0, only.largest)
    if not made and not (run.given["changed"] or run.given["known"]):
        raise UsageError("there is no function in what is named", "name a file that defines one")


def _finish(run: Run, chosen: Chosen, made: Sequence[Made]) -> ExitCode:
    console, tree = run.console, run.workshop.tree
    if run.given["changed"]:
        tell_unshown(chosen, console)
        if not chosen.targets and not chosen.unshown:
            console.note("no function is changed")
    for unread in sorted(tree.unread.values(), key=lambda each: each.path):
        console.warn(unread.message)
    _tell_unknown(run)
    refused = [each for each in made if isinstance(each, Refused)]
    for one in refused:
        console.warn(one.left_out)
    if not run.given["quiet"]:
        for each in made:
            if isinstance(each, CodeOptimizationContext) and each.steps and len(made) == 1:
                names = ", ".join(dict.fromkeys(step.name for step in each.steps))
                console.note(f"left out to fit {run.limit or 0:,} tokens: {names}; --why says what")
    if run.given["save_hashes"] is not None:
        passed = [each.target for each in made if isinstance(each, CodeOptimizationContext)]
        console.note(save_hashes(run.workshop, chosen, passed, run.given, run.here))
    if not run.given["check"]:
        return ExitCode.OK
    return _judge(run, made)


def _tell_unknown(run: Run) -> None:
    """Say once what is not in the environment."""
    if run.given["part"] == "testgen" and (unknown := sorted(run.workshop.enricher.unknown)):
        how = "" if run.workshop.environment else "; --environment says where they are installed"
        run.console.note(f"external: unknown: {escape_name(', '.join(unknown[:5]))}{how}")


def _judge(run: Run, made: Sequence[Made]) -> ExitCode:
    """Say which functions need more than the budget."""
    budget = run.budget
    assert budget is not None  # noqa: S101  there is one with --check
    items = [_Item(each.target.name, "", each.needed) for each in made]
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
