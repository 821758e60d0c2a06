"""Make the tables of the vocabularies when the package is built or installed for development.

They follow from the vocabularies, and are too large to be kept beside them in git. What makes them is the package's own
module, run by itself: nothing of the package is installed yet.
"""

import hashlib
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TableHook(BuildHookInterface):  # type: ignore[type-arg,misc]
    """Put `loopflow/vocab/NAME.table` beside each vocabulary."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  hatchling's own signature
        """Make what is not there, or not as it should be. Raises ValueError where a table has another digest."""
        table = _load(Path(self.root, "loopflow", "tokens", "table.py"))
        for name, (_, digest) in table.TABLES.items():
            file = Path(self.root, "loopflow", "vocab", f"{name}.table")
            if file.exists() and _digest(file.read_bytes()) == digest:
                continue
            made = table.make_table(file.with_suffix(".tiktoken.xz").read_bytes())
            if _digest(made) != digest:
                raise ValueError(f"the table of {name} has SHA-256 {_digest(made)}, not {digest}: was it changed?")
            file.write_bytes(made)


def _load(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None  # noqa: S101
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
