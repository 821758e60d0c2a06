"""Pictures of what a command prints on a terminal: run it on a real one, and turn what it wrote into SVG."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import tempfile
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

_COLOURS = [(248, 81, 73), (63, 185, 80), (210, 153, 34), (56, 139, 253), (188, 140, 255), (57, 197, 207)]
_DARKER = [(207, 34, 46), (17, 99, 41), (125, 78, 0), (9, 105, 218), (130, 80, 223), (27, 124, 131)]
DARK = TerminalTheme((13, 17, 23), (201, 209, 217), [(72, 79, 88), *_COLOURS, (177, 186, 196)])
LIGHT = TerminalTheme((255, 255, 255), (36, 41, 47), [(36, 41, 47), *_DARKER, (110, 119, 129)])

# rich's own frame without its fonts from the network.
_SVG = """\
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


@dataclass(frozen=True)
class Screen:
    """A command, where it runs, and the terminal that it runs on, `width` columns wide."""

    name: str
    command: Sequence[str]
    directory: Path
    width: int = 80
    theme: TerminalTheme = DARK
    environment: Mapping[str, str] = field(default_factory=dict)
    may_fail: bool = False


def run(screen: Screen) -> bytes:
    """Return what the command writes, to both of its streams. Raises SystemExit where it fails and may not."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, screen.width, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "NO_COLOR"}}
    environment |= {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"} | screen.environment
    output = b""
    with tempfile.TemporaryFile() as errors:  # on a terminal, there would be a bar that is gone when the program ends
        process = subprocess.Popen(
            screen.command, cwd=screen.directory, env=environment, stdin=theirs, stdout=theirs, stderr=errors
        )
        os.close(theirs)
        try:
            while piece := os.read(ours, 65536):
                output += piece
        except OSError:  # Linux's way of saying that the other end is closed
            pass
        os.close(ours)
        code = process.wait()
        errors.seek(0)
        output = re.sub(rb"\r+\n", b"\n", output) + errors.read()
    if code and not screen.may_fail:
        raise SystemExit(f"{screen.command} ended with {code}: {output.decode()}")
    return output


def draw(screen: Screen) -> str:
    """Run the command and return the picture, as SVG."""
    console = Console(record=True, width=screen.width, file=StringIO(), legacy_windows=False, color_system="truecolor")
    console.print(Text(f"$ {' '.join(screen.command)}\n"))
    for line in Text.from_ansi(run(screen).decode(errors="replace")).split(allow_blank=True):
        folded = line.divide(range(screen.width, len(line), screen.width)) if line.cell_len > screen.width else [line]
        for part in folded:  # as a terminal folds a line: not between words
            console.print(part, soft_wrap=True)
    return console.export_svg(title="code-context", theme=screen.theme, code_format=_SVG, unique_id=screen.name)
