"""A text in pieces against the whole of it, and the table and toktok against tiktoken, in both encodings.

Whatever the bytes, and wherever they are read apart: the pieces join to the text, cost what it costs, and give its id
and whether bytes were lost; and all engines count each of it alike.
"""

from functools import cache
from io import BytesIO
from unittest.mock import patch

from fuzz.draw import Draw
from loopflow.io.read import document
from loopflow.io.read.document import LargeText, blob_id
from loopflow.model import FileRef
from loopflow.tokens.choice import ENGINES, create_counter
from loopflow.tokens.encodings import VOCABULARY_DIGESTS
from loopflow.tokens.protocol import TokenCounter

# What the patterns of the encodings treat differently, and what decoding does.
ATOMS = (
    *(b"\n", b"\r\n", b"\r", b"\n\n", b"\n \n", b"\n/", b"//", b"/", b" ", b"  ", b"\t", b"\v", b"\f", b"\x1c", b"\0"),
    *(
        b"a",
        b"word",
        b"Word",
        b"HTTPServer",
        b"aB",
        b"'s",
        b"'S",
        b"'LL",
        b"'re",
        b"'",
        b"123",
        b"4",
        b".",
        b"--",
        b"{",
    ),
    *(b"\n}", b"\n#", b"\nx", b"<|endoftext|>", b"<|fim_prefix|>", b"://", b"!!", b"_", b"$", b"acgt", b"def "),
    *(char.encode() for char in "\u00e9\u65e5\u0301\U0001f389\xa0\u2028\u2029\x85\u200b\u200d\ufeff\u017f\u212a\u3000"),
    *(char.encode() for char in "\u0660\u00bd\u2167\u01c5\u02b0\u041a\u044f\u0531\u05d0\u0627\u0915\u0e17\u1112"),
    *(b"\xef\xbf\xbd", b"\xef\xbf", b"\xef", b"\xbd", b"\xff", b"\xc3", b"\xe6\x97", b"\xf0\x9f", b"\xed\xa0\x80"),
)
_MOST_ATOMS = 200


def check(data: bytes) -> None:
    """Raise AssertionError where anything of that does not hold."""
    draw = Draw(data)
    piece_bytes, head = 1 + draw.number(40), draw.number(12)
    content = draw.join(ATOMS, _MOST_ATOMS)
    text = LargeText(FileRef("a"), len(content), content[:head], BytesIO(content[head:]), "sha1")
    with patch.object(document, "PIECE_BYTES", piece_bytes):
        pieces = list(text.pieces())
    whole = content.decode("utf-8", "replace")
    assert "".join(pieces) == whole
    assert (text.digest, text.lossy) == (blob_id(content), whole.encode() != content)
    for encoding in VOCABULARY_DIGESTS:
        counts = [_counter(encoding, engine).count([whole, *pieces]) for engine in ENGINES]
        assert counts[0] == counts[1] == counts[2], (encoding, whole)
        assert counts[0][0] == sum(counts[0][1:]), (encoding, pieces)


@cache
def _counter(encoding: str, engine: str) -> TokenCounter:
    return create_counter(encoding, engine)
