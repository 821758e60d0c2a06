"""What `loopflow chat` does with the options that it was given."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from loopflow.analysis.names import escape_name
from loopflow.charts.terminal import PLAIN, Terminal
from loopflow.chat.compacting import Compacted, compact
from loopflow.chat.counting import Counts
from loopflow.chat.formats import read_all, write_all
from loopflow.chat.formats.sources import MOST_BYTES
from loopflow.chat.limits import Limits
from loopflow.chat.model import Conversation
from loopflow.chat.overhead import encoding_of
from loopflow.chat.profiling import Profile, join_profiles, profile
from loopflow.chat.render.report import render_problems, render_report
from loopflow.chat.rules import Problem, check
from loopflow.chat.settings import ChatSettings
from loopflow.chat.summary import Summarise, by_command
from loopflow.config.resolve import Config
from loopflow.config.sections import read_section
from loopflow.config.values import read_size_option
from loopflow.console.console import Console
from loopflow.console.directories import cache_directory
from loopflow.errors import ExitCode, LoopflowError, UsageError, describe_os_error
from loopflow.io.writing import write_atomically
from loopflow.model import ConfigRequest
from loopflow.tokens import create_counter
from loopflow.usecases.find_config import find_config_here, find_root

STANDARD_INPUT: Final = "-"
_OF_A_REPORT: Final = frozenset({"text", "json", "markdown"})
_WITH_FIT: Final = ("strategy", "max_exchanges", "keep_steps", "pin", "summarise_with", "dry_run")


@dataclass(frozen=True, slots=True)
class _Run:
    """What a run has at hand."""

    given: Mapping[str, Any]
    console: Console
    here: str
    settings: ChatSettings
    counts: Counts
    conversations: tuple[Conversation, ...]
    path: str | None
    """Of the file that was read; None for standard input."""
    model: str

    @property
    def provider(self) -> str | None:
        """Whose rules hold."""
        return self.given["provider"] or self.settings.provider


def run(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Read a conversation, and say what fills it, judge it, or make it fit."""
    if not here:
        raise UsageError("the current directory does not exist any more", "change to another one")
    console.quiet = given["quiet"]
    _check_options(given)
    config = find_config_here(here, _configuring(given, console.environ))
    settings: ChatSettings = read_section(config.sections, "chat")
    _refuse_found_command(settings, given, console.environ)
    path = _find_path(given, console, here)
    found = _read(path, given, console)
    model = given["model"] or settings.model or found[0].model
    encoding = _choose_encoding(config, settings, model)
    counter = create_counter(
        encoding, console.environ.get("LOOPFLOW_ENGINE") or None, cache_directory(console.environ, here)
    )
    here_run = _Run(given, console, here, settings, Counts(counter), found, path, model)
    for note in dict.fromkeys(note for each in found for note in each.notes):
        console.note(note)
    if given["fit"] is not None:
        return _fit(here_run)
    if given["check"] and not given["profile"]:
        return _judge(here_run, prints=True)
    _print_profile(here_run)
    return _judge(here_run, prints=False) if given["check"] else ExitCode.OK


def _check_options(given: Mapping[str, Any]) -> None:
    if given["last"] == (given["file"] is not None):
        raise UsageError("no conversation is named, or two are", "name a file, write - for standard input, or --last")
    if given["fit"] is None:
        named = next((option for option in _WITH_FIT if given[option]), None)
        if named:
            raise UsageError(
                f"--{named.replace('_', '-')} says how to make it fit, and --fit is not there", "add --fit N"
            )
    elif given["profile"] or given["check"]:
        other = "--profile" if given["profile"] else "--check"
        raise UsageError(f"--fit writes a conversation, and {other} none", "leave one of them out")
    if given["fit"] is not None and given["form"] != "text":
        raise UsageError("--format is for a profile; --fit writes the format that came in", "take --report FORM:FILE")
    if given["check"] and not given["profile"] and given["form"] not in {"text", "json"}:
        raise UsageError(f"{given['form']} is a form of a profile, and --check makes none", "take text or json")


def _configuring(given: Mapping[str, Any], environ: Mapping[str, str]) -> ConfigRequest:
    file = given["config"] or environ.get("LOOPFLOW_CONFIG") or None
    return ConfigRequest({"encoding": given["encoding"]}, environ, file)


