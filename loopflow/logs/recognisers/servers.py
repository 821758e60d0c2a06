"""Kernels, supervisors and servers."""

from typing import Final

from loopflow.logs.recognisers.rows import Recogniser

RECOGNISERS: Final = (
    Recogniser(
        "kernel",
        rb"(?:^|\] |: )(?:Oops: |BUG: |kernel BUG at|general protection fault|Unable to handle kernel|Out of memory: |Kernel panic|INFO: task .* blocked)",
        "^oops: | oops: |^bug: | bug: |kernel bug at|protection fault|unable to handle|out of memory: |kernel panic|info: task",
        100,
        goes_on=rb".*(?:\] |: )(?:\s|Call Trace|RIP|Code:|R[A-Z]+:|CR|---|Modules|CPU:|Hardware|Workqueue|Killed|oom)",
        most=80,
    ),
    Recogniser(
        "systemd",
        rb"(?:Main process exited, code=|Failed with result|Failed to start|entered failed state|Failed at step)",
        "main process exited|failed with result|failed to start|failed state|failed at step",
        70,
        goes_on=rb"(?!)",
    ),
)
