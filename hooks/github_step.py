"""The step of the GitHub Action. Python ends with 1 when something is wrong with it; here 1 says something else.

So whatever goes wrong in the step itself, from the first import on, ends with 3, as a bug in the program does.
"""

import sys
import traceback

from github_runner import annotate, describe_failure, read_outputs, show, write_outputs, write_summary

BUG = 3


def run() -> int:
    """Run the step and return its exit code."""
    try:
        from github_job import main  # noqa: PLC0415  what cannot be imported is a bug, too

        return main()
    except Exception:  # noqa: BLE001  anything that is not foreseen
        found = traceback.format_exc()
        show(found)
        annotate("error", "a bug in the action: please report what the log says")
        write_summary(describe_failure(found))
        write_outputs(read_outputs("", BUG))
        return BUG


if __name__ == "__main__":
    sys.exit(run())
