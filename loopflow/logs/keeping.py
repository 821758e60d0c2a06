"""Logs that are kept as a whole: cleaned, and if asked for with what repeats folded. Nothing else is left out.

What comes out is on disk where it is long; it is counted before the first byte of it is printed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from tempfile import SpooledTemporaryFile
from typing import Final

from loopflow.analysis.redact import Redactor
from loopflow.logs.cleaning import clean
from loopflow.logs.counting import InputCounter
from loopflow.logs.folding import Folder
from loopflow.logs.gathering import Input, gather
from loopflow.logs.keys import FEW_KEYS, Classifier, make_keys
from loopflow.logs.model import LogRequest, Source
from loopflow.logs.own_lines import OwnLines
from loopflow.logs.recognisers.tables import RECOGNISERS, WORDS
from loopflow.logs.whole import MOST_BYTES, count_all
from loopflow.tokens.protocol import TokenCounter

_PIECE: Final = 1_048_576


@dataclass(frozen=True, slots=True)
class KeptText:
    """What is kept. Tokens are None where they could not be counted, or where it was not asked for."""

    sources: tuple[Source, ...]
    tokens_before: int | None
    tokens_after: int | None
    file: "SpooledTemporaryFile[bytes]"

    def pieces(self) -> Iterator[bytes]:
        """Yield the text, once: the file is closed then."""
        with self.file:
            self.file.seek(0)
            while piece := self.file.read(_PIECE):
                yield piece


def keep_logs(inputs: Sequence[Input], request: LogRequest, counter: TokenCounter, *, folds: bool) -> KeptText:
    """Return the text of logs. Raises LoopflowError where one cannot be read on."""
    keeper = Keeper(counter, request, folds=folds)
    try:
        read = gather(inputs, replace(request, fit=0), counter, whole=keeper)
        after = keeper.finish()
        if read.tokens is not None and after is not None and after > read.tokens:
            after = keeper.shorten(after)
    except BaseException:
        keeper.file.close()
        raise
    return KeptText(read.sources, read.tokens, after, keeper.file)


class Keeper:
    """Takes what a log becomes, in the place of a `Whole`."""

    def __init__(self, counter: TokenCounter, request: LogRequest, *, folds: bool) -> None:
        self.file: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(MOST_BYTES)  # noqa: SIM115  whoever prints closes it
        self._counter = counter
        self._tokens = InputCounter(counter)
        self._redacts = request.redact
        self._own = OwnLines(request)
        self._folder = Folder(lambda text: count_all(counter, [text])[0]) if folds else None
        self._classifier = Classifier(WORDS, RECOGNISERS, FEW_KEYS) if folds else None
        self._raw: list[bytes] | None = None if request.drop else []
        self._raw_size = 0
        self._ends_line = True
        self._is_waiting = False

    def add_raw(self, data: bytes) -> None:
        """Take the bytes that the next text is made of."""
        begins_file = not self._ends_line
        self._ends_line = data.endswith(b"\n")
        if self._raw is not None:
            self._raw_size += len(data)
            self._raw += [b"\n", data] if begins_file else [data]
            if self._raw_size > MOST_BYTES:
                self._raw = None

    def add(self, text: bytes) -> None:
        """Take more of the text: whole lines."""
        if self._folder is None or self._classifier is None:
            self._write(text)
            return
        lines = text.split(b"\n")[:-1]
        traits = self._classifier.classify(make_keys(text), lines)
        self._own.judge(text, lines, traits)
        weights = [trait.weight or trait.recogniser + 1 for trait in traits]
        self._write(b"".join(self._folder.add(lines, weights)))

    def finish(self) -> int | None:
        """Return the tokens of all of it. It ends with a line end if the log does."""
        if self._folder is not None:
            self._write(b"".join(self._folder.finish()))
        if self._is_waiting and self._ends_line:
            self._put(b"\n")
        return self._tokens.finish()

    def shorten(self, tokens: int) -> int:
        """Take marks in the place of names instead, if the text has fewer tokens so; return how many it has."""
        if self._raw is None:
            return tokens
        text = clean(b"".join(self._raw), brief=True)
        short = Redactor(short=True).redact(text) if self._redacts else text
        [fewer] = count_all(self._counter, [short.decode("utf-8", "replace")])
        if fewer >= tokens:
            return tokens
        self.file.seek(0)
        self.file.truncate()
        self.file.write(short)
        return fewer

    def _write(self, text: bytes) -> None:
        """Write lines; the end of the last of them waits until it is known whether there is one."""
        if not text:
            return
        self._put(b"\n" * self._is_waiting + text[:-1])
        self._is_waiting = True

    def _put(self, text: bytes) -> None:
        self.file.write(text)
        self._tokens.add(text)
