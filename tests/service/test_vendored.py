"""The editor of the page is built from pinned packages, and nobody changed it by hand."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "loopflow" / "service" / "page" / "vendor"


def test_the_bundle_has_its_digest() -> None:
    digest, name = (VENDOR / "SHA256SUMS").read_text().split()
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


def test_every_package_of_it_has_its_licence() -> None:
    licences = (VENDOR / "LICENSES.txt").read_text()
    for name in (
        "@codemirror/autocomplete",
        "@codemirror/view",
        "@codemirror/state",
        "crelt",
        "style-mod",
        "w3c-keyname",
    ):
        assert f"\n{name} " in licences
    assert licences.count("Permission is hereby granted") == licences.count("-" * 80)


@pytest.mark.install
def test_the_script_builds_it_byte_for_byte() -> None:
    if shutil.which("npm") is None:
        if os.environ.get("CI"):
            pytest.fail("npm is not installed")
        pytest.skip("npm is not installed")
    script = ROOT / "tools" / "vendor_codemirror.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], check=False, capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, "")
