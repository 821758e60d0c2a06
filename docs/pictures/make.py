"""Draw the picture in the README: the profile of redis 7.0.15, as a terminal shows it.

Usage: python docs/pictures/make.py REPOSITORY

Any checkout of redis 7.0.15 gives the same numbers, as long as the same files are tracked.
"""

import sys
from pathlib import Path

from terminal import Screen, draw

COMMAND = "code-context --profile --depth 1 --top 8"


def main() -> None:
    """Run the command in the repository that is named and write the picture beside this file."""
    [repository] = sys.argv[1:]
    svg = draw(Screen("profile", COMMAND.split(), Path(repository)))
    Path(__file__).with_name("profile.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
