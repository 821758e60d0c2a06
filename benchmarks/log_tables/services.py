"""Services as a build starts them for its tests: each says some hundred fixed sentences, a few of them most often."""

import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from log_tables.slots import VERBS, Line, camel, choice_of, choose_early, fix_names, line, name

SENTENCES = (
    "{verb} {noun} {int} in {ms} ms",
    "{verb} {name} for {noun} id={int}",
    "{noun} {name} {verb}: {int} entries, {few} pending",
    "{verb} {noun} of tenant {int} for {name} in batch {few}",
    "{noun} {name} {verb}, {int} left",
    "{name}: {verb} {int} of {int} in {ms} ms",
    "{verb} {noun} {uuid}",
    "{verb} {name} from {ip}:{port} in {ms} ms, {int} bytes, next {name} at {percent}%",
    "{name} {verb} by {user} after {few} tries; {noun} of {name} now has {int} entries",
    "{verb} {noun} of {name} (size={int}, took={ms}ms, queue={few}, worker={thread}, peer={host})",
    "request {int} {verb}: {noun} {name}",
    "{verb} connection to {host} for {name}",
    "{noun} {int} of {name} is {percent}% {verb}",
)
WORSE = (
    "slow {name}: {ms} ms for {noun} {int}",
    "retrying {name} after {ms} ms (attempt {few})",
    "{noun} {name} is deprecated, use {name}",
    "queue of {name} is {percent}% full",
    "unknown field {name} in {noun}, ignored",
)
WORST = (
    "cannot read {noun} {name}: connection refused ({ip}:{port})",
    "{name} failed for {noun} {int}: timed out after {ms} ms",
    "unexpected state of {noun} {uuid}: {name}",
    "could not store {name}: duplicate key {int}",
)
LEVELS = ("DEBUG", "INFO", "WARN", "ERROR")
NUMBERS = {"DEBUG": 20, "INFO": 30, "WARN": 40, "ERROR": 50}
REQUEST = 40
"""Milliseconds for which lines belong to one request."""
SHARES = ((0.25, "DEBUG"), (0.95, "INFO"), (0.99, "WARN"), (1.0, "ERROR"))


class Statement(NamedTuple):
    """A sentence in a program: its level and the class that says it."""

    level: str
    component: str
    say: Line


