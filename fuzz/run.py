"""Fuzz one target: python -m fuzz.run TARGET [OPTION...] [DIRECTORY], with libFuzzer's options; see README.md here.

New inputs that reach something new go to DIRECTORY, what does not hold to a file named crash-... .
"""

import importlib
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz.seeds import unpack_seeds

_INSIDE = "--inside"


def main() -> None:
    """Run until the fuzzer is done or something does not hold. The fuzzer ends its process, so it gets its own."""
    first, *options = sys.argv[1:]
    if first == _INSIDE:
        fuzz(*options)
    with tempfile.TemporaryDirectory() as seeds:
        unpack_seeds(first, Path(seeds))
        command = [sys.executable, "-m", "fuzz.run", _INSIDE, first, *options, seeds]
        sys.exit(subprocess.run(command, check=False).returncode)


def fuzz(target: str, *options: str) -> None:
    """Give atheris the target; it does not come back."""
    import atheris  # noqa: PLC0415

    with atheris.instrument_imports(include=["loopflow"]):
        module = importlib.import_module(f"fuzz.{target}")
    atheris.Setup([sys.argv[0], *options], module.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
