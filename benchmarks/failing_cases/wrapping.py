"""What carries a log elsewhere: stamps of a CI, prefixes of compose, and the formats of docker, CRI and journald.

These are written as their documentation says, around real output; clocks are made up, so that logs stay the same.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

START = datetime(2025, 3, 1, 10, tzinfo=UTC)
STEP = timedelta(microseconds=7_311)


def times() -> Iterator[datetime]:
    """Tell the time of each line, a little after the one before."""
    now = START
    while True:
        yield now
        now += STEP


def fine(now: datetime, digits: int) -> str:
    """Write a time with as many digits of a second as a format has."""
    return f"{now:%Y-%m-%dT%H:%M:%S}.{now:%f}123456789"[: 20 + digits] + "Z"


def stamped(log: bytes, command: str, code: int) -> bytes:
    """Put the stamps of GitHub Actions before each line, with its group for the command and its closing error."""
    lines = [f"##[group]Run {command}".encode(), command.encode(), b"shell: /usr/bin/bash -e {0}", b"##[endgroup]"]
    lines += [*log.splitlines(), f"##[error]Process completed with exit code {code}.".encode()]
    clean = [f"[command]/usr/bin/git config --local --unset key.{number}".encode() for number in range(60)]
    return b"".join(
        fine(now, 7).encode() + b" " + line + b"\n" for now, line in zip(times(), lines + clean, strict=False)
    )


def interleaved(logs: Mapping[str, bytes], seed: int = 1) -> list[tuple[str, bytes]]:
    """Return the lines of several programs as they would come when these run together, each with its program's name."""
    chance = random.Random(seed)
    rest = {name: log.splitlines() for name, log in logs.items()}
    lines: list[tuple[str, bytes]] = []
    while any(rest.values()):
        name = chance.choice([name for name, left in rest.items() if left])
        count = chance.randint(1, 3)
        lines += [(name, line) for line in rest[name][:count]]
        rest[name] = rest[name][count:]
    return lines


def compose(lines: Sequence[tuple[str, bytes]]) -> bytes:
    """Write lines as docker compose does, with the name of the container before each."""
    width = max(len(name) for name, _ in lines)
    return b"".join(f"{name:{width}}  | ".encode() + line + b"\n" for name, line in lines)


def json_file(log: bytes) -> bytes:
    """Write a log as docker's driver json-file does: an object for each line."""
    entries = (
        {"log": line.decode("utf-8", "replace") + "\n", "stream": "stderr", "time": fine(now, 9)}
        for now, line in zip(times(), log.splitlines(), strict=False)
    )
    return "".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in entries).encode()


def cri(log: bytes, longest: int = 120) -> bytes:
    """Write a log as CRI does: long lines in parts marked P, the last one marked F."""
    written = []
    for now, line in zip(times(), log.splitlines(), strict=False):
        parts = [line[at : at + longest] for at in range(0, len(line), longest)] or [b""]
        marks = [b"P"] * (len(parts) - 1) + [b"F"]
        written += [
            fine(now, 9).encode() + b" stderr " + mark + b" " + part + b"\n"
            for mark, part in zip(marks, parts, strict=True)
        ]
    return b"".join(written)


def journal(lines: Sequence[tuple[str, bytes]]) -> bytes:
    """Write lines as `journalctl -o json` does: an object for each, with text fields and priorities as strings."""
    entries = (
        {
            "__CURSOR": f"s=4f1c;i={number:x}",
            "__REALTIME_TIMESTAMP": str(int(now.timestamp() * 1_000_000)),
            "_HOSTNAME": "web01",
            "_SYSTEMD_UNIT": f"{name}.service",
            "SYSLOG_IDENTIFIER": name,
            "PRIORITY": "3" if b"Error" in line else "6",
            "_PID": "4711",
            "MESSAGE": line.decode("utf-8", "replace"),
        }
        for number, (now, (name, line)) in enumerate(zip(times(), lines, strict=False))
    )
    return "".join(json.dumps(entry) + "\n" for entry in entries).encode()


def unit_failed(log: bytes, name: str, code: int, tries: int) -> bytes:
    """Write what the journal says, in its short form, of a unit that fails each time it is started."""
    told = [line.decode("utf-8", "replace") for line in log.splitlines()]
    lines: list[str] = []
    for count in range(1, tries + 1):
        lines += [
            f"systemd[1]: Started {name}.service - The shop.",
            *(f"{name}[{4000 + count}]: {line}" for line in told),
        ]
        lines += [
            f"systemd[1]: {name}.service: Main process exited, code=exited, status={code}/FAILURE",
            f"systemd[1]: {name}.service: Failed with result 'exit-code'.",
            f"systemd[1]: {name}.service: Scheduled restart job, restart counter is at {count}.",
            f"systemd[1]: Stopped {name}.service - The shop.",
        ]
    lines += [
        f"systemd[1]: {name}.service: Start request repeated too quickly.",
        f"systemd[1]: {name}.service: Failed with result 'start-limit-hit'.",
        f"systemd[1]: Failed to start {name}.service - The shop.",
    ]
    return "".join(f"{now:%b %d %H:%M:%S} web01 {line}\n" for now, line in zip(times(), lines, strict=False)).encode()


def buildkit(log: bytes, step: str, command: str, code: int) -> bytes:
    """Write a step that failed as `docker build --progress=plain` does, which ends with its last lines once more."""
    lines = log.decode("utf-8", "replace").splitlines()
    told = [f"{number * 0.031:.3f} {line}" for number, line in enumerate(lines)]
    ended = f'process "/bin/sh -c {command}" did not complete successfully: exit code: {code}'
    before = [f"#{n} [{n}/9] RUN apt-get install -y tool-{n}\n#{n} DONE 2.{n}s\n" for n in range(2, 8)]
    source = ["FROM debian:12", "WORKDIR /shop", "COPY . .", f">>> RUN {command}", 'CMD ["./app"]']
    written = [
        *before,
        f"#8 [{step}] RUN {command}",
        *(f"#8 {line}" for line in told),
        f"#8 ERROR: {ended}",
        "------",
        f" > [{step}] RUN {command}:",
        *told[-10:],
        "------",
        "Dockerfile:4",
        "--------------------",
        *(f"{number:4} | {'' if line.startswith('>>>') else '    '}{line}" for number, line in enumerate(source, 1)),
        "--------------------",
        f"ERROR: failed to solve: {ended}",
    ]
    return ("\n".join(written) + "\n").encode()


def gitlab(log: bytes, command: str, code: int) -> bytes:
    """Write a job as GitLab's runner does: sections, the command in green, and the error at its end."""
    start = int(START.timestamp())

    def section(name: str, title: str, lines: Sequence[bytes]) -> list[bytes]:
        opened = f"section_start:{start}:{name}\r\x1b[0K\x1b[36;1m{title}\x1b[0;m".encode()
        return [opened, *lines, f"section_end:{start + 9}:{name}\r\x1b[0K".encode()]

    fetched = [f"Checking out 4f1c{number:04} as detached HEAD (ref is main)...".encode() for number in range(3)]
    steps = [f"\x1b[32;1m$ {command}\x1b[0;m".encode(), *log.splitlines()]
    lines = section("get_sources", "Getting source from Git repository", fetched)
    lines += section("step_script", 'Executing "step_script" stage of the job script', steps)
    lines += section("cleanup_file_variables", "Cleaning up project directory and file based variables", [])
    lines.append(f"\x1b[31;1mERROR: Job failed: exit code {code}\x1b[0;m".encode())
    return b"\n".join(lines) + b"\n"