def _refuse_found_command(settings: ChatSettings, given: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    """Raise UsageError for a command from a config that only lies there: whoever cloned a repository chose none."""
    is_named = given["config"] or environ.get("LOOPFLOW_CONFIG")
    if settings.summarise_with and not is_named:
        what = "chat.summarise_with starts a program, and stands in a config that nobody named"
        raise UsageError(what, "write --summarise-with, or name the config with --config")


def _choose_encoding(config: Config, settings: ChatSettings, model: str) -> str:
    if "encoding" in config.origins:
        return config.encoding
    limits = settings.limits_of(model)
    return (limits.encoding if limits else "") or encoding_of(model) or config.encoding


def _find_path(given: Mapping[str, Any], console: Console, here: str) -> str | None:
    if given["last"]:
        from loopflow.chat.sessions import find_last  # noqa: PLC0415  a file that is named is not searched for

        path = find_last(console.environ, list(dict.fromkeys([here, find_root(here) or here])))
        console.note(f"reading {escape_name(path)}")
        return path
    return None if given["file"] == STANDARD_INPUT else os.path.join(here, given["file"])


def _read(path: str | None, given: Mapping[str, Any], console: Console) -> tuple[Conversation, ...]:
    name = "standard input" if path is None else escape_name(given["file"] or os.path.basename(path))
    try:
        if path is None:
            data = console.read_input("a conversation").read(MOST_BYTES + 1)
        else:
            with open(path, "rb") as file:
                data = file.read(MOST_BYTES + 1)
        return read_all(data, given["input_format"])
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {describe_os_error(error)}", "check its name") from error
    except UsageError as error:
        raise UsageError(f"{name}: {error.message}", error.hint) from error


def _fit(here: _Run) -> ExitCode:
    given, console, settings = here.given, here.console, here.settings
    limit = read_size_option(given["fit"], "--fit")
    limits = Limits.fit(
        limit,
        max_exchanges=given["max_exchanges"] or Limits().max_exchanges,
        keep_steps=given["keep_steps"] or settings.keep_steps,
    )
    _refuse_input(given["output"], "-o", here)
    reports = _read_reports(_OF_A_REPORT, here)
    done = [_compact(each, limits, here) for each in here.conversations]
    for each in done:
        _require_counts(here, each.conversation)
    for form, path in reports:
        write_atomically(path, _draw_report(form, done), here.here, console.handles)
    for number, each in enumerate(done, 1):
        line = f"line {number}: " if len(done) > 1 else ""
        if len(done) == 1 or each.changed or not each.fits:
            for text in render_report(each, verbose=given["verbose"]):
                console.note(f"{line}{text}")
    unfit = next((each for each in done if not each.fits), None)
    if unfit is not None:
        hint = "raise --fit, or shorten what is named"
        raise LoopflowError(f"it does not fit: {unfit.floor}", hint, ExitCode.OVER_BUDGET)
    if not given["dry_run"]:
        data = write_all([each.conversation for each in done])
        with console.writing_to(given["output"], here.here):
            console.write_bytes(data)
    return ExitCode.OK


def _compact(conversation: Conversation, limits: Limits, here: _Run) -> Compacted:
    given, settings = here.given, here.settings
    command = given["summarise_with"] or settings.summarise_with
    summarise: Summarise | None = by_command(command, here.console.environ, here.here) if command else None
    strategy = given["strategy"] or settings.strategy
    if strategy == "summary" and summarise is None:
        here.console.warn("--strategy summary has nothing to make one with; the facts sheet stands without")
    return compact(
        conversation,
        limits,
        strategy=strategy,
        counts=here.counts,
        summarise=summarise,
        pin=(*settings.pin, *given["pin"]),
        provider=here.provider,
    )


def _draw_report(form: str, done: Sequence[Compacted]) -> str:
    from loopflow.chat.render import report  # noqa: PLC0415  only a report that is asked for needs all of it

    if form == "json":
        return report.render_json(done)
    if form == "markdown":
        return report.render_markdown(done)
    return "".join(f"{line}\n" for each in done for line in render_report(each, verbose=True))


def _print_profile(here: _Run) -> None:
    given, console = here.given, here.console
    _refuse_input(given["output"], "-o", here)
    reports = _read_reports(frozenset({"text", "json", "csv", "markdown", "html"}), here)
    joined = join_profiles([profile(each, here.counts, here.model) for each in here.conversations])
    joined = joined._replace(window=_find_window(here))
    for form, path in reports:
        write_atomically(path, "".join(_draw(joined, form, here, PLAIN)), here.here, console.handles)
    with console.writing_to(given["output"], here.here):
        for piece in _draw(joined, given["form"], here, console.terminal(given["color"])):
            if given["form"] == "text":
                console.write_chart(piece)
            else:
                console.write(piece)


def _find_window(here: _Run) -> int:
    """Return the tokens that the model takes, 0 where nobody says."""
    if here.given["window"] is not None:
        return read_size_option(here.given["window"], "--window")
    limits = here.settings.limits_of(here.model)
    return limits.input if limits else 0


def _draw(found: Profile, form: str, here: _Run, terminal: Terminal) -> Iterator[str]:
    from loopflow.chat.render import profile_data, profile_text  # noqa: PLC0415  --check needs neither

    way, top, verbose = here.given["way"], here.given["top"] or 0, here.given["verbose"]
    if form == "text":
        lines = profile_text.render_text(found, terminal, way, top, verbose=verbose)
        yield from (f"{line}\n" for line in lines)
        return
    drawn: Mapping[str, Callable[[], str]] = {
        "json": lambda: profile_data.render_json(found),
        "csv": lambda: profile_data.render_csv(found),
        "markdown": lambda: profile_data.render_markdown(found, way),
        "html": lambda: "".join(profile_data.render_html(found, way)),
    }
    yield drawn[form]()


def _judge(here: _Run, *, prints: bool) -> ExitCode:
    """Judge the tokens of text, and what the provider would say."""
    given, console = here.given, here.console
    budget = read_size_option(given["budget"], "--budget") if given["budget"] is not None else here.settings.budget
    problems: list[Problem] = []
    over = 0
    for each in here.conversations:
        tokens = here.counts.count(each, here.model)
        problems += check(each, here.provider)
        _require_counts(here, each)
        over = max(over, tokens.text - budget if budget is not None else 0)
    if prints and given["form"] == "json":
        from loopflow.chat.render.report import render_check  # noqa: PLC0415

        with console.writing_to(given["output"], here.here):
            console.write(render_check(problems, over))
    for line in render_problems(problems):
        console.warn(line)
    if over:
        console.warn(f"FAIL: {over:,} tokens of text more than the budget of {budget:,}")
    elif budget is not None:
        console.note(f"ok: within the budget of {budget:,} tokens of text")
    else:
        console.note("no budget: only what a provider would refuse was looked at")
    return ExitCode.OVER_BUDGET if over or problems else ExitCode.OK


def _require_counts(here: _Run, conversation: Conversation) -> None:
    """Raise LoopflowError where a text has no count."""
    if here.counts.has_uncountable(conversation):
        raise LoopflowError("a text in it cannot be counted, so nobody knows what it takes", "shorten its longest line")


def _read_reports(forms: frozenset[str], here: _Run) -> list[tuple[str, str]]:
    """Return the forms and files of the reports. Raises UsageError where one output would take another's place."""
    reports = [_read_report(value, forms, here) for value in here.given["report"]]
    named = [path for _, path in reports] + ([here.given["output"]] if here.given["output"] else [])
    seen: set[str] = set()
    for name in named:
        path = os.path.realpath(os.path.join(here.here, name))
        if path in seen and (os.path.isfile(path) or not os.path.exists(path)):  # a device takes both
            raise UsageError(f"{escape_name(name)} is named twice to be written", "name a file for each")
        seen.add(path)
    return reports


def _read_report(value: str, forms: frozenset[str], here: _Run) -> tuple[str, str]:
    form, colon, path = value.partition(":")
    if form not in forms or not colon or not path:
        raise UsageError(
            f"--report {escape_name(value)} is no report", f"write FORM:FILE, of {', '.join(sorted(forms))}"
        )
    _refuse_input(path, "--report", here)
    return form, path


def _refuse_input(file: str | None, option: str, here: _Run) -> None:
    if file is None or here.path is None:
        return
    path = os.path.join(here.here, file)
    if os.path.exists(path) and os.path.samefile(path, here.path):
        raise UsageError(f"{option} {escape_name(file)} is the conversation itself", "name another file")
