"""Every name that log tools before this one gave to what it does, tried beside ours."""

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

LOG = "test_output.log"
NOISE = "".join(f"tests/test_{number}.py::test_it[{number}] PASSED\n" for number in range(400))
FILES: Mapping[str, str] = {
    LOG: f"{NOISE}2025-03-01 ERROR api: the pear is broken\nValueError: no pears\npayment declined\n{NOISE}",
    "loopflow.toml": "[logs]\nfit = 1_000\n",
    "small.txt": "a few words\n",
    "mine.json": '{"schema": 1, "name": "mine", "base": "error", "error_retention": 0.9}',
    ".loopflow/logs/saved.toml": "schema = 1\nfit = 700\n",
}


PRESETS = ("monitoring", "ci-integration", "max-compression", "balanced", "test-debugging")
JSON = '{"api":200,"misc":100}'
TOO_MUCH = '{"api":20000}'


class Ended(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


class Pair(NamedTuple):
    """A command line with the older name, and ours, which prints the same."""

    theirs: tuple[str, ...]
    ours: tuple[str, ...] = ()
    code: int = 0
    makes: str = ""
    """A file that both make, as a pattern."""


class Tried(NamedTuple):
    """A pair, and whether it holds: what was seen, "" where something else was."""

    pair: Pair
    seen: str


Call = Callable[[Sequence[str], Path], Ended]


def _same(theirs: str, ours: str, code: int = 0, makes: str = "") -> Pair:
    return Pair(tuple(theirs.split()), tuple(ours.split()), code=code, makes=makes)


PAIRS: tuple[Pair, ...] = (
    _same(f"--log-file {LOG}", LOG),
    _same("", "", code=2),
    _same(f"{LOG} --output-dir ./logs", f"{LOG} --output-dir=logs", makes="logs/*.digest.txt"),
    _same(f"{LOG} --output-dir a --max-log-size 5", f"{LOG} --output-dir a --max-log-size 5MB", makes="a/*.json"),
    _same(f"{LOG} --output-dir a --max-logs 10", f"{LOG} --output-dir a", makes="a/*.json"),
    _same(f"{LOG} --token-budget 900", f"{LOG} --fit 900"),
    _same(f"{LOG} --target-tokens 900", f"{LOG} --fit 900"),
    _same(f"{LOG} --token-buffer=500", f"{LOG} --fit 1000 --token-buffer 500"),
    _same(f"{LOG} --store-memory", LOG),
    _same("--analyze-memory", "--analyze-memory -q"),
    _same("--memory-query TestRun", "--memory-query=testrun --fit 2000"),
    _same("--analyze-memory --memory-query=TestRun", "--memory-query TestRun --analyze-memory"),
    _same("--check-memory-connection", "--check-memory-connection -q"),
    _same("--reconnect-memory", "--reconnect-memory", code=2),
    _same(f"{LOG} --track-usage", LOG),
    _same("--check-usage", "--check-usage --check"),
    _same(f"{LOG} --chunk-size 500", f"{LOG} --chunk-size=500"),
    _same(f"{LOG} --auto-truncate", LOG),
    _same(f"{LOG} --no-auto-truncate", f"{LOG} --no-auto-truncate", code=1),
    _same(f"{LOG} --priority-filter=high", f"{LOG} --priority-filter high"),
    _same(f"{LOG} --stream-processing", LOG),
    _same(f"{LOG} --parallel-workers=4", LOG),
    _same(f"{LOG} --memory-optimized", LOG),
    _same(f"{LOG} --debug-tokens", f"{LOG} --explain"),
    _same(f"--token-distribution {LOG}", f"distribution {LOG}"),
    _same(f"--token-distribution --log-file {LOG}", f"{LOG} --profile"),
    _same(f"{LOG} --verbose", f"{LOG} -v"),
    _same("--calibrate-token-model", "--calibrate-token-model"),
    _same(f"{LOG} --strict-estimation --model gpt-4o", LOG),
    _same("--update-tokenizer-config cl100k_base", "--update-tokenizer-config cl100k_base", makes="loopflow.toml"),
    _same("--diagnostic-report", "diagnose"),
    _same("--validate-config", "validate-config"),
    _same("--benchmark-simulation small.txt --target-tokens 900", "simulate small.txt --fit 900"),
    _same(
        "--validate-ci small.txt --fail-on-threshold=90 --report-json=r.json",
        "validate-ci small.txt --fail-on-threshold 90 --report-json r.json",
        makes="r.json",
    ),
    _same("--validate-ci small.txt --token-budget 2", "validate-ci small.txt --token-budget 2", code=1),
    _same(f"{LOG} --preprocess", f"{LOG} --keep fold"),
    _same(f"{LOG} --preprocess --chunk-size 1000", f"{LOG} --keep fold"),
    _same(f"{LOG} --add-priority-pattern=declined", f"{LOG} --add-priority-pattern critical:declined"),
    _same(f"{LOG} --add-priority-pattern high:declined --save", f"{LOG} --add-priority-pattern high:declined"),
    _same(f"{LOG} --component-budgets={JSON}", f"{LOG} --component-budgets {JSON}"),
    _same(f"{LOG} --component-budgets={TOO_MUCH}", f"{LOG} --component-budgets {TOO_MUCH}", code=2),
    _same(
        f"{LOG} --adaptive-optimization --min-compression=50 --target-tokens=800",
        f"{LOG} --min-compression 50 --fit 800",
    ),
    _same(f"{LOG} --no-adaptive", f"{LOG} --no-adaptive"),
    _same(f"{LOG} --optimization-profile=error", f"{LOG} --type error"),
    _same(
        f"{LOG} --optimization-profile=mine --custom-profile-path=./mine.json",
        f"{LOG} --profile-name mine --custom-profile-path mine.json",
    ),
    *(_same(f"{LOG} --preset={name}", f"{LOG} --preset {name}") for name in PRESETS),
    _same(f"{LOG} --save-config best", f"--save-config best {LOG}", makes=".loopflow/logs/best.toml"),
    _same(f"{LOG} --load-config saved", f"{LOG} --fit 700"),
    _same("configs", "configs"),
    _same("--validate-ci --diagnostic-report", "--diagnostic-report --validate-ci", code=2),
    _same(f"--diagnostic-report {LOG}", f"--diagnostic-report --log-file {LOG}", code=2),
)


def try_all(call: Call, pairs: Sequence[Pair] = PAIRS) -> Iterator[Tried]:
    """Yield each pair with what was seen of it; both its lines are run in a directory of their own."""
    for pair in pairs:
        with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
            theirs = _run(call, pair.theirs, Path(first), pair.makes)
            ours = _run(call, pair.ours, Path(second), pair.makes)
        yield Tried(pair, _judge(pair, theirs, ours))


def _run(call: Call, arguments: Sequence[str], directory: Path, makes: str) -> Ended | None:
    """Run a command line; return None where a file is not made that should be."""
    for name, text in FILES.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    ended = call(arguments, directory)
    return ended if not makes or list(directory.glob(makes)) else None


def _judge(pair: Pair, theirs: Ended | None, ours: Ended | None) -> str:
    if theirs is None or theirs.code != pair.code:
        return ""
    if ours is None or ours.code != theirs.code or _settle(ours.out) != _settle(theirs.out):
        return ""
    if theirs.code == 2:
        return f"exit 2: {theirs.err.partition('error: ')[2].partition(';')[0].strip()}"
    return "the same" if theirs.code == 0 else f"the same, exit {theirs.code}"


def _settle(text: str) -> str:
    """Return what is printed without times, places and sizes, which differ from run to run."""
    return re.sub(r"\d+\.\d\d\n|/tmp/\S+|\d[\d,]* bytes", "", text)


class Function(NamedTuple):
    """A name in Python, code that tries it, and what that prints."""

    name: str
    code: str
    prints: str = ""


FUNCTIONS = (
    Function(
        "process_logs(args)",
        "from pathlib import Path\n"
        f"class Args:\n    log_file, output_dir, max_log_size, max_logs, token_budget = '{LOG}', './logs', 5, 10, 900\n"
        "    store_memory = track_usage = True\n"
        "summary, path = logs.process_logs(Args())\n"
        "print(summary.tokens_after <= 900, 'ValueError: no pears' in Path(path).read_text())",
        "True True",
    ),
    Function(
        "store_in_memory(summary, path, args)",
        "import warnings\n"
        f"class Args:\n    log_file, token_budget, store = '{LOG}', 900, False\n"
        "summary, path = logs.process_logs(Args())\n"
        "with warnings.catch_warnings(record=True, action='always') as said:\n"
        "    logs.store_in_memory(summary, path, Args())\n"
        "print('1 run waits in files' in str(said[0].message))",
        "True",
    ),
    Function(
        "track_token_usage(path, args)",
        "logs.track_token_usage('', None)",
        "loopflow.logs writes nothing into the ledger",
    ),
    Function(
        "TokenOptimizer.check_budget(n)",
        "budget = logs.TokenOptimizer(max_token_budget=76659)\n"
        "print(budget.check_budget(76659), budget.check_budget(76660))",
        "True False",
    ),
    Function(
        "TokenBudgetManager",
        "from loopflow.logs.model import Priority\n"
        "budget = logs.TokenBudgetManager(100, components={'api': 30})\n"
        "said = [budget.offer('web', each, 70) for each in Priority]\n"
        "print(said, budget.verbosity)",
        "[False, False, False, False, True] reduced",
    ),
)
Evaluate = Callable[[str, Path], str]
"""Runs code in a directory, with `logs` for `loopflow.logs`; returns what it prints, or the message of its error."""


def try_functions(evaluate: Evaluate) -> Iterator[tuple[Function, str]]:
    """Yield each function with what was seen of it, "" for something else."""
    for function in FUNCTIONS:
        with tempfile.TemporaryDirectory() as directory:
            (Path(directory) / LOG).write_text(FILES[LOG])
            said = evaluate(function.code, Path(directory)).strip()
        yield function, f"prints {said}" if said == function.prints else ""


def render(tried: Sequence[Tried], functions: Sequence[tuple[Function, str]] = ()) -> str:
    """Return the table."""
    seen = [*(each.seen for each in tried), *(seen for _, seen in functions)]
    rows = [f"| {_show(each.pair.theirs)} | {_show(each.pair.ours)} |" for each in tried]
    rows += [f"| `{each.name}` | `loopflow.logs` |" for each, _ in functions]
    lines = [f"{row} {said or '**differs**'} |" for row, said in zip(rows, seen, strict=True)]
    return "\n".join(
        [f"{sum(map(bool, seen))} of {len(seen)} hold.", "", "| name | ours | seen |", "|---|---|---|", *lines]
    )


def _show(words: Sequence[str]) -> str:
    return f"`{' '.join(words)}`".replace("|", "\\|") if words else ""
