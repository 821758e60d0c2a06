"""Real repositories for tests: one builder, with fixed author, dates and configuration."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

GIT_ENVIRONMENT = {
    "GIT_AUTHOR_DATE": "2024-01-01T00:00:00Z",
    "GIT_AUTHOR_EMAIL": "author@example.invalid",
    "GIT_AUTHOR_NAME": "Author",
    "GIT_COMMITTER_DATE": "2024-01-01T00:00:00Z",
    "GIT_COMMITTER_EMAIL": "author@example.invalid",
    "GIT_COMMITTER_NAME": "Author",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C.UTF-8",
}


class Repo:
    """A git repository below a temporary directory."""

    def __init__(self, root: Path, *, init: tuple[str, ...] = ()) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", *init)

    def git(self, *arguments: str | bytes, data: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
        """Run git in the repository and return its output."""
        command = ["git", *arguments]
        environment = {**os.environ, **(env or {})}
        done = subprocess.run(command, cwd=self.root, input=data, capture_output=True, check=False, env=environment)
        if done.returncode:
            raise AssertionError(f"{command} failed: {done.stderr!r}")
        return done.stdout

    def write(self, path: str | bytes, content: str | bytes = "") -> Path:
        """Write a file, with its directories, and return its path."""
        target = Path(os.fsdecode(os.path.join(os.fsencode(self.root), os.fsencode(path))))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return target

    def link(self, path: str, target: str) -> Path:
        """Make a symbolic link."""
        link = self.root / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
        return link

    def track(self, files: Mapping[str, str | bytes] | None = None) -> "Repo":
        """Write `files` and add everything to the index, ignored or not."""
        for path, content in (files or {}).items():
            self.write(path, content)
        self.git("add", "--all", "--force", ".")
        return self

    def commit(self, message: str = "work") -> str:
        """Commit what is staged and return the commit's id."""
        self.git("commit", "--quiet", "--allow-empty", "--no-verify", f"--message={message}")
        return self.git("rev-parse", "HEAD").decode().strip()

    def add_index_entry(self, path: str | bytes, content: bytes = b"", mode: str = "100644") -> str:
        """Put an entry into the index that need not exist on disk; any name that git accepts."""
        blob = self.git("hash-object", "-w", "--stdin", data=content).decode().strip()
        record = f"{mode} {blob}\t".encode() + (path if isinstance(path, bytes) else path.encode()) + b"\0"
        self.git("update-index", "-z", "--index-info", data=record)
        return blob

    def tracked(self) -> list[str]:
        """Return the tracked paths as git lists them."""
        output = self.git("ls-files", "-z")
        return [raw.decode("utf-8", "surrogateescape") for raw in output.split(b"\0")[:-1]]


def write_files(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write `files` below `root`, a plain directory that is made if need be, and return it."""
    root.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root
