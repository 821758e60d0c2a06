"""Download pinned wheels and make a repository of each.

Usage: python benchmarks/functions/fetch.py DIRECTORY
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

WHEELS = (
    "attrs==26.1.0",
    "click==8.5.1",
    "Django==5.2.19",
    "fastapi==0.165.0",
    "httpx==0.28.1",
    "requests==2.34.2",
    "rich==15.0.0",
    "sympy==1.14.0",
)


def main() -> None:
    """Fetch all."""
    root = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as wheels:
        for wheel in WHEELS:
            arguments = ["-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", wheels, wheel]
            subprocess.run([sys.executable, *arguments], check=True)
        for file in Path(wheels).glob("*.whl"):
            package = root / file.name.partition("-")[0].lower()
            package.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(file) as archive:
                archive.extractall(package, [name for name in archive.namelist() if ".dist-info/" not in name])
            subprocess.run(["git", "init", "-q", str(package)], check=True)
            subprocess.run(["git", "-C", str(package), "add", "-A"], check=True)


if __name__ == "__main__":
    main()
