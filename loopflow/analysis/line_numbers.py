"""Numbers before the lines of a text that comes in pieces."""


class LineNumbers:
    """Puts before each line of a text its number and a tab. A line ends with a newline; a carriage return is text."""

    def __init__(self) -> None:
        self._number = 0
        self._is_within = False

    def add(self, piece: str) -> str:
        """Return the next piece of the text with numbers."""
        if not piece:
            return ""
        lines = piece.split("\n")
        ends = lines[-1] == ""
        if ends:
            lines.pop()
        first = self._number + (not self._is_within)
        numbered = [f"{number}\t{line}" for number, line in enumerate(lines, first)]
        if self._is_within:
            numbered[0] = lines[0]
        self._number, self._is_within = first + len(lines) - 1, not ends
        return "\n".join(numbered) + ("\n" if ends else "")
