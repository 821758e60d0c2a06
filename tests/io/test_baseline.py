"""The stored baseline: what goes in comes out, what is damaged is refused, and branches merge."""

import json
import subprocess
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopflow.analysis.names import path_bytes
from loopflow.errors import BaselineError
from loopflow.io.baseline import Baseline, dump, parse
from loopflow.model import BASELINE_FILE
from tests.support.builder import Repo

ID = "o200k_base:446a95:utf8-replace-1"
HOSTILE = {
    "caf\xe9": 1,
    "raw\udcff\udc80": 2,
    "line\nbreak\r\x1b[2J": 3,
    'a "quoted" \\ name': 4,
    "\U0001f600": 5,
    "\u202e\u2028\x85": 6,
    "<<<<<<< HEAD": 7,
    "schema": 8,
    "files": 9,
    "encoding": 10,
    "__proto__": 0,
    " ": 10**15,
}


def names() -> st.SearchStrategy[str]:
    """Return a strategy for every name that a file can have."""
    raw = st.binary(min_size=1, max_size=9) | st.text(min_size=1, max_size=9).map(str.encode)
    return raw.map(lambda name: name.decode("utf-8", "surrogateescape")) | st.sampled_from([*HOSTILE])


def trees(min_size: int = 0) -> st.SearchStrategy[dict[str, int]]:
    return st.dictionaries(names(), st.integers(0, 2**40), min_size=min_size, max_size=8)


def text_of(files: Mapping[str, int]) -> str:
    return dump(Baseline(ID, files))


def lines_of(files: Mapping[str, int]) -> list[str]:
    return text_of(files).split("\n")


def refusal(data: str | bytes) -> BaselineError:
    with pytest.raises(BaselineError) as caught:
        parse(data if isinstance(data, bytes) else data.encode(), "stored.json", ID)
    return caught.value


# --- The file ---


@given(trees())
def test_what_goes_in_comes_out(files: dict[str, int]) -> None:
    """Any names and counts come back as they were."""
    assert parse(text_of(files).encode("ascii"), "stored.json", ID) == Baseline(ID, files)


def test_what_it_looks_like() -> None:
    """Every name there is, whatever it contains, stands in quotes on a line of its own, in the order of its bytes."""
    assert text_of({"b": 12, "a/x": 0, "caf\xe9": 7, "raw\udcff": 3, "a.x": 1}) == (
        '{\n"schema": 1,\n"encoding": "o200k_base:446a95:utf8-replace-1",\n"files": {\n'
        '"a.x":\n1,\n"a/x":\n0,\n"b":\n12,\n"caf\\u00e9":\n7,\n"raw\\udcff":\n3,\n"":\n0\n}\n}\n'
    )


@given(trees(), st.randoms(use_true_random=False))
def test_it_is_a_pure_function(files: dict[str, int], chance: Random) -> None:
    """The same files make the same text, in whichever order they come."""
    shuffled = [*files.items()]
    chance.shuffle(shuffled)
    assert text_of(dict(shuffled)) == text_of(files)


@given(trees())
def test_each_file_takes_two_lines(files: dict[str, int]) -> None:
    """After four lines, each file has one for its path and one for its count, sorted by the bytes of the paths."""
    lines = lines_of(files)
    ordered = sorted(files, key=path_bytes)
    assert lines[4:-5:2] == [f"{json.dumps(path)}:" for path in ordered]
    assert lines[5:-5:2] == [f"{files[path]}," for path in ordered]
    assert lines[-5:] == ['"":', "0", "}", "}", ""]
    assert "\n".join(lines).isascii()