def make_statements(chance: Random, many: int) -> list[Statement]:
    """Return what one program can say."""
    components = [(f"{name(chance).replace('_', '.')}.{camel(chance)}") for _ in range(many // 6)]
    found = []
    for _ in range(many):
        share = chance.random()
        level = next(level for most, level in SHARES if share < most)
        texts = {"WARN": WORSE, "ERROR": WORST}.get(level, SENTENCES)
        text = chance.choice(texts).replace("{verb}", chance.choice(VERBS))
        found.append(Statement(level, chance.choice(components), line(fix_names(chance, text))))
    return found


class Clock:
    """What time it is in a log: it goes on by chance."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._milliseconds = 36_000_000

    def tick(self) -> tuple[str, str]:
        """Return the time of day to the second, and the milliseconds."""
        self._milliseconds += int(self._chance.expovariate(0.2))
        seconds, rest = divmod(self._milliseconds, 1_000)
        hours, minutes = divmod(seconds // 60 % 1_440, 60)
        return f"{hours:02}:{minutes:02}:{seconds % 60:02}", f"{rest:03}"

    @property
    def epoch(self) -> int:
        """Milliseconds since 1970."""
        return 1_767_225_600_000 + self._milliseconds


Form = Callable[[Random, Clock, Statement], str]


def java(chance: Random, clock: Clock, said: Statement) -> str:
    """Return a line as log4j writes it."""
    time, rest = clock.tick()
    thread = f"http-nio-8080-exec-{int(chance.random() * 24)}"
    place = f"com.example.{said.component} [user={int(chance.random() * 9_000)}]"
    return f"2026-01-01 {time},{rest} {said.level:5} [{thread}] {place} - {said.say(chance)}"


def python(chance: Random, clock: Clock, said: Statement) -> str:
    """Return a line as Python's logging writes it."""
    time, rest = clock.tick()
    return f"{time}.{rest} {said.level}:app.{said.component.lower()}:{int(chance.random() * 400)}: {said.say(chance)}"


def pino(chance: Random, clock: Clock, said: Statement) -> str:
    """Return a record as pino writes it."""
    clock.tick()
    record = {"level": NUMBERS[said.level], "time": clock.epoch, "pid": 17, "hostname": "ci-runner-42", "name": "shop"}
    return json.dumps(record | {"reqId": chance.getrandbits(24), "component": said.component, "msg": said.say(chance)})


def zap(chance: Random, clock: Clock, said: Statement) -> str:
    """Return a record as zap and many others write it."""
    time, rest = clock.tick()
    record = {"level": said.level.lower(), "ts": f"2026-01-01T{time}.{rest}Z", "caller": f"{said.component}.go:88"}
    trace = (clock.epoch // REQUEST) * 0x9E3779B97F4A7C15 % 2**64
    return json.dumps(record | {"msg": said.say(chance), "trace_id": f"{trace:016x}"})


def klog(chance: Random, clock: Clock, said: Statement) -> str:
    """Return a line as Kubernetes writes it."""
    time, rest = clock.tick()
    place = f"{said.component.lower()}.go:{int(chance.random() * 600)}"
    return f"{said.level[0]}0101 {time}.{rest}000       1 {place}] {said.say(chance)}"


def compose(chance: Random, clock: Clock, said: Statement) -> str:
    """Return a line as docker compose passes it on."""
    time, _ = clock.tick()
    service = f"{said.component.partition('.')[0]}-1"
    return f"{service:14} | {time} {said.level.lower()} {said.say(chance)} logger={said.component}"


def syslog(chance: Random, clock: Clock, said: Statement) -> str:
    """Return a line as syslog keeps it."""
    time, _ = clock.tick()
    process = said.component.partition(".")[0]
    return f"Jan  1 {time} ci-runner {process}[{200 + int(chance.random() * 30_000)}]: {said.say(chance)}"


FORMS: tuple[Form, ...] = (java, java, python, python, pino, zap, klog, compose, syslog)


class Service:
    """A program that runs: what it can say, and how it writes it."""

    def __init__(self, chance: Random, form: Form, traces: Sequence[Callable[[Random], list[str]]]) -> None:
        self._statements = make_statements(chance, 400)
        self._order = list(range(len(self._statements)))
        self._form = form
        self._traces = traces

    def run(self, chance: Random, clock: Clock, lines: int) -> Iterator[str]:
        """Yield about so many lines."""
        for _ in range(lines):
            said = self._statements[int(len(self._order) * chance.random() ** 3)]
            yield self._form(chance, clock, said)
            if said.level == "ERROR" and self._traces and chance.random() < 0.2:
                yield from chance.choice(self._traces)(chance)


ROUTE = choice_of(
    800,
    "/api/v1/{name}/{int}",
    "/api/v2/{name}?page={few}&size=50",
    "/static/{name}.{int}.js",
    "/api/v1/{noun}/{int}/{name}",
    "/api/v1/{name}/{int}/{noun}?from={int}",
)
AGENTS = ("curl/8.5.0", "python-requests/2.32.3", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0")
ADDRESS = line("{ip}")
STATUSES = ("200", "200", "200", "200", "200", "200", "201", "204", "304", "302", "404", "401", "500", "502")


def access(chance: Random, clock: Clock, lines: int) -> Iterator[str]:
    """Yield lines as nginx notes requests."""
    for _ in range(lines):
        time, _ = clock.tick()
        client, size = ADDRESS(chance), int(chance.random() * 50_000)
        asked = f'"{chance.choice(("GET", "GET", "GET", "POST"))} {ROUTE(chance)} HTTP/1.1"'
        status = choose_early(chance, STATUSES)
        yield f'{client} - - [01/Jan/2026:{time} +0000] {asked} {status} {size} "-" "{chance.choice(AGENTS)}"'
