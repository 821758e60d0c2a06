"""The document that describes the service, from the table of routes and the structs of requests and replies."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import msgspec

from loopflow.service.exchange import Route
from loopflow.service.wire import Problem

_PHRASES = {
    400: "It says something else than it may.", 401: "The token is missing.", 403: "A page of another place.",
    404: "There is no such thing.", 405: "Not asked so.", 408: "The body did not come in time.",
    409: "It ended already.", 413: "Too large.", 415: "Not JSON.", 421: "Called by another name.",
    422: "No engine can count it.", 429: "As many tasks wait as may.", 431: "Too long headers.",
    503: "Too much to do, or the database does not answer.", 504: "It took too long.",
}  # fmt: skip
_QUERY: dict[str, dict[str, Any]] = {
    "status": {"type": "string", "enum": ["pending", "running", "completed", "failed", "cancelled"]},
    "limit": {"type": "integer", "minimum": 1, "maximum": 500},
    "after": {"type": "string"},
    "task": {"type": "string"},
    "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "encoding": {"type": "string", "enum": ["o200k_base", "cl100k_base"]},
    "pattern": {"type": "string", "minLength": 1},
    "all": {"type": "string", "enum": ["true"]},
}
ALWAYS = (400, 401, 403, 421, 431, 500, 503, 504)
"""What may be said at any path."""


def describe(routes: Sequence[Route], *, has_token: bool) -> dict[str, Any]:
    """Return the document, OpenAPI 3.1, of all that programs ask for."""
    routes = [route for route in routes if not route.is_page]
    kinds = {kind for route in routes for kind in (route.request, route.reply) if kind is not None}
    ordered = sorted(kinds | {Problem}, key=lambda kind: kind.__name__)
    schemas, components = msgspec.json.schema_components(ordered, ref_template="#/components/schemas/{name}")
    by_kind = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_kind)
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "loopflow",
            "version": version("loopflow-code-context"),
            "description": "Exact token counts of texts, and of what they refer to.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {"schemas": components},
    }
    if has_token:
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
    return document


def _operation(route: Route, schemas: dict[type, Any]) -> dict[str, Any]:
    name = route.method.lower() + route.path.replace("/", "_").replace("{", "").replace("}", "").replace(".", "_")
    operation: dict[str, Any] = {"operationId": name, "summary": route.summary, "responses": {}}
    if route.is_open:
        operation["security"] = []
    parameters = [
        {"name": part.rstrip("}"), "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for part in route.path.split("{")[1:]
    ]
    parameters += [{"name": each, "in": "query", "required": False, "schema": _QUERY[each]} for each in route.query]
    if parameters:
        operation["parameters"] = parameters
    if route.request is not None:
        content = {"application/json": {"schema": schemas[route.request]}}
        operation["requestBody"] = {"required": True, "content": content}
    success: dict[str, Any] = {"description": route.summary}
    if route.reply is not None:
        success["content"] = {"application/json": {"schema": schemas[route.reply]}}
    elif route.media_type != "application/json":
        success["content"] = {route.media_type: {"schema": {"type": "string"}}}
    operation["responses"][str(route.status)] = success
    problem = {"application/problem+json": {"schema": schemas[Problem]}}
    errors = {*ALWAYS, *route.errors, *((408, 413, 415, 422) if route.request else ())}
    if route.is_health:
        errors -= {503}
    for status in sorted(errors):
        operation["responses"][str(status)] = {"description": _PHRASES.get(status, "A bug."), "content": problem}
    if route.path == "/health/ready":
        operation["responses"]["503"] = {**success, "description": "Not yet, or not any more."}
    return operation