@given(trees(1), st.data())
def test_changed_lines_are_never_adjacent(files: dict[str, int], choice: st.DataObject) -> None:
    """Whatever counts change, the first one, the last one or all, between two changed lines is one that is not."""
    changed = {path: choice.draw(st.integers(0, 2**40) | st.just(tokens)) for path, tokens in files.items()}
    before, after = lines_of(files), lines_of(changed)
    assert len(before) == len(after)
    different = [number for number, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    assert all(second - first > 1 for first, second in pairwise(different))
    assert len(different) == sum(files[path] != changed[path] for path in files)


# --- What is wrong with it ---

GOOD = text_of({"a": 1, "b\n": 22, "raw\udcff": 333})
REMEDY = "code-context --profile --save-baseline"


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        pytest.param("", 1, "it is not JSON", id="empty"),
        pytest.param("\n\n", 3, "it is not JSON", id="blank"),
        pytest.param("no JSON", 1, "it is not JSON", id="text"),
        pytest.param(GOOD.replace("22,", "22"), 9, "it is not JSON", id="a comma is missing"),
        pytest.param("\ufeff" + GOOD, 1, "it is not JSON", id="a byte order mark"),
        pytest.param(GOOD.encode().replace(b'"a"', b'"\xff"'), 5, "it is not UTF-8", id="not UTF-8"),
        pytest.param(GOOD.encode("utf-16"), 1, "it is not UTF-8", id="UTF-16"),
        pytest.param("[]", 1, "it is not a baseline", id="a list"),
        pytest.param("null", 1, "it is not a baseline", id="nothing"),
        pytest.param('"a"', 1, "it is not a baseline", id="a word"),
        pytest.param("[" * 100_000, None, "it is not a baseline", id="deeper than anybody writes"),
        pytest.param(GOOD.replace("22", "2" * 9000), None, "it is not a baseline", id="more than anybody counts"),
        pytest.param("{}", None, "it does not say that it is a baseline", id="an empty object"),
        pytest.param(GOOD.replace('"schema": 1,\n', ""), None, "does not say that it is", id="no schema"),
        pytest.param(GOOD.replace('"schema": 1', '"schema": 0'), 2, "does not say that it is", id="schema 0"),
        pytest.param(GOOD.replace('"schema": 1', '"schema": true'), 2, "does not say that it is", id="schema true"),
        pytest.param(
            GOOD.replace('"schema": 1', '"schema": "1"'), 2, "does not say that it is", id="a schema in words"
        ),
        pytest.param(GOOD.replace('"schema": 1', '"schema": 1e999'), 2, "does not say that it", id="an endless schema"),
        pytest.param(GOOD.replace('"":\n0\n', '"z":\n0\n'), 4, "something is missing", id="another end"),
        pytest.param(GOOD.replace(',\n"":\n0\n', "\n"), 4, "something is missing", id="no end"),
        pytest.param(GOOD.replace('"":\n0\n', '"":\n1\n'), 4, "something is missing", id="an end that counts"),
        pytest.param(GOOD.replace('"files"', '"filed"'), None, "something is missing", id="no files"),
        pytest.param('{"schema": 1,\n"files": [1]}', 2, "something is missing", id="a list of files"),
        pytest.param(GOOD.replace('"b\\n"', '"a"'), 7, "it names a twice", id="a path twice"),
        pytest.param(GOOD.replace('"a"', '"b\\n"'), 7, "it names b\\n twice", id="a path twice that is shown escaped"),
        pytest.param(GOOD.replace('"a"', '"raw\\udcff"'), 9, "it names raw\\xff twice", id="a path twice, far apart"),
        pytest.param(
            text_of({"schema": 1, "z": 2}).replace('"z"', '"schema"'), 7, "it names schema twice", id="as another key"
        ),
        pytest.param(GOOD.replace('"schema": 1', '"files": 1'), 4, "it names files twice", id="a key twice"),
        pytest.param(GOOD.replace("22", "-22"), 7, "count of b\\n is no number", id="a negative count"),
        pytest.param(GOOD.replace("22", f"{10**15 + 1}"), 7, "count of b\\n is no number", id="more than there can be"),
        pytest.param(GOOD.replace("22", "2.5"), 7, "count of b\\n is no number", id="half a token"),
        pytest.param(GOOD.replace("22", "22.0"), 7, "count of b\\n is no number", id="a float"),
        pytest.param(GOOD.replace("22", "NaN"), 7, "count of b\\n is no number", id="no number"),
        pytest.param(GOOD.replace("333", "true"), 9, "count of raw\\xff is no number", id="true"),
        pytest.param(GOOD.replace("333", '"333"'), 9, "count of raw\\xff is no number", id="a text"),
        pytest.param(GOOD.replace("333", "null"), 9, "count of raw\\xff is no number", id="nothing for a count"),
        pytest.param(GOOD.replace("333", "[333]"), 9, "count of raw\\xff is no number", id="a list for a count"),
        pytest.param(
            text_of({"a": 1, "schema": 2}).replace("2,\n", "-2,\n"), 7, "count of schema is", id="of a file like a key"
        ),
        pytest.param(GOOD.replace(f'"{ID}"', "5"), 3, "does not say how it was counted", id="a number for encoding"),
        pytest.param(GOOD.replace('"encoding"', '"code"'), None, "does not say how it was", id="no encoding"),
        pytest.param(
            GOOD.replace("446a95", "other"), 3, "counted with another version of o200k_base", id="another vocabulary"
        ),
        pytest.param(GOOD.replace("replace-1", "replace-2"), 3, "another version of", id="another rule of decoding"),
    ],
)
def test_what_is_wrong_is_said(data: str | bytes, line: int | None, said: str) -> None:
    """Whatever is wrong, the message says what and on which line, and that a new one can be saved."""
    error = refusal(data)
    assert error.message.startswith(f"the baseline stored.json{f':{line}' if line else ''} cannot be used: ")
    assert said in error.message
    assert REMEDY in error.hint


