"""What is written around the files of a context; the files' own text stays what it is, to the letter.

The XML form is the one that guides for today's models recommend: it marks where a document begins and where it comes
from. It is for reading, not for an XML parser: a file may contain a closing tag, and escaping that would change what
the model reads and what it costs. Only the name of a file is escaped, so that it cannot pretend to be markup.
"""

from collections.abc import Iterator, Sequence
from html import escape as escape_markup

from loopflow.analysis.names import escape_name, path_bytes


class XmlLayout:
    """`<documents>`, and in it a `<document>` with `<source>` and `<document_content>` for each file."""

    def tree(self, paths: Sequence[str]) -> str:
        """Return the tree of the files, which comes before everything else."""
        return f"<tree>\n{escape_markup(_tree(paths), quote=False)}</tree>\n"

    def opening(self) -> str:
        """Return what comes before the first document."""
        return "<documents>\n"

    def before(self, path: str, number: int) -> str:
        """Return what comes before the text of a file."""
        source = escape_markup(escape_name(path), quote=False)
        return f'<document index="{number}">\n<source>{source}</source>\n<document_content>\n'

    def after(self, text_end: str) -> str:
        """Return what comes after the text of a file."""
        return f"{_end_of_line(text_end)}</document_content>\n</document>\n"

    def closing(self) -> str:
        """Return what comes after the last document."""
        return "</documents>\n"

    def before_diff(self, since: str) -> str:
        """Return what comes before the diff, which comes after everything else."""
        return f'<diff since="{escape_markup(escape_name(since))}">\n'

    def after_diff(self) -> str:
        """Return what comes after the diff."""
        return "</diff>\n"


class RawLayout:
    """The path, a line `---`, the text, and a line `---`."""

    def tree(self, paths: Sequence[str]) -> str:
        """Return the tree of the files, which comes before everything else."""
        return f"tree\n---\n{_tree(paths)}---\n"

    def opening(self) -> str:
        """Return what comes before the first document."""
        return ""

    def before(self, path: str, number: int) -> str:  # noqa: ARG002  the protocol's number is not shown
        """Return what comes before the text of a file."""
        return f"{escape_name(path)}\n---\n"

    def after(self, text_end: str) -> str:
        """Return what comes after the text of a file."""
        return f"{_end_of_line(text_end)}---\n"

    def closing(self) -> str:
        """Return what comes after the last document."""
        return ""

    def before_diff(self, since: str) -> str:
        """Return what comes before the diff, which comes after everything else."""
        return f"diff since {escape_name(since)}\n---\n"

    def after_diff(self) -> str:
        """Return what comes after the diff."""
        return "---\n"


def _end_of_line(text_end: str) -> str:
    return "" if text_end in {"", "\n"} else "\n"


def _tree(paths: Sequence[str]) -> str:
    """Return a line for each directory and file, those within a directory below it and farther to the right."""
    return "".join(f"{'  ' * depth}{escape_name(name)}\n" for depth, name in _branches(paths))


def _branches(paths: Sequence[str]) -> Iterator[tuple[int, str]]:
    above: list[str] = []
    for path in sorted(paths, key=lambda path: path_bytes(path).split(b"/")):
        *directories, name = path.split("/")
        common = next((at for at, (old, new) in enumerate(zip(above, directories, strict=False)) if old != new), None)
        shared = min(len(above), len(directories)) if common is None else common
        for depth in range(shared, len(directories)):
            yield depth, f"{directories[depth]}/"
        yield len(directories), name
        above = directories
