"""The published JSON Schemas, held against documents."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

_REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def complaints(document: object, schema: str = "profile") -> list[str]:
    """Return what the schema of that name finds wrong with `document`: where, and what."""
    return [f"{error.json_path}: {error.message}" for error in _validator(schema).iter_errors(document)]


@cache
def _validator(name: str) -> Draft202012Validator:
    schema: dict[str, Any] = json.loads((_REFERENCE / f"{name}.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)
