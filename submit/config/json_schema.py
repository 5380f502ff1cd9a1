"""The schemas in `data/` as JSON Schema, with which editors complete and check a config while it is written.

https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

from collections.abc import Mapping

from submit.config.schemas import Field, Message, Schema, Type, camel, inner, ml_engine, section, snake, vertex
from submit.job import Json, JsonObject

SECTION = "submit"

_INTEGER = r"^-?[0-9]+$"
_NUMBER = r"^[-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?$"

_SCALARS: Mapping[str, JsonObject] = {
    "string": {"type": "string"},
    "int32": {"type": ["integer", "string"], "pattern": _INTEGER},
    "int64": {"type": ["integer", "string"], "pattern": _INTEGER},
    "double": {"type": ["number", "string"], "pattern": _NUMBER},
    "boolean": {"type": "boolean"},
    "google-duration": {"type": "string", "pattern": r"^[0-9]+(\.[0-9]{1,9})?s$"},
    "google-datetime": {"type": "string", "format": "date-time"},
    "duration": {"type": ["number", "string"], "pattern": r"^[0-9]+(\.[0-9]+)? ?(s|m|min|h|d)?$"},
    "size": {"type": ["number", "string"], "pattern": r"^[0-9]+(\.[0-9]+)? ?([KMGTkmgt]i?)?[Bb]?$"},
    "array": {"type": ["integer", "string"], "pattern": r"^[1-9][0-9]*(%[1-9][0-9]*)?$", "minimum": 1},
    "any": {},
}


def schema() -> JsonObject:
    """JSON Schema of a whole file: either service's format, each with our `submit:` section beside it."""
    definitions: JsonObject = {}
    for prefix, source in (("mlEngine", ml_engine()), ("vertex", vertex()), (SECTION, section())):
        for message in source.messages.values():
            if message.name != "Project":
                definitions[f"{prefix}.{message.name}"] = _message(message, prefix, source)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A training job",
        "description": "Config of `submit train`: in ML Engine's format, in Vertex AI's, or a `submit:` section alone.",
        "type": "object",
        "$defs": definitions,
        **_by_first_key(),
    }


def _by_first_key() -> JsonObject:
    """Which format a file has is decided by its main key, so that an editor's complaints are about that one."""
    alone: JsonObject = {"properties": {SECTION: _reference(SECTION, "Section")}, "additionalProperties": False}
    chain: JsonObject = alone
    for keys, name in (
        (("studySpec", "trialJobSpec"), "vertex.HyperparameterTuningJob"),
        (("jobSpec",), "vertex.CustomJob"),
        (("workerPoolSpecs",), "vertex.CustomJobSpec"),
        (("trainingInput",), "mlEngine.Job"),
    ):
        spellings = dict.fromkeys(spelling for key in keys for spelling in (key, snake(key)))
        present: list[Json] = [{"required": [spelling]} for spelling in spellings]
        chain = {"if": {"anyOf": present}, "then": {"$ref": f"#/$defs/{name}"}, "else": chain}
    return chain


def _reference(prefix: str, name: str) -> JsonObject:
    return {"$ref": f"#/$defs/{prefix}.{name}"}


def _message(message: Message, prefix: str, source: Schema) -> JsonObject:
    properties: JsonObject = {}
    required: list[Json] = []
    for field in message.fields.values():
        spellings = dict.fromkeys((field.name, camel(field.name), snake(field.name)))
        names = list(spellings) if source.both_spellings else [field.name]
        properties |= {name: _field(field, prefix, source) for name in names}
        if field.required:
            required.append({"anyOf": [{"required": [name]} for name in names]})
    if message.name in source.roots and prefix != SECTION:
        properties[SECTION] = _reference(SECTION, "Section")
    definition: JsonObject = {"type": "object", "description": message.about, "properties": properties}
    definition["additionalProperties"] = False
    return definition | ({"allOf": required} if required else {})


def _field(field: Field, prefix: str, source: Schema) -> JsonObject:
    about: JsonObject = {"description": field.about}
    if field.refused:
        return about | {"not": {}, "description": f"{field.about} Cannot be used: {field.refused}."}
    if field.ignored:
        return about | {"deprecated": True, "description": f"{field.about} Not used: {field.ignored}."}
    found = _type(field.type, field, prefix, source)
    if field.single:
        item = _type(inner(field.type), field, prefix, source)
        found = {"anyOf": [found, item]}
    return found | about


def _type(type_: Type, field: Field, prefix: str, source: Schema) -> JsonObject:
    if isinstance(type_, list):
        found: JsonObject = {"type": "array", "items": _type(inner(type_), field, prefix, source)}
        return found | _counts(field, "Items")
    if isinstance(type_, str):
        return _reference(prefix, type_) if type_ in source.messages else _scalar(type_, field)
    if "*" in type_:
        values = _type(inner(type_), field, prefix, source)
        free: JsonObject = {"type": "object", "additionalProperties": values}
        return free | _counts(field, "Properties")
    if "either" in type_:
        alternatives: list[Json] = [_type(alternative, field, prefix, source) for alternative in type_["either"]]
        return {"anyOf": alternatives}
    choices: list[Json] = [*type_["enum"]]
    return {"enum": choices}


def _counts(field: Field, unit: str) -> JsonObject:
    limits: JsonObject = {}
    if field.min_items:
        limits[f"min{unit}"] = field.min_items
    if field.max_items is not None:
        limits[f"max{unit}"] = field.max_items
    return limits


def _scalar(type_: str, field: Field) -> JsonObject:
    found = dict(_SCALARS[type_])
    if type_ in ("int32", "int64", "double"):
        limits: JsonObject = {"minimum": field.minimum, "maximum": field.maximum}
        found |= {key: value for key, value in limits.items() if value is not None}
    if field.pattern:
        found["pattern"] = f"^(?:{field.pattern})$"
    if field.max_length and not isinstance(field.type, list):
        found["maxLength"] = field.max_length
    return found
