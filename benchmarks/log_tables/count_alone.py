"""Count the tokens of a log and nothing else: what the command cannot be faster than.

Usage: python benchmarks/log_tables/count_alone.py FILE. Reads it in pieces of 1 MiB, cut where counts add up.
"""

import sys

from loopflow.tokens import create_counter
from loopflow.tokens.safe_cuts import last_cut

PIECE_BYTES = 1_048_576


def main() -> None:
    """Print the tokens."""
    counter = create_counter()
    total, held, rest = 0, "", b""
    with open(sys.argv[1], "rb") as file:
        while data := file.read(PIECE_BYTES):
            data = rest + data
            end = data.rfind(b"\n") + 1
            text, rest = held + data[:end].decode("utf-8", "replace"), data[end:]
            cut = last_cut("", text) or 0
            held = text[cut:]
            total += counter.count([text[:cut]])[0]
    print(total + counter.count([held + rest.decode("utf-8", "replace")])[0])


if __name__ == "__main__":
    main()
