"""Measure `loopflow chat narrow`: how long its hook takes, and what 9,000 lines of tests become.

Usage: python benchmarks/narrow.py

It prints a section of benchmarks/chat.md. Times are user CPU seconds of whole processes, the least and the median of
nine; other processes share the machine. Outputs are made here, the same each time.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

from loopflow.chat import narrow
from loopflow.tokens import count

COMMAND = [sys.executable, "-P", "-c", "from loopflow.cli.main import main; main()", "chat", "narrow"]
RUNS = 9
PASSED = "tests/test_shelf_{0}.py::test_a_shelf_is_as_wide_as_its_books[{0}] PASSED"
FAILED = (
    "    def test_a_shelf():\n>       assert width() == 3\nE       assert 4 == 3\ntests/test_shelf.py:8: AssertionError"
)


def make_tests(number: int) -> str:
    """Return what a run of so many tests prints, of which one failed."""
    passed = [PASSED.format(at) for at in range(number - 1)]
    end = [
        FAILED,
        "FAILED tests/test_shelf.py::test_a_shelf - assert 4 == 3",
        f"1 failed, {number - 1} passed in 9.20s",
    ]
    return "\n".join([*passed, *end])


def make_outputs() -> dict[str, tuple[str, object]]:
    """Return tools with what they answer, by what is to be done about it."""
    code = "\n".join(f"def width_{at}(): return {at}" for at in range(3_000))
    rows = json.dumps([{"id": at, "name": f"shelf {at}"} for at in range(3_000)])
    return {
        "nothing to be done": ("Bash", {"stdout": "all is well\n", "stderr": ""}),
        "a file of 3,000 lines": ("Read", {"file": {"content": code, "startLine": 1}}),
        "JSON of 3,000 rows": ("mcp__shop__rows", [{"type": "text", "text": rows}]),
        "9,000 lines of tests": ("Bash", {"stdout": make_tests(9_000), "stderr": ""}),
    }


def measure(tool: str, response: object, cache: str) -> list[float]:
    """Return the user CPU seconds of each run of the hook."""
    event = json.dumps({"hook_event_name": "PostToolUse", "tool_name": tool, "tool_response": response}).encode()
    seconds = []
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        environ = {**os.environ, "LOOPFLOW_CACHE_DIR": cache}
        subprocess.run(
            [*COMMAND, "--hook", "claude-code"], input=event, capture_output=True, check=True, cwd=cache, env=environ
        )
        seconds.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
    return sorted(seconds)


def main() -> None:
    """Print the section."""
    text = make_tests(9_000)
    done = narrow(text, "Bash")
    print("## The hook that narrows\n")
    print(f"`python benchmarks/narrow.py`: user CPU seconds of whole processes, of {RUNS} runs each. Others share")
    print(f"the machine. 9,000 lines of tests with one failure, {count(text):,} tokens, become {done.tokens:,}.\n")
    print("| the output | least | median |\n|---|---:|---:|")
    with tempfile.TemporaryDirectory() as cache:
        for name, (tool, response) in make_outputs().items():
            seconds = measure(tool, response, cache)
            print(f"| {name} | {seconds[0]:.2f} | {statistics.median(seconds):.2f} |")


if __name__ == "__main__":
    main()
