"""Prints the JSON Schema of the wire."""

import json

from server.protocol import json_schema

print(json.dumps(json_schema(), indent=2))  # noqa: T201
