"""JSON Schemas of what requests carry (JSON Schema 2020-12, as OpenAPI 3.1 has it). Values only.

A schema accepts what the server accepts, and refuses what it refuses.
"""

from __future__ import annotations

from typing import Any, Final

Schema = dict[str, Any]

_LAST_PAGE: Final = 10**12 - 1
"""The largest number of a page that a request may name."""
_MOST: Final = 10**18 - 1
"""The largest number of results that a request may name."""

TEXT: Final[Schema] = {"type": "string"}
SOME_TEXT: Final[Schema] = {"type": "string", "minLength": 1}
_NOTHING: Final[Schema] = {"type": "string", "maxLength": 0}
IRI: Final[Schema] = {"type": "string", "format": "iri"}
IRIS: Final[Schema] = {"type": "array", "items": IRI}
POSITION: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": _LAST_PAGE}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": _MOST}
SECONDS: Final[Schema] = {"type": "number", "exclusiveMinimum": 0}

_VARIABLE: Final[Schema] = {"type": "string", "pattern": r"^(\?|_:)[A-Za-z0-9_]*$"}
_LITERAL: Final[Schema] = {
    "type": "string",
    "pattern": r'^"[^"]*"(@[a-z]{2,3}(-[A-Z]{2})?)?$',
}
_TYPED_LITERAL: Final[Schema] = {
    "type": "string",
    "pattern": r'^"[^"]*"\^\^[a-z]+://[a-z]+/[A-Za-z0-9#]*$',
}
TERM: Final[Schema] = {"anyOf": [IRI, _VARIABLE]}
OBJECT_TERM: Final[Schema] = {"anyOf": [IRI, _VARIABLE, _LITERAL, _TYPED_LITERAL]}

SPARQL_FORM: Final[Schema] = {
    "type": "object",
    "required": ["query"],
    "properties": {
        "query": SOME_TEXT,
        "default-graph-uri": IRIS,
        "named-graph-uri": IRIS,
        "timeout": SECONDS,
        "format": TEXT,
    },
}

IDENTIFIERS: Final[Schema] = {
    "type": "array",
    "maxItems": 10_000,
    "items": {
        "anyOf": [
            SOME_TEXT,
            {
                "type": "object",
                "properties": {"iri": TEXT, "code": TEXT, "scheme": TEXT},
                "oneOf": [
                    {"required": ["iri"], "properties": {"iri": SOME_TEXT, "code": _NOTHING}},
                    {"required": ["code"], "properties": {"code": SOME_TEXT, "iri": _NOTHING}},
                ],
                "additionalProperties": False,
            },
        ]
    },
}

_PROPERTY_VALUE: Final[Schema] = {"type": ["string", "number", "boolean", "object", "null"]}
QUERIES: Final[Schema] = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {
            "query": TEXT,
            "type": {"anyOf": [TEXT, {"type": "array", "items": TEXT}]},
            "type_strict": {"enum": ["any", "should", "all"]},
            "limit": {"type": "number", "minimum": 0},
            "properties": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["pid", "v"],
                    "properties": {
                        "pid": TEXT,
                        "v": {
                            "anyOf": [_PROPERTY_VALUE, {"type": "array", "items": _PROPERTY_VALUE}]
                        },
                    },
                },
            },
        },
        "anyOf": [
            {"required": ["query"]},
            {"required": ["properties"], "properties": {"properties": {"minItems": 1}}},
        ],
        "additionalProperties": False,
    },
}
"""Reconciliation API 0.2, section 4.1."""

EXTENSION: Final[Schema] = {
    "type": "object",
    "required": ["ids", "properties"],
    "properties": {
        "ids": {"type": "array", "items": TEXT},
        "properties": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": TEXT,
                    "settings": {"type": "object", "properties": {"limit": COUNT}},
                },
            },
        },
    },
}
"""Reconciliation API 0.2, section 7.2."""


def _in_json(schema: Schema) -> Schema:
    """Return the schema of a text in JSON whose value fits a schema."""
    return {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}


RECONCILIATION_FORM: Final[Schema] = {
    "type": "object",
    "properties": {"queries": _in_json(QUERIES), "extend": _in_json(EXTENSION)},
    "anyOf": [{"required": ["queries"]}, {"required": ["extend"]}],
}
