"""The README works to the letter: its commands are run as they stand, in a shell that has nothing else."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.builder import GIT_ENVIRONMENT, Repo

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
# What pip has to be told where packages come from is of the machine.
_OF_PIP = ("PIP_", "SSL_", "REQUESTS_CA", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")


def section(title: str) -> list[str]:
    """Return the blocks of shell in a section."""
    [text] = re.findall(rf"^## {title}\n(.*?)(?=^## )", README, re.DOTALL | re.MULTILINE)
    return re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def run_shell(script: str, here: Path, home: Path, path: str) -> subprocess.CompletedProcess[str]:
    """Run lines in a shell that knows where programs are, and stop at the first that fails."""
    of_pip = {name: value for name, value in os.environ.items() if name.startswith(_OF_PIP)}
    env = {**of_pip, **GIT_ENVIRONMENT, "PATH": path, "HOME": str(home)}
    return subprocess.run(
        ["bash", "-euo", "pipefail"], input=script, cwd=here, env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.install
def test_the_first_commands_install_and_the_next_ones_work_anywhere(tmp_path: Path, repo: Repo) -> None:
    """From a clean clone in a path with a blank; then each line in a repository of somebody else's."""
    clone = tmp_path / "a clone"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    programs = os.pathsep.join(
        place for place in os.environ["PATH"].split(os.pathsep) if not Path(place).is_relative_to(ROOT)
    )
    install, use = section("Install and run")
    done = run_shell(install, clone, tmp_path, programs)
    assert done.returncode == 0, done.stderr
    assert "By directory" in done.stdout
    repo.track({"src/a.py": "x = 1\n" * 400, "docs/guide.md": "# Guide\n", "tests/test_a.py": "y = 2\n"}).commit()
    for line in use.splitlines():
        if line and not line.startswith("#"):
            ran = run_shell(line, repo.root, tmp_path, f"{clone}/.venv/bin{os.pathsep}{programs}")
            assert ran.returncode == 0, (line, ran.stderr)
            assert "warning" not in ran.stderr, (line, ran.stderr)
    assert shutil.which("code-context", path=f"{clone}/.venv/bin")
