"""Draw the pictures of the documentation: run the command and turn what it prints into SVG.

Usage: python docs/pictures/make.py REPOSITORY

The picture in the README shows the source of redis 7.0.15. Any checkout of it gives the same numbers, as long as the
same files are tracked.
"""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

WIDTH = 80
HERE = Path(__file__).parent
COMMAND = "code-context --profile --depth 1 --top 8"

THEME = TerminalTheme(
    background=(13, 17, 23),
    foreground=(201, 209, 217),
    normal=[
        (72, 79, 88),
        (255, 123, 114),
        (63, 185, 80),
        (210, 153, 34),
        (121, 192, 255),
        (188, 140, 255),
        (57, 197, 207),
        (177, 186, 196),
    ],
)

# rich's own frame without its fonts from the network.
SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
    <style>
    .{unique_id}-matrix {{
        font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
        font-size: {char_height}px;
        line-height: {line_height}px;
        white-space: pre;
    }}
    {styles}
    </style>
    <defs>
    <clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
    </clipPath>
    {lines}
    </defs>
    {chrome}
    <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix">
    {matrix}
    </g>
    </g>
</svg>
"""


def run_in_terminal(command: list[str], directory: str) -> bytes:
    """Return what `command` prints on a terminal of `WIDTH` columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, WIDTH, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "NO_COLOR"}}
    environment |= {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(command, cwd=directory, env=environment, stdout=theirs)
    os.close(theirs)
    output = b""
    try:
        while piece := os.read(ours, 65536):
            output += piece
    except OSError:  # Linux's way of saying that the other end is closed
        pass
    if process.wait():
        raise SystemExit(f"{command} ended with {process.returncode}")
    return output.replace(b"\r\n", b"\n")


def main() -> None:
    """Run the command in the repository that is named and write the picture beside this file."""
    [repository] = sys.argv[1:]
    output = run_in_terminal(COMMAND.split(), repository)
    console = Console(record=True, width=WIDTH, file=StringIO(), legacy_windows=False, color_system="truecolor")
    console.print(Text(f"$ {COMMAND}\n"))
    console.print(Text.from_ansi(output.decode()), soft_wrap=True)
    svg = console.export_svg(title="code-context", theme=THEME, code_format=SVG, unique_id="profile")
    (HERE / "profile.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
