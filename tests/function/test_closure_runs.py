"""Closures of real packages: functions that are run from theirs alone give the same, or the closure says why not."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks/functions"


def load(name: str) -> ModuleType:
    """Return a script of the benchmark as a module."""
    spec = importlib.util.spec_from_file_location(f"functions_{name}", BENCHMARKS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.install
def test_most_functions_need_no_more_than_their_closure(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Packages are fetched first; what runs then has no network."""
    closure, packages = load("closure"), tmp_path_factory.mktemp("packages")
    dependencies = tmp_path_factory.mktemp("dependencies")
    subprocess.run([sys.executable, str(BENCHMARKS / "fetch.py"), str(packages)], check=True)
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(dependencies)]
    subprocess.run([*command, *closure.DEPENDENCIES], check=True)
    cases = [case for case in closure.CASES if case.package != "sympy"]  # half of a minute each
    results = {case.target: closure.compare(case, packages, dependencies)[0] for case in cases}
    assert len(results) >= 19
    assert [target for target, what in results.items() if what == "another"] == []
    assert list(results.values()).count("same") >= len(results) - 2
