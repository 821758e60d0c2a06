"""Lock files of tools that nobody listed: versions and digests line after line, and a name like one."""

import pytest

from loopflow.analysis.cuts import find_cuts
from loopflow.analysis.evidence import find_facts
from loopflow.analysis.facts import FactKind
from loopflow.analysis.filetype import file_type
from loopflow.analysis.lock_names import is_lock_name
from loopflow.analysis.pins import find_pins
from loopflow.model import CutReason, FileTokens
from tests.support.facts import facts_of

HEX = "0123456789abcdef" * 4
PINNED = {
    "versions": "".join(f"name-{each} = {each}.4.2\n" for each in range(40)),
    "versions of two numbers": "".join(f"com.example:name{each}:1.{each}\n" for each in range(40)),
    "versions of two numbers, compared": "".join(f"  Name.{each} (>= 4.3) - when: (< net45)\n" for each in range(40)),
    "digests": "".join(f"{HEX}  file{each}\n" for each in range(40)),
    "named digests": "".join(f"file{each} sha512-AAAABBBBCCCCDDDD/0000==\n" for each in range(40)),
    "digests of Nix": "".join(f'  "hash": "{"1abdfghijklmnpqrsvwxyz0234" * 2}",\n'
                              f'  "v": "1.0.{each}",\n' for each in range(40)),
    "tables": "".join(f'[[item]]\nname = "a"\nversion = "1.0.{each}"\nkind = "b"\nhow = "c"\n' for each in range(40)),
    "JSON on one line": "{" + ", ".join(f'"a{each}": {{"version": "1.{each}", "of": "b"}}' for each in range(90)) + "}",
    "few lines": "a 1.0.2\nb 1.4.2\nc 0.1.0\nd 2.0.0\n",
}  # fmt: skip
NOT_PINNED = {
    "nothing": "",
    "prose": "Whoever reads this finds that it is about locks of doors, and about keys.\n" * 40,
    "three versions": "a 1.0.2\nb 1.4.2\nc 0.1.0\n",
    "versions here and there": ("some words about it\n" * 9 + "as of 1.0.2, others\n") * 20,
    "numbers": "".join(f"{each / 8} {each / 3:.4f}\n" for each in range(200)),
    "code": "".join(f"def get_{each}(row):\n    return row.a.b * 0.5 + {each}\n" for each in range(40)),
    "settings": "".join(f'  "option{each}": {{"level": {each}, "path": "src/{each}"}},\n' for each in range(40)),
}


@pytest.mark.parametrize("name", PINNED)
def test_pinned(name: str) -> None:
    """What gives versions or digests in many of its lines pins something down."""
    fact = find_pins(PINNED[name])
    assert fact
    assert fact.kind is FactKind.PINS


@pytest.mark.parametrize("name", NOT_PINNED)
def test_not_pinned(name: str) -> None:
    """Prose, code and numbers do not."""
    assert find_pins(NOT_PINNED[name]) is None


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("a 1.0.2\n" * 4, "100 % of its lines give versions or digests"),
        ("a 1.0.2\nb\n" * 4, "50 % of its lines give versions or digests"),
        (("a 1.0.2\n" + "b\n" * 5) * 4, "16 % of its lines give versions or digests"),
        (("a 1.0.2\n" + "b\n" * 6) * 4, None),
        ("{\n" * 90 + "a 1.0.2\n" * 4 + "}\n" * 90, "100 % of its lines give versions or digests"),
    ],
)
def test_how_many_lines(text: str, evidence: str | None) -> None:
    """About a sixth of the lines that say anything is enough, and four of them at least."""
    fact = find_pins(text)
    assert (fact and fact.evidence) == evidence


LOCK_NAMES = [
    "a.lock", "b/a.lock", "a.lock.json", "a.lock.yaml", "a.lock.yml", "a.lock.toml", "a.lock.hcl", "package-lock.json",
    "a-lock.yaml", "a_lock.toml", "gradle.lockfile", "a.lockfile", "lock.json", "lockfile.yaml", "Package.resolved",
    "a.locked", "gems.locked", "cabal.project.freeze", "npm-shrinkwrap.json", "go.sum", "go.work.sum", "A.LOCK",
    "requirements-lock.txt", ".terraform.lock.hcl", "cpanfile.snapshot", "b.lock/a.lock", "aqua-checksums.json",
    "locks.json",
]  # fmt: skip
OWN_NAMES = [
    "a.lock.ts", "lock.py", "mutex-lock.c", "a.lock/readme.md", "block.json", "clock.json", "deadlock.md", "a.locks.py",
    "lockfile.rs", "checksums.py", "a.sum", "go.mod", "package.json", "unlock.sh", "a.lock.md", "padlock.svg",
]  # fmt: skip


@pytest.mark.parametrize("path", LOCK_NAMES)
def test_names_of_lock_files(path: str) -> None:
    """Tools name them alike."""
    assert is_lock_name(path)


@pytest.mark.parametrize("path", OWN_NAMES)
def test_other_names(path: str) -> None:
    """Source has other names, whatever it is about."""
    assert not is_lock_name(path)


def reasons(path: str, text: str) -> list[tuple[CutReason, str]]:
    facts = find_facts(text, len(text) // 3)
    file = FileTokens(path, file_type(path), len(text) // 3, len(text), "", facts=facts)
    return [(cut.reason, cut.evidence) for cut in find_cuts([file])]


@pytest.mark.parametrize("path", LOCK_NAMES[:8])
@pytest.mark.parametrize("name", PINNED)
def test_both_together(path: str, name: str) -> None:
    """A name like a lock file's and a content that pins something down are evidence together."""
    [(reason, evidence)] = reasons(path, PINNED[name])
    assert reason is CutReason.LOCK
    assert evidence.startswith("named like a lock file, and ")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        *[(path, PINNED["versions"]) for path in OWN_NAMES],
        *[("a.lock.json", text) for text in NOT_PINNED.values()],
        ("CHANGELOG.md", "".join(f"## 1.{each}.0\n\n- words\n\n" for each in range(90))),
    ],
)
def test_one_alone(path: str, text: str) -> None:
    """Neither the name nor the content is evidence alone."""
    assert reasons(path, text) == []


def test_a_lock_file_that_is_large_json() -> None:
    """Where a content says something else as well, the name decides: a lock file is not embedded data."""
    text = "{\n" + ",\n".join(f'"a{each}": {{"version": "1.0.{each}"}}' for each in range(900)) + "\n}\n"
    assert [fact.kind for fact in facts_of(text, 9_000)] == [FactKind.DATA, FactKind.PINS]
    assert [[reason for reason, _ in reasons(path, text)] for path in ("a.lock.json", "a.json")] == [
        [CutReason.LOCK],
        [CutReason.DATA],
    ]
