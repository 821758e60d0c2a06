"""Formats that a text is known by because of how it begins: each is found, and nothing that only looks like it."""

import pytest

from loopflow.analysis.facts import FactKind
from tests.support.facts import kinds
from tests.support.formats import LOCKS, SNAPSHOTS

# --- Lock files ---


@pytest.mark.parametrize("name", LOCKS)
def test_lock_files(name: str) -> None:
    """A lock file is one by its content, however short; that it is also generated does not go before that."""
    assert kinds(LOCKS[name])[0] is FactKind.LOCK


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("npm", "\n"),
        ("bun", "  "),
        ("Composer", "\r\n"),
        ("NuGet", "\ufeff"),
        ("NuGet", "\ufeff\n"),
        ("Nix", "\t"),
        ("yarn berry", "\n"),
        ("Pipenv", "\u2003"),
    ],
)
def test_blanks_before_a_lock_file(name: str, before: str) -> None:
    """White space, and a byte order mark, may come before a lock file that allows them."""
    text = LOCKS[name].partition("\n\n")[2] if name == "yarn berry" else LOCKS[name]
    assert kinds(before + text)[0] is FactKind.LOCK


NO_LOCKS = {
    "package.json": '{\n  "name": "shop",\n  "version": "1.4.0",\n  "scripts": {"test": "node --test"}\n}\n',
    "Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\n\n[dependencies]\n',
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\n',
    "go.mod": "module example.invalid/shop\n\ngo 1.22\n\nrequire example.invalid/one v1.2.3\n",
    "Gemfile": 'source "https://gems.example.invalid"\n\ngem "invented"\n',
    "requirements.txt": "invented==1.0.2\nother>=2\n",
    "code that writes one": 'def write(out):\n    out.write("lockfileVersion: 9\\n")\n',
    "text about one": 'The field `"lockfileVersion": 3` in package-lock.json says which npm wrote it.\n',
}


@pytest.mark.parametrize("name", NO_LOCKS)
def test_what_looks_like_a_lock_file(name: str) -> None:
    """What people write themselves about dependencies is no lock file, and nothing else."""
    assert kinds(NO_LOCKS[name]) == []


# --- Snapshots ---


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_snapshots(name: str) -> None:
    """What a test wrote down is a snapshot."""
    assert kinds(SNAPSHOTS[name])[0] is FactKind.SNAPSHOT


OWN_DATA = {
    "a log's settings": '{"log": {"version": "1.0", "level": "debug"}}\n',
    "a list of sources": '{"version": 3, "comment": "own", "sources": ["a"]}\n',
    "pods of a cluster": "PODS:\n  - first\n  - second\n",
}


@pytest.mark.parametrize("name", OWN_DATA)
def test_what_looks_like_a_format(name: str) -> None:
    """What begins like a format and does not go on like it is somebody's own."""
    assert kinds(OWN_DATA[name]) == []


def test_what_looks_like_a_snapshot() -> None:
    """A test that makes snapshots, and front matter of another kind, are none."""
    test = 'import { expect, test } from "vitest";\n\ntest("a page", () => expect(page()).toMatchSnapshot());\n'
    post = "---\nsource: a newspaper\ntitle: What happened\n---\n\nNothing did.\n"
    assert [kinds(test), kinds(post)] == [[], []]
