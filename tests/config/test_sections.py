"""Tables of other commands: reserved, read by whom they are for, and skipped where this version does not know them."""

from pathlib import Path
from types import MappingProxyType

import pytest

from loopflow.config.resolve import resolve
from loopflow.config.sections import READERS, RESERVED, read_section
from loopflow.config.toml import Table
from loopflow.errors import ConfigError
from tests.support.builder import Repo
from tests.support.run import run


@pytest.mark.parametrize("name", [name for name in RESERVED if name not in READERS])
def test_a_reserved_table_of_another_version_is_skipped(name: str, repo: Repo) -> None:
    """An older installation is not stopped by a newer config: it says so to the curious, and to nobody else."""
    repo.track({"loopflow.toml": f'[{name}]\nnew = "x"\n[{name}.inner]\ny = 1\n', "a.py": "a\n"})
    quiet = run("--profile", cwd=repo.root)
    assert (quiet.code, quiet.err) == (0, "")
    curious = run("--profile", "--verbose", cwd=repo.root)
    assert curious.out == quiet.out
    assert f"code-context: loopflow.toml:1: [{name}] is for another version, and is skipped\n" in curious.err


def test_it_may_stand_in_pyproject(repo: Repo) -> None:
    """Below [tool.loopflow] the same tables are reserved."""
    repo.track({"pyproject.toml": '[tool.loopflow]\nencoding = "cl100k_base"\n[[tool.loopflow.fleet]]\nx = 1\n'})
    result = run("--show-config", "--verbose", cwd=repo.root)
    assert result.code == 0
    assert "cl100k_base" in result.out
    assert "pyproject.toml:3: [fleet] is for another version, and is skipped\n" in result.err


@pytest.mark.parametrize("text", ["logs = 1", 'agents = "x"', "usage = true"])
def test_what_has_a_reserved_name_and_is_no_table_is_an_error(text: str) -> None:
    """The name is for a table in every version."""
    name = text.partition(" ")[0]
    with pytest.raises(ConfigError, match=rf"^loopflow.toml:1: {name}: {name} is a table$"):
        resolve({"loopflow.toml": text.encode()}, {}, {})


def test_a_table_of_nobody_stays_an_error() -> None:
    """What is not reserved is a mistake, and the names that are reserved are not proposed."""
    with pytest.raises(ConfigError, match=r"^loopflow.toml:1: log: there is no such key$") as error:
        resolve({"loopflow.toml": b"[log]\n"}, {}, {})
    assert error.value.hint == "the keys here are against, baseline, budget, encoding, exclude, include, rule"


def test_a_section_is_read_by_whom_it_is_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader is imported when the table is read, and sees nothing where there is none."""
    (tmp_path / "wing_settings.py").write_text(
        "def read(table): return table.values.get('size', 7), table.where('size')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    readers = MappingProxyType({"logs": "wing_settings:read"})
    found = resolve({"loopflow.toml": b"\n[logs]\nsize = 3\n"}, {}, {}).sections
    assert isinstance(found["logs"], Table)
    assert read_section(found, "logs", readers) == (3, "loopflow.toml:3")
    assert read_section({}, "logs", readers)[0] == 7
