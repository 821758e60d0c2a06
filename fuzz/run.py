"""Fuzz one target: python -m fuzz.run TARGET [OPTION...] [CORPUS], with libFuzzer's options; see README.md here."""

import importlib
import sys

import atheris


def main() -> None:
    """Run until the fuzzer is done or something does not hold; what it was given is then in a file named crash-..."""
    _, target, *options = sys.argv
    with atheris.instrument_imports(include=["loopflow"]):
        module = importlib.import_module(f"fuzz.{target}")
    atheris.Setup([sys.argv[0], *options], module.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
