"""One repository of everything that a name, an index entry or what lies on disk can do, as far as it can coexist."""

import os
import socket
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

from tests.support.builder import Repo, write_files
from tests.support.plumbing import Cost, cost_of_tree

NAMES = (
    b"new\nline.py",
    b"trailing newline\n",
    b"tab\t.py",
    b"carriage\rreturn",
    b'quote".py',
    b"back\\slash.py",
    b"-rf",
    b"--include=x",
    b" space ",
    b"$(touch x).py",
    b"`x`; touch y #",
    b"\x1b[31mred.py",
    b"\xff\xfe.py",
    b"latin-\xe9.py",
    b"surrogate-\xed\xb3\xbf.py",
    "\u202egpj.py".encode(),
    "caf\u0065\u0301.py".encode(),
    "\u2028\u0085".encode(),
    b":(glob)x.py",
    b"*",
    b"[ab].py",
    b"!not.py",
    b"#comment.py",
    b"a,b.py",
    b"=1+1.csv",
    b"[red]x[/red].py",
    b"<img src=x onerror=alert(1)>.py",
    b"a|b`c`.md",
    b"::error::x",
    b"constructor",
    "\U0001f600.py".encode(),  # before \xff by its bytes, behind it as text
    b"Foo.py",
    b"foo.py",
    b"deep/" + b"d" * 255 + b"/file.py",
)
"""Names that a disk can hold."""

TOO_LONG = (b"l" * 4000, b"/".join([b"d" * 200] * 19), b"a/" * 1999 + b"f", b"\xff" * 300, b"n\n" * 1000)
"""Names that only an index, or a commit, can hold."""

_ATTRIBUTES = "*.bat text eol=crlf\n*.wide text working-tree-encoding=UTF-16\n"
_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0000\nsize 9\n"
_CONFIG = '[budget]\ntotal = "1M"\ngrowth = "1M"\n'


@dataclass(frozen=True, slots=True)
class Hostile:
    """The repository, and what it holds: on disk, in the index, in its commit."""

    repo: Repo
    texts: dict[str, str]
    skipped: dict[str, str]
    index: Cost
    head: Cost


def as_text(name: bytes) -> str:
    """Return a name as the project carries it."""
    return name.decode("utf-8", "surrogateescape")


def make_hostile(directory: Path) -> Hostile:
    """Make the repository below `directory`, and beside it what links should not lead to."""
    write_files(directory / "outside", {"secret.py": "secret", "deep/file.py": "secret"})
    repo = Repo(directory / "repo")
    texts = {as_text(name): name.hex() for name in NAMES}
    texts |= {".gitattributes": _ATTRIBUTES, "loopflow.toml": _CONFIG}
    repo.track({**texts, "logo.png": b"\x89PNG\0"})
    skipped = {"logo.png": "binary"}
    _track_what_will_change(repo)
    for name in TOO_LONG:
        repo.add_index_entry(name, b"text of a name that is too long")
        skipped[as_text(name)] = "missing"
    repo.commit()
    _stage(repo, texts)
    _link(repo, skipped)
    _replace(repo, texts, skipped)
    _hide(repo, texts, skipped)
    _convert(repo, texts, skipped)
    repo.write("nested/inside.py", "of another repository")
    Repo(repo.root / "nested")
    index = cost_of_tree(repo.root, repo.git("write-tree").decode().strip())
    return Hostile(repo, texts, skipped, index, cost_of_tree(repo.root, "HEAD"))


def _track_what_will_change(repo: Repo) -> None:
    kinds = ("pipe", "socket", "folder", "gone", "link", "moved/deep/file", "hidden", "hidden-gone", "assumed")
    repo.track({f"was/{kind}.py": f"{kind} = 1\n" for kind in (*kinds, "assumed-gone")})
    repo.track({"was/edited.py": "edited = 1\n"})
    for name, target in {
        "link/file": "../../outside/secret.py",
        "link/directory": "../../outside",
        "link/self": "self",
        "link/broken": "nowhere",
        "link/round": ".",
        "link/now-a-file": "../../outside/secret.py",
    }.items():
        repo.link(name, target)
    repo.track()
    for path in ("vendor/lib", "vendor/missing", "vendor/now-a-file"):  # no commit, but git does not look
        repo.add_index_entry(path, mode="160000")
    (repo.root / "vendor/lib").mkdir(parents=True)


