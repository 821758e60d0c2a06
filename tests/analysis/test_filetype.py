"""file_type(): the suffix, or the name where the name is the type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.analysis.filetype import NO_TYPE, file_type


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("a.py", ".py", id="suffix"),
        pytest.param("src/deep/a.py", ".py", id="of the name, not of the path"),
        pytest.param("A.PY", ".py", id="lower-cased"),
        pytest.param("types.d.ts", ".ts", id="what follows the last dot"),
        pytest.param("archive.tar.gz", ".gz", id="compound"),
        pytest.param("a..py", ".py", id="two dots"),
        pytest.param("X..py", ".py", id="whatever is before them"),
        pytest.param("Makefile", "Makefile", id="a name that is a type"),
        pytest.param("src/makefile", "Makefile", id="in any case, shown in its own"),
        pytest.param("DOCKERFILE", "Dockerfile", id="in capitals"),
        pytest.param("Dockerfile.dev", ".dev", id="a suffix goes before the name"),
        pytest.param(".gitignore", ".gitignore", id="all suffix"),
        pytest.param("docs/.GitIgnore", ".GitIgnore", id="all suffix keeps its case"),
        pytest.param(".eslintrc.json", ".json", id="hidden, with a suffix"),
        pytest.param("..py", "..py", id="hidden, with two dots"),
        pytest.param("LICENSE", NO_TYPE, id="no suffix"),
        pytest.param("src.d/file", NO_TYPE, id="a directory's suffix is not the file's"),
        pytest.param("trailing.", NO_TYPE, id="nothing after the dot"),
        pytest.param("...", NO_TYPE, id="only dots"),
        pytest.param("a.b c", ".b c", id="blank"),
        pytest.param("é.É", ".é", id="not ASCII"),
        pytest.param("a.\udcff", ".\udcff", id="not UTF-8"),
        pytest.param("a.new\nline", ".new\nline", id="line break"),
    ],
)
def test_the_type_of_a_file(path: str, expected: str) -> None:
    """Each path has one type."""
    assert file_type(path) == expected


@given(st.text(alphabet="aA.é\n /", min_size=1), st.text(alphabet="aA.é\n ", min_size=1))
def test_the_directory_does_not_matter(directory: str, name: str) -> None:
    """A file has the same type wherever it lies, and no type is empty or has a slash."""
    assert file_type(f"{directory}/{name}") == file_type(name)
    assert file_type(name)
    assert "/" not in file_type(f"{directory}/{name}")
