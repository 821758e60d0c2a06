"""Build the editor of the live page from pinned packages of npm: the same bytes each time.

`python tools/vendor_codemirror.py` writes `codemirror.js`, its licences and its digest into
`loopflow/service/page/vendor/`; `--check` builds and compares instead. It wants `npm`; nothing that a package would
like to run at its installation is run.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "codemirror"
VENDOR = HERE.parent / "loopflow" / "service" / "page" / "vendor"
BUNDLE, LICENCES, DIGEST = "codemirror.js", "LICENSES.txt", "SHA256SUMS"
_ESBUILD = (
    *("entry.js", "--bundle", "--minify", "--format=esm", "--target=es2022", "--charset=ascii"),
    *("--legal-comments=none", "--log-level=warning", f"--outfile={BUNDLE}"),
)


def build() -> dict[str, bytes]:
    """Return the files by name."""
    with tempfile.TemporaryDirectory() as directory:
        there = Path(shutil.copytree(SOURCE, Path(directory, "source")))
        _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], there)
        _run([str(there / "node_modules" / ".bin" / "esbuild"), *_ESBUILD], there)
        bundle = (there / BUNDLE).read_bytes()
        licences = _licences(there)
    sums = f"{hashlib.sha256(bundle).hexdigest()}  {BUNDLE}\n".encode()
    return {BUNDLE: bundle, LICENCES: licences, DIGEST: sums}


def _run(command: list[str], there: Path) -> None:
    subprocess.run(command, cwd=there, check=True)


def _licences(there: Path) -> bytes:
    """Return the licence of each package that is in the bundle, as it came with it."""
    lock = json.loads((there / "package-lock.json").read_text(encoding="utf-8"))
    texts = ["codemirror.js is built from these packages; tools/vendor_codemirror.py does it.\n"]
    for path, package in sorted(lock["packages"].items()):
        if path and not package.get("dev") and not package.get("optional"):
            name = path.removeprefix("node_modules/")
            text = (there / path / "LICENSE").read_text(encoding="utf-8").strip()
            texts.append(f"\n{'-' * 80}\n{name} {package['version']} ({package['license']})\n\n{text}\n")
    return "".join(texts).encode()


def main(arguments: list[str]) -> int:
    """Build, and write or compare."""
    made = build()
    if arguments == ["--check"]:
        others = [name for name, data in made.items() if (VENDOR / name).read_bytes() != data]
        for name in others:
            sys.stderr.write(f"{name} is not what the pinned packages give: run tools/vendor_codemirror.py\n")
        return 1 if others else 0
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, data in made.items():
        (VENDOR / name).write_bytes(data)
        sys.stdout.write(f"{name}: {len(data):,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
