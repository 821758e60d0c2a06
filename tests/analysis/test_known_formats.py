"""Formats that a text is known by because of how it begins: each is found, and nothing that only looks like it."""

import pytest

from loopflow.analysis.facts import Fact, FactKind
from tests.support import newer_formats as newer
from tests.support.facts import facts_of, kinds
from tests.support.formats import LOCKS, SNAPSHOTS

# --- Lock files ---


@pytest.mark.parametrize("name", LOCKS)
def test_lock_files(name: str) -> None:
    """A lock file is one by its content, however short; that it is also generated does not go before that."""
    assert kinds(LOCKS[name])[0] is FactKind.LOCK


@pytest.mark.parametrize("name", newer.LOCKS)
def test_lock_files_of_newer_tools(name: str) -> None:
    """Each tool's lock file is named as one, of that tool, whichever version wrote it and however far its sign is."""
    tool, text = newer.LOCKS[name]
    assert facts_of(text)[0] == Fact(FactKind.LOCK, f"locked versions ({tool})")


@pytest.mark.parametrize("name", [*LOCKS, *newer.LOCKS])
def test_lock_files_with_other_line_ends(name: str) -> None:
    """Lines may end as on Windows."""
    text = LOCKS[name] if name in LOCKS else newer.LOCKS[name][1]
    assert kinds(text.replace("\n", "\r\n"))[0] is FactKind.LOCK


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
    "pins of a board": '{\n  "pins": [1, 2, 3],\n  "version": 1\n}\n',
    "pins by name": '{\n  "pins": {\n    "led": 13\n  }\n}\n',
    "an interface with a version": '{\n  "version": "1",\n  "packages": {\n    "a": {"path": "a"}\n  }\n}\n',
    "own dependencies": '{\n  "version": 1,\n  "dependencies": {\n    "a": "^1.0.0"\n  }\n}\n',
    "jsonnetfile.json": '{\n  "version": 1,\n  "dependencies": [\n    {"source": {}, "version": "main"}\n  ]\n}\n',
    "devcontainer.json": '{\n  "features": {\n    "example.invalid/a:1": {}\n  }\n}\n',
    "own checksums": '{\n  "checksums": ["a", "b"]\n}\n',
    "a graph": '{\n  "nodes": {\n    "a": {"next": "b"}\n  }\n}\n',
    "a workspace": '{\n  "workspace": {\n    "a": "b"\n  }\n}\n',
    "branches": '{\n  "a": {\n    "branch": "main",\n    "reviewers": ["b"]\n  }\n}\n',
    "Chart.yaml": "dependencies:\n- name: a\n  version: ^1\n  repository: https://example.invalid\n",
    "Cartfile": 'github "a/b" ~> 1.0\ngithub "c/d" "main"\n',
    "cabal.project": "packages: .\nconstraints: a ==1.0\n",
    "mise.toml": '[tools.node]\nversion = "22"\npostinstall = "corepack enable"\n',
    "Project.toml": 'name = "A"\nuuid = "2a0f44e3-6c83-55bd-87e4-b1978d98bd5f"\n',
    "paket.dependencies": "source https://example.invalid\nnuget A ~> 1.0\n",
    "packages of one's own": '[[package]]\nname = "a"\nversion = "1.0.2"\n\n[[package]]\nname = "b"\nversion = "2"\n',
    "a workspace of pixi": "version: 6\nenvironments:\n  default: {}\n",
    "trust without checksums": '<?xml version="1.0"?>\n<verification-metadata>\n  <configuration/>\n'
    "</verification-metadata>\n",
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


@pytest.mark.parametrize("name", newer.SNAPSHOTS)
def test_snapshots_of_newer_tools(name: str) -> None:
    """Each is named as what it is."""
    what, text = newer.SNAPSHOTS[name]
    assert facts_of(text)[0] == Fact(FactKind.SNAPSHOT, what)


@pytest.mark.parametrize("name", newer.PRODUCTS)
def test_products(name: str) -> None:
    """What a program writes for another one is generated, though no comment says so."""
    what, text = newer.PRODUCTS[name]
    assert facts_of(text)[0] == Fact(FactKind.GENERATED, what)


OWN_DATA = {
    "a log's settings": '{"log": {"version": "1.0", "level": "debug"}}\n',
    "a list of sources": '{"version": 3, "comment": "own", "sources": ["a"]}\n',
    "roles of users": "- list: users\n  name: a\n- group: admins\n  name: b\n",
    "tasks": "- main: build\n- name: test\n",
    "a section about tests": "[Tests]\nname = 1\n---\n",
    "exports": "exports.page = 1\n",
    "a module": "module.exports = {\n  version: '1.0',\n}\n",
    "an own snapshot": "export const snapshot = { page: 1 };\n",
    "a report": "# Snapshot report\n\nNothing.\n",
    "a number before text": "first: |\n  1: |\n    text\n",
    "an own drawing": '<svg viewBox="0 0 9 9">\n  <!-- Created with Inkscape -->\n</svg>\n',
    "a script of node": "#!/usr/bin/env node\n/* eslint-disable no-console */\nconsole.log(1);\n",
    "scopes": '[{"scope": "https://example.invalid", "name": "read"}]\n',
    "a header for a parser": '#include "tree_sitter/parser.h"\n\nenum token { A };\n',
    "info": '{"__info": ["a", "b"]}\n',
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