def test_a_newer_version_wrote_it() -> None:
    """A schema of the future is no reason to save over it: an upgrade reads it."""
    error = refusal(GOOD.replace('"schema": 1', '"schema": 2'))
    assert error.message == "the baseline stored.json:2 cannot be used: it has schema 2, and this version knows 1"
    assert error.hint == "upgrade loopflow"


def test_another_encoding_names_the_way_out() -> None:
    """Counts of another encoding are never compared: the hint says how to count with that one."""
    error = refusal(GOOD.replace("o200k_base", "cl100k_base"))
    said = "it was counted with cl100k_base, and this run counts with o200k_base"
    assert error.message == f"the baseline stored.json:3 cannot be used: {said}"
    assert "--encoding cl100k_base" in error.hint


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("style", ["merge", "diff3"])
def test_a_conflict_is_said_to_be_one(style: str, ending: str) -> None:
    """Conflict markers are named with their line, and how to get rid of them, whatever else is wrong with the JSON."""
    base = ["||||||| 123abc", '"c":', "7,"] if style == "diff3" else []
    sides = ["<<<<<<< HEAD", '"b":', "5,", *base, "=======", '"d":', "6,", ">>>>>>> other"]
    lines = GOOD.split("\n")
    error = refusal(ending.join([*lines[:6], *sides, *lines[6:]]))
    assert error.message == "the baseline stored.json:7 cannot be used: it holds a merge conflict"
    assert error.hint == f"{REMEDY} writes a new one; then git add it"


def test_one_marker_is_enough() -> None:
    """A conflict that was resolved by halves is still one."""
    for marker in ("<<<<<<< HEAD", "=======", ">>>>>>> other", "||||||| base"):
        error = refusal(GOOD.replace('"b', f'{marker}\n"b'))
        assert error.message.startswith("the baseline stored.json:7 cannot be used: it holds a merge conflict")


@given(trees(), st.data())
def test_what_is_cut_short_is_never_believed(files: dict[str, int], choice: st.DataObject) -> None:
    """Cut off at any byte it is refused, but for a line end at the end that an editor may have taken."""
    text = text_of(files)
    at = choice.draw(st.integers(0, len(text) - 2))
    assert REMEDY in refusal(text[:at]).hint
    assert parse(text[:-1].encode(), "stored.json", ID).files == files


def test_it_is_not_believed_wherever_it_is_cut() -> None:
    """The same for every single byte of one."""
    text = text_of(HOSTILE)
    for at in range(len(text) - 1):
        refusal(text[:at])


@given(trees(1), st.data())
def test_a_line_that_is_gone_is_never_believed(files: dict[str, int], choice: st.DataObject) -> None:
    """With any one of its lines missing it is refused."""
    lines = text_of(files).splitlines()
    del lines[choice.draw(st.integers(0, len(lines) - 1))]
    refusal("\n".join(lines))


def test_names_in_errors_are_harmless() -> None:
    """Whatever the file is called and contains, what is said of it cannot act on a terminal."""
    for tokens in ("-1", '"x"'):
        for path in HOSTILE:
            data = text_of({path: 77}).replace("77", tokens).encode()
            with pytest.raises(BaselineError) as caught:
                parse(data, "a\x1b\n.json", ID)
            assert caught.value.message.startswith("the baseline a\\x1b\\n.json:5 cannot be used: ")
            assert caught.value.message.isprintable()
    other = refusal(GOOD.replace("o200k_base", "\\u001b[2J"))
    assert (other.message + other.hint).isprintable()


@given(st.binary(max_size=40) | st.text('{}[]"\\:,01e-\n schemafilnodg', max_size=40).map(str.encode))
def test_anything_else_is_refused(data: bytes) -> None:
    """Whatever stands in the file, it is a BaselineError, and nothing else is raised."""
    refusal(data)


# --- Branches ---

BASE = {"api/a.py": "one two three", "api/b.py": "one two", "api/c.py": "one", "docs/d.md": "one two three four"}


def save(repo: Repo) -> str:
    """Save the baseline of the files that are there, a word being a token, and return its text."""
    paths = [path for path in repo.tracked() if path != BASELINE_FILE]
    text = text_of({path: len((repo.root / path).read_text("utf-8").split()) for path in paths})
    repo.write(BASELINE_FILE, text)
    return text


