"""What a fuzzer begins with, and the tests replay: one file for each target, an input in base64 on each line.

Usage: python -m fuzz.seeds TARGET DIRECTORY packs the inputs of a directory, the shortest first.
"""

import base64
import sys
from pathlib import Path

TARGETS = ("streamed", "listings", "settings", "renderers")
_BELOW = Path(__file__).parent / "seeds"
_MOST = 120


def read_seeds(target: str) -> list[bytes]:
    """Return the inputs for a target."""
    return [base64.b64decode(line) for line in (_BELOW / f"{target}.txt").read_text("ascii").split()]


def unpack_seeds(target: str, directory: Path) -> None:
    """Write the inputs for a target into `directory`, a file for each, as libFuzzer wants them."""
    for number, seed in enumerate(read_seeds(target)):
        (directory / f"seed-{number}").write_bytes(seed)


def main() -> None:
    """Pack."""
    target, directory = sys.argv[1:]
    found = sorted({file.read_bytes() for file in Path(directory).iterdir()}, key=lambda seed: (len(seed), seed))
    chosen = found[:: -(-len(found) // _MOST)]
    (_BELOW / f"{target}.txt").write_text("".join(f"{base64.b64encode(seed).decode()}\n" for seed in chosen if seed))


if __name__ == "__main__":
    main()
