"""References to files: what may be read and what not, and that each is read as it is."""

import os
import socket
import time
from pathlib import Path

import pytest

from loopflow.service.errors import (
    BadReference,
    BinaryReference,
    ChangedReference,
    ForbiddenReference,
    MissingReference,
    ReferenceTooLarge,
    ReferenceTrouble,
)
from loopflow.service.files import Reading, list_directory, stamp_all
from loopflow.service.places import FileRules, Place, locate
from loopflow.tokens import count, create_counter
from tests.support.builder import Repo

TEXT = "".join(f"line {number}\n" for number in range(1, 101))


@pytest.fixture
def rules(repo: Repo) -> FileRules:
    """Return what lets a repository be read in which something of everything lies, with secrets outside of it."""
    repo.write("a.py", TEXT)
    repo.write("sub/b.txt", "b\n")
    repo.write("sub/.env.local", "SECRET=1\n")
    repo.write("key.PEM", "-----\n")
    repo.write("id_rsa", "-----\n")
    repo.write("picture", b"\0\1\2")
    repo.link("out", "/etc/passwd")
    repo.link("away", "/etc")
    repo.link("inner", "a.py")
    repo.link("sub/loop", ".")
    os.mkfifo(repo.root / "pipe")
    (repo.root.parent / "secret").write_text("secret\n")
    (repo.root.parent / "repo2").mkdir()
    (repo.root.parent / "repo2/c").write_text("c\n")
    return FileRules((str(repo.root),))


def read(target: str, rules: FileRules) -> str:
    """Return what a target holds."""
    place = locate(target, rules)
    [state] = stamp_all([place])
    if isinstance(state, ReferenceTrouble):
        raise state
    with Reading(place, rules) as reading:
        return reading.read().text


@pytest.mark.parametrize(
    "target",
    [
        *("../secret", "sub/../../secret", "/etc/passwd", "/etc/../etc/passwd", "..", "sub/../a.py", "/"),
        *("out", "away/passwd", "inner", "sub/loop/b.txt", "sub/loop"),
        *("pipe", "/dev/zero", "/proc/self/environ", "socket"),
        *(
            ".git/config",
            ".GIT/config",
            "sub/.env.local",
            "key.PEM",
            "id_rsa",
            "ID_RSA",
            "sub/.ENV",
            ".git",
            "./.git/HEAD",
        ),
        *("~/x/../..", "\uff0e\uff0e/secret/../.."),
    ],
)
def test_forbidden(target: str, rules: FileRules) -> None:
    """Outside of the roots, through a link, what is no regular file, and what is denied in any case of letters."""
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.getcwd()
        os.chdir(rules.roots[0])  # the path of a socket is short
        listening.bind("socket")
        os.chdir(here)
        with pytest.raises(ForbiddenReference):
            read(target, rules)


def test_outside_of_the_roots_nothing_shows_whether_it_is_there(rules: FileRules) -> None:
    """What is there and what is not have one answer, but for the name."""
    messages = set()
    for name in ("secret", "nothing"):
        for target in (f"../{name}", str(Path(rules.roots[0]).parent / name)):
            with pytest.raises(ForbiddenReference) as found:
                read(target, rules)
            messages.add(found.value.message.replace(target, ""))
    assert len(messages) == 1


def test_a_directory_beside_a_root_is_not_below_it(rules: FileRules) -> None:
    """Though its path begins with the root's."""
    with pytest.raises(ForbiddenReference):
        read(f"{rules.roots[0]}2/c", rules)


@pytest.mark.parametrize(
    ("target", "error"),
    [
        *(("missing", MissingReference), ("a.py/x", MissingReference), ("x" * 300, MissingReference)),
        *(("a\0b", BadReference), ("#L3", BadReference), ("a.py#L9-L3", BadReference)),
        *(("picture", BinaryReference), ("picture#L1", BinaryReference)),
        *(("a.py#L102", MissingReference), ("a.py#L500-L600", MissingReference)),
    ],
)
def test_what_is_wrong_with_others(target: str, error: type[ReferenceTrouble], rules: FileRules) -> None:
    """Each has its error."""
    with pytest.raises(error):
        read(target, rules)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        *(("a.py", TEXT), ("./sub//b.txt", "b\n"), ("a.py#L1", "line 1\n"), ("a.py#L99-L100", "line 99\nline 100\n")),
        *(("a.py#L100-L900", "line 100\n"), ("a.py#L2-3", "line 2\nline 3\n"), ("a.py#L1-L100", TEXT)),
    ],
)
def test_what_is_read(target: str, text: str, rules: FileRules) -> None:
    """A file, or lines of it."""
    assert read(target, rules) == text
    assert read(f"{rules.roots[0]}/{target}", rules) == text