def _stage(repo: Repo, texts: dict[str, str]) -> None:
    """Let the index differ from the commit, and from the disk; an intended file is on disk only."""
    repo.write("was/edited.py", "edited = 'staged'\n")
    repo.git("add", "was/edited.py")
    repo.write("was/edited.py", "edited = 'on disk'\n")
    repo.write("intended\n.py", "intended = 1\n")
    repo.git("add", "--intent-to-add", "intended\n.py")
    texts |= {"was/edited.py": "edited = 'on disk'\n", "intended\n.py": "intended = 1\n"}


def _link(repo: Repo, skipped: dict[str, str]) -> None:
    """Put links where files and directories were; those that are tracked are there already."""
    skipped |= {f"link/{name}": "symlink" for name in ("file", "directory", "self", "broken", "round")}
    _remove(repo, "was/link.py").symlink_to("../../outside/secret.py")
    skipped["was/link.py"] = "symlink"
    (repo.root / "was/moved").rename(repo.root.parent / "moved")
    (repo.root / "was/moved").symlink_to("../../outside")
    skipped["was/moved/deep/file.py"] = "symlink"


def _replace(repo: Repo, texts: dict[str, str], skipped: dict[str, str]) -> None:
    """Put what is no file where files were, and files where there was none."""
    os.mkfifo(_remove(repo, "was/pipe.py"))
    with chdir(_remove(repo, "was/socket.py").parent), socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.py")
    write_files(_remove(repo, "was/folder.py"), {"inside.py": "not tracked"})
    _remove(repo, "was/gone.py")
    skipped |= {f"was/{kind}.py": "special" for kind in ("pipe", "socket", "folder")} | {"was/gone.py": "missing"}
    _remove(repo, "link/now-a-file").write_text("a file, whatever the index says\n")
    (repo.root / "vendor/now-a-file").write_text("a file, whatever the index says\n")
    texts |= dict.fromkeys(("link/now-a-file", "vendor/now-a-file"), "a file, whatever the index says\n")
    skipped |= {"vendor/lib": "submodule", "vendor/missing": "submodule"}


def _hide(repo: Repo, texts: dict[str, str], skipped: dict[str, str]) -> None:
    """Tell git not to look at files, and change them."""
    for flag, name in (("--skip-worktree", "hidden"), ("--assume-unchanged", "assumed")):
        repo.git("update-index", flag, f"was/{name}.py", f"was/{name}-gone.py")
        repo.write(f"was/{name}.py", f"{name} = 'changed where git does not look'\n")
        texts[f"was/{name}.py"] = f"{name} = 'changed where git does not look'\n"
        _remove(repo, f"was/{name}-gone.py")
        skipped[f"was/{name}-gone.py"] = "missing"


def _convert(repo: Repo, texts: dict[str, str], skipped: dict[str, str]) -> None:
    """Track files that are one thing on disk and another one in git."""
    repo.write("on/disk.bat", "one\r\ntwo\r\n")
    repo.write("on/disk.wide", "wide text\n".encode("utf-16"))
    repo.git("add", "on")
    repo.add_index_entry("on/disk.lfs", _POINTER)
    repo.write("on/disk.lfs", "the large file itself\n")
    texts |= {"on/disk.bat": "one\r\ntwo\r\n", "on/disk.lfs": "the large file itself\n"}
    skipped["on/disk.wide"] = "binary"


def _remove(repo: Repo, path: str) -> Path:
    (repo.root / path).unlink()
    return repo.root / path
