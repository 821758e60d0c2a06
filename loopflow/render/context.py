"""What is written around the files of a context; the files' own text stays what it is, to the letter.

The XML form is the one that guides for today's models recommend: it marks where a document begins and where it comes
from. It is for reading, not for an XML parser: a file may contain a closing tag, and escaping that would change what
the model reads and what it costs. Only the name of a file is escaped, so that it cannot pretend to be markup.
"""

from html import escape as escape_markup

from loopflow.analysis.names import escape_name


class XmlLayout:
    """`<documents>`, and in it a `<document>` with `<source>` and `<document_content>` for each file."""

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


class RawLayout:
    """The path, a line `---`, the text, and a line `---`."""

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


def _end_of_line(text_end: str) -> str:
    return "" if text_end in {"", "\n"} else "\n"
