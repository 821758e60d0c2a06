"""Logs as their writers wrap them, in the forms of each one's documentation."""

import json
from collections.abc import Iterable

OUTPUT = (
    *("collecting", "", "test_a PASSED", "test_b FAILED", "Traceback (most recent call last):"),
    *('  File "a.py", line 3, in f', "    raise ValueError(n)", "ValueError: 3", "one | two", "{not json}"),
)
"""What a program printed."""


def lines(texts: Iterable[str]) -> bytes:
    return "".join(f"{text}\n" for text in texts).encode()


def stamp(at: int, digits: int = 7) -> str:
    return f"2025-03-01T10:{at // 60 % 60:02d}:{at % 60:02d}.{at:0{digits}d}Z"


def docker(log: str, stream: str = "stdout", time: str = "2025-03-01T10:00:00.1Z") -> str:
    return json.dumps({"log": log, "stream": stream, "time": time})


def _named(names: Iterable[str], form: str) -> bytes:
    names = list(names)
    return lines(form.format(name=names[at % len(names)], text=text) for at, text in enumerate(OUTPUT * 3))


STAMPED = {
    "github": lines(f"{stamp(at)} {text}" for at, text in enumerate(OUTPUT * 3)),
    "gh": lines(f"build\tRun tests\t{stamp(at)} {text}" for at, text in enumerate(OUTPUT * 3)),
    "gitlab": lines(f"{stamp(at, 6)} 00O{'+' if at % 5 == 4 else ' '}{text}" for at, text in enumerate(OUTPUT * 3)),
    "brackets": lines(f"[2025-03-01T10:00:00.{at:03d}Z] {text}" for at, text in enumerate(OUTPUT * 3)),
    "log4j": lines(f"2025-03-01 10:00:00,{at:03d} {text}" for at, text in enumerate(OUTPUT * 3)),
    "zone": lines(f"2025-03-01T10:00:00+01:00 {text}" for text in OUTPUT * 3),
    "go": lines(f"2025/03/01 10:00:00 {text}" for text in OUTPUT * 3),
    "clock": lines(f"[12:00:{at:02d}] {text}" for at, text in enumerate(OUTPUT * 3)),
    "syslog": lines(f"Mar  1 10:00:00 host app[123]: {text}" for text in OUTPUT * 3),
    "cri": lines(f"{stamp(at, 9)} stderr F {text}" for at, text in enumerate(OUTPUT * 3)),
    "docker": lines(docker(text + "\n") for text in OUTPUT * 3),
}
"""`OUTPUT`, three times, in each form with a stamp."""

NAMED = {
    "compose": _named(["web-1  ", "redis-1"], "{name} | {text}"),
    "compose of version 1": _named(["web_1  ", "redis_1"], "{name} | {text}"),
    "compose with names": _named(["web  ", "redis"], "{name} | {text}"),
    "foreman": _named(["web.1   ", "worker.1"], "10:00:00 {name} | {text}"),
    "kubectl": _named(["pod/web-5d8/app", "pod/web-5d8/proxy"], "[{name}] {text}"),
    "turbo": _named(["@scope/web:build", "docs:build"], "{name}: {text}"),
    "lerna": _named(["@scope/web", "@scope/docs"], "{name}: {text}"),
    "pnpm": _named(["packages/a test", "packages/b test"], "{name}: {text}"),
    "concurrently": _named(["0", "1"], "[{name}] {text}"),
}
"""The same with names of who writes, two of them in turn."""

JSON_LINES = lines(
    [
        '{"level":30,"time":1700000000000,"pid":7,"hostname":"h","msg":"listening"}',
        '{"level":50,"time":1700000000000,"msg":"boom","err":{"type":"Error","message":"no","stack":"E: no\\n at f"}}',
        "plain",
        '{"severity":"WARNING","message":"slow\\nvery","timestamp":"2025-03-01T10:00:00Z","took":1.50}',
    ]
    * 8
)

NESTED = lines(
    f"{stamp(at)} web-{at % 2} | " + json.dumps({"level": "error", "msg": f"m{at}", "stack": "E\n  at x"})
    for at in range(30)
)

PARTS = lines(
    docker(log, stream)
    for log, stream in [("begin ", "stdout"), ("ERR", "stderr"), ("end\nmore\n", "stdout"), ("OR\n", "stderr")] * 20
) + lines([docker("never ended")])

CHANGES = (
    lines(f"plain line {at}" for at in range(1500))
    + STAMPED["docker"] * 30
    + lines(f"plain again {at}" for at in range(900))
    + STAMPED["github"] * 30
)

MARKED = lines(
    f"{stamp(at)} {text}"
    for at, text in enumerate(
        [
            "##[group]Operating System",
            "Ubuntu",
            "##[endgroup]",
            "##[group]Run npm test",
            "npm test",
            "##[endgroup]",
            "FAIL",
            "##[group]mine",
            "x",
            "##[endgroup]",
            "y",
            "Post job cleanup.",
        ]
        * 40
    )
)

ALL = {**STAMPED, **NAMED, "json": JSON_LINES, "nested": NESTED, "parts": PARTS, "changes": CHANGES, "marked": MARKED}