def commit(repo: Repo, changes: Mapping[str, str]) -> None:
    """Commit changed files and the baseline that belongs to them."""
    repo.track(changes)
    save(repo)
    repo.track().commit()


def diverge(repo: Repo, ours: Mapping[str, str], theirs: Mapping[str, str]) -> Repo:
    """Make two branches, each with changes and a baseline of its own, and stand on the first one."""
    commit(repo, BASE)
    repo.git("branch", "theirs")
    commit(repo, ours)
    repo.git("switch", "--quiet", "theirs")
    commit(repo, theirs)
    repo.git("switch", "--quiet", "main")
    return repo


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param({"api/a.py": "one " * 9}, {"api/b.py": "two " * 8}, id="neighbours"),
        pytest.param({"api/b.py": "one " * 9}, {"api/a.py": "two " * 8, "api/c.py": ""}, id="one between two"),
        pytest.param({"docs/d.md": "one " * 9}, {"api/c.py": "two " * 8}, id="the last one"),
        pytest.param(
            {"api/a.py": "one " * 9, "docs/d.md": "one"}, {"api/b.py": "two " * 8, "api/c.py": "six " * 7}, id="all"
        ),
        pytest.param({"api/a.py": "one " * 9}, {"new": "two " * 8}, id="a change, and a new file elsewhere"),
        pytest.param({"a": "one"}, {"z": "two"}, id="two new files, far apart"),
        pytest.param({"api/a.py": "one " * 9}, {"api/a.py": "one " * 9}, id="the same change"),
    ],
)
def test_branches_merge(repo: Repo, ours: dict[str, str], theirs: dict[str, str]) -> None:
    """Branches that change different files, each with its new baseline, merge into the baseline of the merged files."""
    diverge(repo, ours, theirs).git("merge", "--quiet", "--no-edit", "theirs")
    merged = (repo.root / BASELINE_FILE).read_text("utf-8")
    assert merged == save(repo)
    files = BASE | ours | theirs
    assert parse(merged.encode(), "x", ID).files == {path: len(text.split()) for path, text in files.items()}


def test_a_rebase_is_a_merge(repo: Repo) -> None:
    """The same holds for branches that are put on top of each other."""
    diverge(repo, {"api/a.py": "one " * 9}, {"api/b.py": "two " * 8}).git("rebase", "--quiet", "theirs")
    assert (repo.root / BASELINE_FILE).read_text("utf-8") == save(repo)


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_two_additions_at_one_place_conflict(repo: Repo, style: str) -> None:
    """Two new files between the same two others do conflict; the error says where, and saving again is the way out."""
    diverge(repo, {"api/bb.py": "one " * 9}, {"api/bc.py": "two " * 8})
    with pytest.raises(AssertionError, match="failed"):
        repo.git("-c", f"merge.conflictStyle={style}", "merge", "--quiet", "theirs")
    data = (repo.root / BASELINE_FILE).read_bytes()
    line = data.split(b"\n").index(b"<<<<<<< HEAD") + 1
    with pytest.raises(BaselineError) as caught:
        parse(data, BASELINE_FILE, ID)
    assert caught.value.message == f"the baseline {BASELINE_FILE}:{line} cannot be used: it holds a merge conflict"
    assert REMEDY in caught.value.hint
    save(repo)
    repo.track().commit()
    merged = parse((repo.root / BASELINE_FILE).read_bytes(), BASELINE_FILE, ID)
    assert merged.files.items() >= {"api/bb.py": 9, "api/bc.py": 8}.items()


def merge_texts(directory: Path, ours: str, base: str, theirs: str) -> str:
    """Merge as git does. Raises CalledProcessError for a conflict."""
    for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
        (directory / name).write_text(text, "ascii")
    command = ["git", "merge-file", "-p", "ours", "base", "theirs"]
    return subprocess.run(command, cwd=directory, check=True, capture_output=True).stdout.decode()


def test_changes_of_different_files_always_merge(tmp_path: Path) -> None:
    """Whichever counts two branches change, as long as no file is changed by both, git merges them."""

    @settings(max_examples=60)
    @given(
        base=st.dictionaries(names(), st.integers(0, 3), min_size=2, max_size=12),
        change=st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=12, max_size=12),
    )
    def check(base: dict[str, int], change: list[tuple[bool, int]]) -> None:
        ours, theirs = dict(base), dict(base)
        for path, (is_ours, tokens) in zip(base, change, strict=False):
            (ours if is_ours else theirs)[path] = tokens
        merged = {path: ours[path] if ours[path] != base[path] else theirs[path] for path in base}
        assert merge_texts(tmp_path, text_of(ours), text_of(base), text_of(theirs)) == text_of(merged)

    check()
