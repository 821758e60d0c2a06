"""Files that the user named: read as they are, through links, and not without an end."""

from pathlib import Path

import pytest

from loopflow.io.tree_files import read_named
from tests.support.run import run


def test_what_is_there(tmp_path: Path) -> None:
    """Its content, also through a link; None where nothing is."""
    (tmp_path / "file").write_bytes(b"a\n")
    (tmp_path / "link").symlink_to("file")
    assert [read_named(str(tmp_path / name)) for name in ("file", "link", "gone")] == [b"a\n", b"a\n", None]


def test_a_link_to_what_has_no_end(tmp_path: Path) -> None:
    """A repository may hold one: it is refused in words, and not read until memory ends."""
    (tmp_path / "loopflow.toml").symlink_to("/dev/zero")
    with pytest.raises(OSError, match="too large"):
        read_named(str(tmp_path / "loopflow.toml"))
    refused = run("--profile", "--config", "loopflow.toml", cwd=tmp_path)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "cannot be read: file too large" in refused.err
