"""Names with the hash of a content in them, and patterns that the next build's names match as well."""

import pytest

from loopflow.analysis.hashed_names import glob_of, has_hash, shape_of

HEX = "[0-9a-f]??????[0-9a-f]"


@pytest.mark.parametrize(
    ("name", "glob", "shape"),
    [
        ("main.3f2a9b1c.js", "main.*.js", f"*.{HEX}.js"),
        ("main.12345678.js", "main.*.js", f"*.{HEX}.js"),
        ("app-4f9d2c6b8a1e03d7.css", "app-*.css", "*-[0-9a-f]??????????????[0-9a-f].css"),
        ("runtime~main.0a1b2c3d4e5f.js.map", "runtime~main.*.js.map", "*.[0-9a-f]??????????[0-9a-f].js.map"),
        ("index-DiwrgTda.js", "index-*.js", "*-????????.js"),
        ("index-D-8xKq_1.js", "index-*.js", "*-????????.js"),
        ("chunk-5X2ZQ3AB.js", "chunk-*.js", "*-????????.js"),
        ("3f2a9b1c.js", "????????.js", f"{HEX}.js"),
        ("zrlS4WnP.js", "????????.js", "????????.js"),
        ("_affbb1._.js", "_*._.js", "*_[0-9a-f]????[0-9a-f]._.js"),
        ("app-20260101-yb229X8Y.js", "app-*-*.js", "*-????????.js"),
        ("bundle-zW4nxXcO", "bundle-*", "*-????????"),
        ("DEADBEEF01.bin", "??????????.bin", "??????????.bin"),
        ("[id]-3f2a9b1c.js", "\\[id]-*.js", f"*-{HEX}.js"),
    ],
)
def test_hashes(name: str, glob: str, shape: str) -> None:
    """Bundlers write hexadecimal digits of any length from eight on, UUIDs, or eight characters of base 32 or 64."""
    assert glob_of(name) == glob
    assert shape_of(name) == shape


@pytest.mark.parametrize(
    "name",
    [
        "main.js",
        "deadbeef.js",
        "facade.css",
        "a1b2c.js",
        "my-component.js",
        "HomePage.js",
        "README-important.md",
        ".js",
        "",
    ],
)
def test_words_are_no_hashes(name: str) -> None:
    """Letters without a digit are a word, few digits are a number, and a name alone may have capitals."""
    assert (glob_of(name), shape_of(name)) == ("", "")


@pytest.mark.parametrize(
    ("path", "is_hashed"), [("a/b.js", False), ("a/b.3f2a9b1c.js", True), ("3f2a9b1c/b/c.js", True), ("README", False)]
)
def test_a_path_has_a_hash_where_one_of_its_names_has(path: str, is_hashed: bool) -> None:  # noqa: FBT001
    """The next build gives the file another path."""
    assert has_hash(path) == is_hashed
