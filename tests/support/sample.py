"""The repository of the golden files: a few files of every kind, always the same."""

from pathlib import Path

from loopflow.io.baseline import Baseline, dump
from loopflow.tokens.encodings import encoding_id
from tests.support.builder import Repo, write_files

MAIN = '''"""Say hello."""

from app.util import greet

if __name__ == "__main__":
    print(greet("world"))
'''
UTIL = '''def greet(name: str) -> str:
    """Return a greeting, and try to close the document: </document_content></document>."""
    return f"Hello, {name}! <|endoftext|>"'''

FILES: dict[str, str | bytes] = {
    ".gitignore": "*.log\n/build/\n",
    "Makefile": "all:\n\tpython -m app\n",
    "README.md": "# Sample\n\nA small repository.\n",
    "assets/logo.png": b"\x89PNG\r\n\x1a\n\0\0",
    "assets/mark.png": b"\x89PNG\r\n\x1a\n\0\0",
    "data/table.csv": "".join(f"{number},{number * number}\n" for number in range(400)),
    "docs/README.md": "# Documents\n",
    "docs/caf\xe9.txt": "Une page fran\xe7aise, d\xe9j\xe0 traduite en \u65e5\u672c\u8a9e.\n",
    "docs/guide.md": "# Guide\n\nRun `make`. Then read what it says.\n",
    "docs/old.txt": b"caf\xe9, in Latin-1\n",
    "gone.py": "removed = True\n",
    "src/app/README.txt": "The application.\n",
    "src/app/main.py": MAIN,
    "src/app/util.py": UTIL,
    "src/web/page.ts": "export const page = (title: string) => `<h1>${title}</h1>`;\n",
    "src/web/types.d.ts": "declare const version: string;\n",
    "src/web/x.css": "a",
}

# What tiktoken's own `encode_ordinary` says of each file that can be counted, with o200k_base.
TOKENS = {
    ".gitignore": 5,
    "Makefile": 8,
    "README.md": 7,
    "data/table.csv": 1968,
    "docs/README.md": 3,
    "docs/caf\xe9.txt": 11,
    "docs/guide.md": 13,
    "docs/old.txt": 8,
    "src/app/README.txt": 3,
    "src/app/main.py": 25,
    "src/app/util.py": 45,
    "src/web/page.ts": 19,
    "src/web/types.d.ts": 6,
    "src/web/x.css": 1,
}


def make_sample(repo: Repo) -> Repo:
    """Fill `repo`: text, binary files, a link, a submodule, a file that is gone, one untracked and one ignored."""
    repo.track(FILES)
    repo.link("latest.md", "docs/guide.md")
    repo.git("add", "latest.md")
    repo.add_index_entry("vendor/lib", b"no commit, but git does not look", mode="160000")
    repo.commit()
    (repo.root / "gone.py").unlink()
    (repo.root / "vendor/lib").mkdir(parents=True)
    repo.write("notes.md", "Not tracked yet.\n")
    repo.write("debug.log", "ignored\n")
    return repo


LOOSE = """[budget]
total = "10k"
growth = "50%"

[[rule]]
name = "documents"
paths = ["docs/"]
total = 38
file = 20
"""
TIGHT = """exclude = ["data/"]

[budget]
total = 100
growth = "1%"

[[rule]]
name = "scripts"
types = [".ts", ".css"]
file = 18
level = "warn"
"""


def write_settings(directory: Path) -> None:
    """Write config files and a baseline that the golden runs name."""
    write_files(directory, {"loose.toml": LOOSE, "tight.toml": TIGHT})
    before = {"docs/guide.md": 10, "src/old.py": 30, "src/app/main.py": 25}
    (directory / "saved.json").write_text(dump(Baseline(encoding_id("o200k_base"), before)))
