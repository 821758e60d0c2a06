"""A key of the config changed in place: the rest stays byte for byte, and what cannot be changed is left."""

import pytest

from loopflow.config.editing import set_text
from loopflow.errors import ConfigError

LINE = 'encoding = "cl100k_base"'


@pytest.mark.parametrize(
    ("file", "text", "changed"),
    [
        ("loopflow.toml", "", f"{LINE}\n"),
        ("loopflow.toml", "# hi\n[logs]\nfit = 1\n", f"{LINE}\n# hi\n[logs]\nfit = 1\n"),
        ("loopflow.toml", "a = 1\nencoding='x' # why\n[logs]\n", f"a = 1\n{LINE}  # why\n[logs]\n"),
        ("loopflow.toml", '[logs]\nencoding = "x"\n', f'{LINE}\n[logs]\nencoding = "x"\n'),
        ("pyproject.toml", "[project]\nname='x'\n[tool.loopflow]\n", f"[project]\nname='x'\n[tool.loopflow]\n{LINE}\n"),
        ("pyproject.toml", "[ tool . loopflow ] # x\nencoding = 'y'\n[x]\n", f"[ tool . loopflow ] # x\n{LINE}\n[x]\n"),
    ],
)
def test_a_text_is_set_where_it_belongs(file: str, text: str, changed: str) -> None:
    assert set_text(file, text, "encoding", "cl100k_base") == changed
    assert set_text(file, changed, "encoding", "cl100k_base") == changed


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("loopflow.toml", "not toml"),
        ("loopflow.toml", 'encoding = """x"""\n'),
        ("loopflow.toml", 'x = """\n[a]\n"""\nencoding = """y"""\n'),
        ("pyproject.toml", "[project]\nname='x'\n"),
        ("pyproject.toml", "[tool]\nloopflow = { encoding = 'x' }\n"),
        ("pyproject.toml", "tool.loopflow.encoding = 'x'\n"),
    ],
)
def test_what_is_written_otherwise_is_left_to_its_owner(file: str, text: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{file} cannot be changed as it is written$"):
        set_text(file, text, "encoding", "cl100k_base")
