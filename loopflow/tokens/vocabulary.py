"""The packaged vocabularies, checked against their digests whenever they are unpacked."""

import base64
import hashlib
import lzma

from loopflow.errors import VocabularyError
from loopflow.tokens.encodings import VOCABULARY_DIGESTS


def load_ranks(name: str) -> dict[bytes, int]:
    """Return the rank of each token of an encoding. Raises VocabularyError where the packaged file is not in order."""
    lines = unpack_vocabulary(name).split(b"\n")
    return {base64.b64decode(token): int(rank) for token, _, rank in (line.partition(b" ") for line in lines if line)}


def unpack_vocabulary(name: str) -> bytes:
    """Return the vocabulary as it was published. Raises VocabularyError where the packaged file is not in order."""
    from importlib.resources import files  # noqa: PLC0415  0.02 s that only tiktoken needs

    packed = files("loopflow") / "vocab" / f"{name}.tiktoken.xz"
    expected = VOCABULARY_DIGESTS[name]
    hint = "install loopflow-code-context again"
    try:
        data = lzma.decompress(packed.read_bytes())
    except (OSError, lzma.LZMAError) as error:
        what = f"the packaged vocabulary {name}, SHA-256 {expected},"
        raise VocabularyError(f"{what} cannot be read: {error}", hint) from error
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise VocabularyError(f"the packaged vocabulary {name} is damaged: SHA-256 {found}, not {expected}", hint)
    return data
