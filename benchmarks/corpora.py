"""The repositories that are measured, made by recipe below a named directory: once, but for this project itself."""

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

FASTAPI = "fastapi==0.165.0"
DJANGO = "django==5.2.1"
IDENTITY = ("-c", "user.name=corpus", "-c", "user.email=corpus@example.invalid")
HERE = Path(__file__).resolve().parent


def make(name: str, below: Path) -> Path:
    """Return the directory of the corpus `name`: "project", "fastapi", "django" or "linux"."""
    directory = below / name
    if name == "project":  # it changes: an older clone would be measured under today's name
        shutil.rmtree(directory, ignore_errors=True)
    if not (directory / ".git").exists():
        directory.mkdir(parents=True, exist_ok=True)
        {"project": _project, "fastapi": _fastapi, "django": _django, "linux": _linux}[name](directory)
    return directory


def _project(directory: Path) -> None:
    run(["git", "clone", "-q", "--no-hardlinks", str(HERE.parent), str(directory)])


def _fastapi(directory: Path) -> None:
    make_sdist(FASTAPI, directory)


def _django(directory: Path) -> None:
    make_sdist(DJANGO, directory)


def make_sdist(requirement: str, directory: Path) -> None:
    """Make the source distribution that `requirement` pins a repository at `directory`. Nothing of it is run."""
    name, _, version = requirement.partition("==")
    page = f"https://pypi.org/simple/{name}/"
    with urllib.request.urlopen(page) as answer:
        links = re.findall(r'href="([^"#]+)#sha256=([0-9a-f]{64})"', answer.read().decode())
    link, digest = next(found for found in links if found[0].endswith(f"-{version}.tar.gz"))
    with urllib.request.urlopen(urllib.parse.urljoin(page, link)) as answer:  # noqa: S310
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != digest:
        raise SystemExit(f"{link} is not what the index says")
    with tempfile.TemporaryDirectory() as downloads:
        archive = Path(downloads, "sdist.tar.gz")
        archive.write_bytes(data)
        unpack(archive, directory)
    commit(directory)


def make_commit(repository: str, commit: str, directory: Path) -> None:
    """Make a commit of a repository on GitHub the one at `directory`."""
    run(["git", "init", "-q"], cwd=directory)
    run(["git", "fetch", "-q", "--depth", "1", f"https://github.com/{repository}", commit], cwd=directory)
    run(["git", "checkout", "-q", "FETCH_HEAD"], cwd=directory)


def _linux(directory: Path) -> None:
    """Unpack Debian's Linux 6.1 source: about 1.3 GB, 78,000 files. Needs apt-get and dpkg."""
    with tempfile.TemporaryDirectory() as downloads:
        run(["apt-get", "update", "-qq"])
        run(["apt-get", "download", "-qq", "linux-source-6.1"], cwd=downloads)
        [package] = Path(downloads).glob("linux-source-6.1_*.deb")
        run(["dpkg", "-x", str(package), f"{downloads}/unpacked"])
        unpack(Path(downloads, "unpacked/usr/src/linux-source-6.1.tar.xz"), directory)
    # Debian's last rule ignores the whole top level, which no kernel checkout has.
    ignore = directory / ".gitignore"
    ignore.write_text(ignore.read_text().partition("# Debian packaging")[0])
    commit(directory)


def unpack(archive: Path, directory: Path) -> None:
    """Put what `archive` holds in its one directory at `directory`."""
    with tempfile.TemporaryDirectory(dir=directory.parent) as temporary:
        with tarfile.open(archive) as tar:
            tar.extractall(temporary, filter=_as_mine)  # noqa: S202  the filter is the one for tar archives
        [top] = Path(temporary).iterdir()
        shutil.rmtree(directory)
        top.rename(directory)


def _as_mine(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
    # git refuses a repository of somebody else, and root would unpack it as theirs.
    return tarfile.tar_filter(member, path).replace(uid=os.getuid(), gid=os.getgid(), uname="", gname="", deep=False)


def commit(directory: Path) -> None:
    """Make `directory` a repository of all that lies in it."""
    run(["git", "init", "-q"], cwd=directory)
    run(["git", "add", "-A", "-f", "."], cwd=directory)
    run(["git", *IDENTITY, "commit", "-qm", "source"], cwd=directory)


def run(command: list[str], cwd: str | Path | None = None) -> None:
    """Run a command to its end, and stop if it fails."""
    subprocess.run(command, cwd=cwd, check=True)