def test_lines_across_reads(rules: FileRules) -> None:
    """A line that begins in one read and ends in another is whole, and lines before are counted right."""
    lines = [f"{number} " + "x" * 70_000 for number in range(1, 21)]
    (Path(rules.roots[0]) / "long").write_text("\n".join(lines))
    for number in (1, 4, 8, 13, 20):
        assert read(f"long#L{number}", rules) == lines[number - 1] + ("\n" if number < 20 else "")


def test_without_a_root_nothing_is_read() -> None:
    """The hint says how."""
    with pytest.raises(ForbiddenReference, match="no file may be read"):
        locate("a", FileRules(()))


def test_deny_any_case(repo: Repo) -> None:
    """Lines of the config add to what is denied, `!` lifts one; names are compared without case and composition."""
    deny = (*FileRules().deny, "sec\u0301ret/", "!*.pem")
    repo.write("key.pem", "fine\n")
    repo.write("S\u0115\u0301CRET/a", "a\n")
    repo.write("SE\u0301CRET/a", "a\n")
    repo.write("S\u00c9CRET.d/a", "a\n")
    rules = FileRules((str(repo.root),), (*FileRules().deny, "s\u00e9cret/", "!*.pem"))
    assert deny
    assert read("key.pem", rules) == "fine\n"
    assert read("S\u00c9CRET.d/a", rules) == "a\n"
    with pytest.raises(ForbiddenReference):
        read("SE\u0301CRET/a", rules)


def test_a_directory_has_what_code_context_selects(repo: Repo, rules: FileRules) -> None:
    """Tracked files below it; denied ones are left out though tracked."""
    repo.git("add", "-A", "--force", ":!pipe")
    repo.write("sub/untracked", "u\n")
    assert [place.path for place in list_directory(Place(rules.roots[0], "sub"), rules)] == ["sub/b.txt", "sub/loop"]


def test_a_directory_without_git_is_forbidden(tmp_path: Path) -> None:
    """Nothing says what of it is meant."""
    (tmp_path / "d").mkdir()
    with pytest.raises(ForbiddenReference):
        list_directory(Place(str(tmp_path), "d"), FileRules((str(tmp_path),)))


def test_a_file_that_changes_meanwhile(rules: FileRules) -> None:
    """It is not taken for either of its states."""
    with Reading(locate("a.py", rules), rules) as reading:
        with (Path(rules.roots[0]) / "a.py").open("a") as file:
            file.write("more\n")
        with pytest.raises(ChangedReference):
            reading.read()


def test_a_file_that_is_replaced_by_a_link_meanwhile(rules: FileRules) -> None:
    """What was looked at and what is opened are not one: opening refuses by itself."""
    place = locate("a.py", rules)
    assert not isinstance(stamp_all([place])[0], ReferenceTrouble)
    path = Path(rules.roots[0]) / "a.py"
    path.unlink()
    path.symlink_to("/etc/passwd")
    with pytest.raises(ForbiddenReference):
        Reading(place, rules)


def test_a_file_is_streamed_exactly(repo: Repo) -> None:
    """Above 8 MB, in both encodings at once, and characters are not cut."""
    text = "".join(f"caf\u00e9 {number} \U0001f600\n" for number in range(500_000))
    repo.write("big", text)
    rules = FileRules((str(repo.root),))
    with Reading(locate("big", rules), rules) as reading:
        assert reading.is_large
        large = reading.stream([create_counter("o200k_base"), create_counter("cl100k_base")])
    assert large.tokens == {name: count(text, name) for name in ("o200k_base", "cl100k_base")}
    assert (large.streamed.characters, large.streamed.lossy) == (len(text), False)


def test_a_larger_file_than_allowed(repo: Repo) -> None:
    """Its lines may still be named."""
    repo.write("a", "12345\n" * 10)
    rules = FileRules((str(repo.root),), most=59)
    with pytest.raises(ReferenceTooLarge):
        read("a", rules)


def test_only_an_old_state_tells_of_the_content(repo: Repo) -> None:
    """A change within the same tick of the clock would not show."""
    path = repo.write("a", "1\n")
    rules = FileRules((str(repo.root),))
    with Reading(locate("a", rules), rules) as reading:
        assert reading.read().stamp is None
    os.utime(path, (time.time() - 9, time.time() - 9))
    with Reading(locate("a", rules), rules) as reading:  # its ctime is new all the same
        assert reading.read().stamp is None
