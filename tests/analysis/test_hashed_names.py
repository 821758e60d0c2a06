"""Names with the hash of a content in them, and patterns that the next build's names match as well."""

import pytest

from loopflow.analysis.hashed_names import glob_of, shape_of


@pytest.mark.parametrize(
    ("name", "glob", "shape"),
    [
        ("main.3f2a9b1c.js", "main.*.js", "*.????????.js"),
        ("main.12345678.js", "main.*.js", "*.????????.js"),
        ("app-4f9d2c6b8a1e03d7.css", "app-*.css", "*-????????????????.css"),
        ("runtime~main.0a1b2c3d4e5f60718293.js.map", "runtime~main.*.js.map", "*.????????????????????.js.map"),
        ("index-DiwrgTda.js", "index-*.js", "*-????????.js"),
        ("index-D-8xKq_1.js", "index-*.js", "*-????????.js"),
        ("chunk-5X2ZQ3AB.js", "chunk-*.js", "*-????????.js"),
        ("3f2a9b1c-11aa-22bb-33cc-0123456789ab.json", "*.json", "*????????????????????????????????????.json"),
        ("DEADBEEF01.bin", "*.bin", "*??????????.bin"),
        ("[id]-3f2a9b1c.js", "\\[id]-*.js", "*-????????.js"),
    ],
)
def test_hashes(name: str, glob: str, shape: str) -> None:
    """Bundlers write hexadecimal digits of any length from eight on, UUIDs, or eight characters of base 32 or 64."""
    assert glob_of(name) == glob
    assert shape_of(name) == shape


@pytest.mark.parametrize(
    "name", ["main.js", "deadbeef.js", "facade.css", "a1b2c3d.js", "my-component.js", "README-important.md", ".js", ""]
)
def test_words_are_no_hashes(name: str) -> None:
    """Eight letters without a digit are a word, and seven digits are a number."""
    assert (glob_of(name), shape_of(name)) == ("", "")
