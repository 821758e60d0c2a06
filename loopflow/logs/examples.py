"""Logs that are made, of five kinds, with failures that are known: the same each time, of any size.

Most of their lines say that all is well. Failures lie evenly between these, or where a tool tells them at last, behind
them. Each has a mark: words of the line that says what went wrong, which stand nowhere else.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

_NOUNS: Final = (
    "pear",
    "plum",
    "quince",
    "sloe",
    "medlar",
    "cherry",
    "damson",
    "apple",
    "fig",
    "grape",
    "lime",
    "date",
)
_VERBS: Final = ("order", "stock", "price", "ship", "refund", "count", "pack", "label", "weigh")


class Example(NamedTuple):
    """A log, and the marks of its failures: a digest that has one of them tells that failure."""

    kind: str
    data: bytes
    marks: tuple[str, ...]

    def kept(self, digest: str) -> int:
        """Return how many of its failures a digest tells."""
        return sum(mark in digest for mark in self.marks)


class _Recipe(NamedTuple):
    """How a kind is made: line `n` of those that say nothing, failure `n` with its mark, and how the log ends."""

    line: Callable[[int], str]
    failure: Callable[[int], tuple[str, str]]
    failures: int
    end: str
    heading: str = ""
    """Of the failures, where they come together behind all else."""


def make_example(kind: str, size: int) -> Example:
    """Return a log of a kind, which is one of `KINDS`, with `size` bytes or a little more."""
    recipe = _RECIPES[kind]
    failures = [recipe.failure(number) for number in range(recipe.failures)]
    pieces = _arrange(recipe, [text for text, _ in failures], size)
    return Example(kind, "".join(pieces).encode(), tuple(mark for _, mark in failures))


def _arrange(recipe: _Recipe, failures: list[str], size: int) -> Iterator[str]:
    written, number = 0, 0
    parts = len(failures) + 1
    stops = [size if recipe.heading else size * place // parts for place in range(1, parts)]
    for stop, failure in zip([*stops, size], [*failures, recipe.end], strict=True):
        while written < stop:
            line = f"{recipe.line(number)}\n"
            written += len(line)
            number += 1
            yield line
        if failure is failures[0] and recipe.heading:
            yield f"{recipe.heading}\n"
        yield f"{failure}\n"


def _mix(number: int, most: int) -> int:
    """Return a number below `most` that follows from another one, with no pattern that meets the eye."""
    return (number * 2_654_435_761 + number // 7 * 40_503) % 4_294_967_291 % most


def _noun(number: int) -> str:
    return _NOUNS[_mix(number, len(_NOUNS))]


def _verb(number: int) -> str:
    return _VERBS[_mix(number + 3, len(_VERBS))]


def _name(number: int) -> str:
    """Return a name of its own for each number below a hundred."""
    return f"{_NOUNS[number % len(_NOUNS)]}_{_VERBS[number // len(_NOUNS) % len(_VERBS)]}"


def _clock(number: int) -> str:
    return f"2025-03-01T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.{_mix(number, 1000):03}Z"


# --- A run of unit tests ---


_UNIT_HEADING: Final = f"\n{'=' * 35} FAILURES {'=' * 35}"
_UNIT_END: Final = f"{'=' * 20} 24 failed, 9312 passed in 71.20s (0:01:11) {'=' * 20}"


def _unit_line(number: int) -> str:
    if not number:
        return f"{'=' * 31} test session starts {'=' * 31}"
    test = f"tests/unit/test_{_noun(number)}.py::test_{_verb(number)}[{_noun(number + 5)}-{_mix(number, 9999)}]"
    return f"{test} PASSED [{_mix(number, 100):3}%]"


def _unit_failure(number: int) -> tuple[str, str]:
    name = _name(number)
    mark = f"ValueError: {name} has {_mix(number, 900)} left, not {_mix(number + 1, 900)}"
    lines = (
        f"{'_' * 25} test_{name} {'_' * 25}",
        "",
        f"    def test_{name}():",
        f'>       stock("{name}").take({number + 2})',
        "",
        f"tests/unit/test_{name}.py:{number + 11}: ",
        "_ " * 30,
        "    def take(self, many):",
        ">       raise ValueError(self.describe(many))",
        f"E       {mark}",
        "",
        f"shop/stock.py:{number + 40}: ValueError",
    )
    return "\n".join(lines), mark


# --- Services that are tested together ---


def _integration_line(number: int) -> str:
    service = ("web-1", "api-1", "db-1", "queue-1")[_mix(number, 4)]
    text = (
        f"{_clock(number)} INFO [{_noun(number)}] {_verb(number)} {_mix(number, 99_999)} done, {_mix(number, 300)} ms",
        f'10.0.0.{_mix(number, 250)} - - "GET /{_noun(number)}/{_mix(number, 9999)} HTTP/1.1" 200 {_mix(number, 5000)}',
        f"LOG:  checkpoint complete: wrote {_mix(number, 900)} buffers (0.{_mix(number, 10)}%)",
        f"{_clock(number)} DEBUG delivered message {_mix(number, 1 << 30):08x} to {_noun(number)}",
    )
    return f"{service:8} | {text[_mix(number, 4)]}"


def _integration_failure(number: int) -> tuple[str, str]:
    name = _name(number)
    mark = f"java.lang.IllegalStateException: {name} was not confirmed by the {_noun(number)} service"
    frames = [
        f"\tat com.example.{_noun(each)}.{_verb(each).title()}.run({_noun(each)}.java:{each})" for each in range(9)
    ]
    cause = f"Caused by: java.net.SocketTimeoutException: Read timed out after {5000 + number} ms"
    lines = [f"{_clock(number)} ERROR [{name}] the scenario failed", mark, *frames, cause, "\t... 9 more"]
    return "\n".join(f"api-1    | {line}" for line in lines), mark


# --- What a server logs of errors ---

_USUAL: Final = (
    "PoolTimeout: no connection within 30 s",
    "BadRequest: the body is no JSON",
    "Expired: the token is old",
)


def _error_line(number: int) -> str:
    if number % 12:
        return f"{_clock(number)} WARN  worker-{_mix(number, 16)} retries {_verb(number)} of {_noun(number)} {number}"
    usual = _USUAL[_mix(number, len(_USUAL))]
    lines = (
        f"{_clock(number)} ERROR worker-{_mix(number, 16)} request {_mix(number, 1 << 30):08x} failed",
        "Traceback (most recent call last):",
        '  File "/srv/shop/handlers.py", line 88, in handle',
        "    return self.answer(request)",
        f"shop.errors.{usual}",
    )
    return "\n".join(lines)


def _error_failure(number: int) -> tuple[str, str]:
    name = _name(number)
    mark = f"shop.errors.Corrupt{_NOUNS[number % 12].title()}: {name} does not match its checksum"
    lines = (
        f"{_clock(number)} CRITICAL worker-{_mix(number, 16)} gives up",
        "Traceback (most recent call last):",
        f'  File "/srv/shop/{name}.py", line {number + 20}, in load',
        "    verify(record)",
        f'  File "/srv/shop/verify.py", line {number + 5}, in verify',
        "    raise failure(record)",
        mark,
    )
    return "\n".join(lines), mark


# --- A build with everything in it ---


def _mixed_line(number: int) -> str:
    noun, verb = _noun(number), _verb(number)
    texts = (
        f"[INFO] Downloaded from central: https://repo.example.org/{noun}/{verb}/{_mix(number, 99)}/{noun}.jar",
        f"[{_mix(number, 100):3}%] Building C object src/{noun}/CMakeFiles/{verb}.dir/{noun}_{_mix(number, 999)}.c.o",
        f"npm http fetch GET 200 https://registry.example.org/{noun}-{verb} {_mix(number, 900)}ms (cache miss)",
        f'{{"level":"info","ts":"{_clock(number)}","msg":"{verb} {noun}","id":{_mix(number, 99_999)}}}',
        f"src/{noun}/{verb}.c:{_mix(number, 900)}:7: warning: unused variable '{noun}' [-Wunused-variable]",
        f"    ✓ {verb}s every {noun} ({_mix(number, 90)} ms)",
        f"--- PASS: Test{verb.title()}{noun.title()} (0.{_mix(number, 100):02}s)",
        f"Step {_mix(number, 60)}/60 : RUN make -C {noun} {verb}",
    )
    return texts[_mix(number, len(texts))]


def _mixed_failure(number: int) -> tuple[str, str]:
    name = _name(number)
    c_mark = f"error: implicit declaration of function '{name}_open'"
    go_mark = f"{name}_test.go:{number + 30}: got {_mix(number, 500)}, want {_mix(number + 1, 500)}"
    js_mark = f"TypeError: {name}.map is not a function"
    forms = (
        (f"src/{name}.c: In function 'main':\nsrc/{name}.c:{number + 9}:12: {c_mark}\n", c_mark),
        (f"--- FAIL: Test{name.title()} (0.03s)\n    {go_mark}\nFAIL\n", go_mark),
        (
            f"{js_mark}\n    at {name} (/srv/shop/src/{name}.js:{number + 4}:11)\n    at run (/srv/shop/run.js:9:3)\n",
            js_mark,
        ),
    )
    return forms[number % len(forms)]


# --- The trace of an API ---


def _trace_line(number: int) -> str:
    fields = (
        f'"time":"{_clock(number)}","level":"info","service":"{_noun(number % 5)}-api",'
        f'"trace":"{_mix(number, 1 << 31):08x}{number:08x}","method":"{("GET", "POST", "PUT")[_mix(number, 3)]}",'
        f'"path":"/v2/{_noun(number)}/{_mix(number, 99_999)}","status":200,"ms":{_mix(number, 400)},'
        f'"message":"{_verb(number)} answered"'
    )
    return f"{{{fields}}}"


def _trace_failure(number: int) -> tuple[str, str]:
    name = _name(number)
    mark = f"{name} rejected by upstream: schema version {number + 3} is not known"
    fields = (
        f'"time":"{_clock(number)}","level":"error","service":"{_noun(number % 5)}-api","trace":"{number:016x}",'
        f'"method":"POST","path":"/v2/{name}","status":502,"ms":{_mix(number, 9000)},"message":"{mark}"'
    )
    return f"{{{fields}}}", mark


_RECIPES: Final[Mapping[str, _Recipe]] = MappingProxyType(
    {
        "unit": _Recipe(_unit_line, _unit_failure, 24, _UNIT_END, _UNIT_HEADING),
        "integration": _Recipe(
            _integration_line, _integration_failure, 18, "make: *** [Makefile:14: integration] Error 1"
        ),
        "error": _Recipe(_error_line, _error_failure, 30, "2025-03-01T23:59:59.000Z INFO the log is closed"),
        "mixed": _Recipe(_mixed_line, _mixed_failure, 27, "make: *** [all] Error 2"),
        "trace": _Recipe(_trace_line, _trace_failure, 20, '{"level":"info","message":"stopped"}'),
    }
)
KINDS: Final = tuple(_RECIPES)
