r"""Names before each line, where several programs write at once.

Where the forms come from: `docker compose logs` pads "SERVICE-N" to one width and puts "  | " behind it, docker-compose
of version 1 "SERVICE_N"; `kubectl logs --prefix` writes "[pod/NAME/CONTAINER] "; foreman and honcho "HH:MM:SS NAME.N
| "; turbo "PACKAGE:TASK: ", lerna "PACKAGE: ", pnpm "DIRECTORY SCRIPT: " ("$ " before the command itself), concurrently
"[N] " (each one's documentation). pytest-xdist names its worker in the lines of -v, "[gw0] [ 10%] PASSED ...": there
the line says something with it, so it stays. Tables, diffs and sources have bars and colons too: hence a prefix
counts only where at least two names are there, each again and again, or where its form leaves no doubt.
"""

from loopflow.logs.envelopes.heads import Head

_NAME = rb"[A-Za-z0-9][\w.\-]{0,63}"
_BAR = rb" {1,80}\|(?: |(?=\n|\Z))"
_SCOPE = rb"@[\w.\-]{1,64}/[\w.\-]{1,64}"
_END = rb"(?: |(?=\n|\Z))"

FOREMAN = Head(
    "foreman",
    "foreman",
    "prefix",
    rb"(?P<stamp>\d\d:\d\d:\d\d) (?P<name>" + _NAME + rb")" + _BAR,
    several=True,
    aligned=True,
)
"""Looked for before stamps, since it begins with one."""

PREFIXES = (
    Head("kubectl", "kubectl", "prefix", rb"\[(?P<name>pod/[\w.\-]+/[\w.\-]+)\]" + _END),
    Head("compose", "compose", "prefix", rb"(?P<name>" + _NAME + rb"[_-]\d{1,4})" + _BAR),
    Head("names", "compose", "prefix", rb"(?P<name>" + _NAME + rb")" + _BAR, several=True, aligned=True),
    Head(
        "turbo",
        "turbo",
        "prefix",
        rb"(?P<name>(?:" + _SCOPE + rb"|[\w\-]{1,64}|//):(?![\d])[\w\-]{1,64}(?::[\w\-]{1,64})?):" + _END,
        several=True,
    ),
    Head("lerna", "lerna", "prefix", rb"(?P<name>" + _SCOPE + rb"):" + _END, several=True),
    Head(
        "pnpm",
        "pnpm",
        "prefix",
        rb"(?P<name>[\w.\-@]{1,64}(?:/[\w.\-@]{1,64}){1,8} [A-Za-z][\w:\-]{0,63}?)(?:: |:(?=\n|\Z)|(?=\$ ))",
        several=True,
    ),
    Head("concurrently", "concurrently", "prefix", rb"\[(?P<name>\d{1,2})\]" + _END, several=True),
)

WORKERS = Head("xdist", "xdist", "worker", rb"\[(?P<name>gw\d{1,4})\] ", kept=True, need=0.2)
