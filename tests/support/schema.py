"""The published JSON Schema, held against documents."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA_FILE = Path(__file__).parents[2] / "docs" / "reference" / "profile.schema.json"


def complaints(document: object) -> list[str]:
    """Return what the schema finds wrong with `document`: where, and what."""
    return [f"{error.json_path}: {error.message}" for error in _validator().iter_errors(document)]


@cache
def _validator() -> Draft202012Validator:
    schema: dict[str, Any] = json.loads(SCHEMA_FILE.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)
