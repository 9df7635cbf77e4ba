"""The table of routes as an OpenAPI document."""

import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from server import VERSION
from server.api.calls import Route
from server.protocol import ErrorBody

_REFERENCE = "#/components/schemas/{model}"


def document(routes: tuple[Route, ...]) -> dict[str, Any]:
    """OpenAPI 3.1 for every route."""
    models: set[type[BaseModel]] = {ErrorBody}
    for route in routes:
        models |= {model for model in (route.body, route.answer) if model is not None}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schema = models_json_schema([(model, "serialization") for model in ordered], ref_template=_REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = re.sub(r"{(\w+):(?:[^{}]|{[^}]*})*}", r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, path)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Invigil", "version": VERSION},
        "paths": paths,
        "components": {
            "schemas": schema.get("$defs", {}),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation(route: Route, path: str) -> dict[str, Any]:
    good: dict[str, Any] = {"description": route.summary}
    if route.answer is not None:
        good["content"] = _json(route.answer)
    operation: dict[str, Any] = {
        "summary": route.summary,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"{(\w+)}", path)
        ],
        "responses": {
            str(route.status): good,
            "default": {"description": "What was wrong and what to do.", "content": _json(ErrorBody)},
        },
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _json(route.body)}
    if route.roles is not None:
        operation["security"] = [{"bearer": sorted(route.roles)}]
    return operation


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}}}
