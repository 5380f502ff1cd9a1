"""Keys that a schema does not know: what was meant, where they belong, or whose indentation is missing."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from submit.config.paths import Path
from submit.config.schemas import Message, Schema, inner, section
from submit.config.shown import shown
from submit.config.tree import Branch, Entry, is_null
from submit.errors import Problem
from submit.suggest import nearest


def unknown_key(entry: Entry, message: Message, path: Path) -> Problem:
    keys = [field.name for field in message.fields.values() if not field.ignored and not field.refused]
    meant = nearest(entry.key, keys)
    hint = f"Did you mean `{meant}`?" if meant else f"There is {_listed(keys)}."
    where = f" of `{path.written}`" if path.written else ""
    return Problem(
        message=f"`{shown(entry.key)}` is not a key{where}",
        place=entry.place,
        path=path.key(shown(entry.key)).written,
        hint=hint,
    )


def misplaced(entry: Entry, message: Message, path: Path, schema: Schema, root: str, root_path: Path) -> Problem | None:
    """The problem with a key that exists, elsewhere: a place below this one counts first, then what is nearest to the
    root."""
    if entry.key in message.spellings:
        return None  # it exists here, in another spelling
    home = _home_of(entry.key, schema, message.name)
    if home is None:
        path, home = root_path, _home_of(entry.key, schema, root)
    if home is None:
        return _of_another(entry, schema, root)
    where = path.key(home).written if home else path.written
    return Problem(
        message=f"`{entry.key}` belongs under `{where}`" if where else f"`{entry.key}` belongs at the top of the file",
        place=entry.place,
        path=entry.key,
    )


def _of_another(entry: Entry, schema: Schema, root: str) -> Problem | None:
    """A key that a job has and this message, which is only a part of one, has not."""
    ours = section()
    place, path, key = entry.place, shown(entry.key), entry.key
    if schema is not ours and ours.canonical(ours.messages["Section"], key):
        return Problem(message=f"`{key}` belongs under `submit`", place=place, path=path)
    others = [name for name in schema.roots if name != root and schema.canonical(schema.messages[name], key)]
    if not others or schema is ours:
        return None
    hint = "Put everything else under `jobSpec:`." if root == "CustomJobSpec" else ""
    return Problem(message=f"`{key}` is a key of a {others[0]}, not of a {root}", place=place, path=path, hint=hint)


def _home_of(key: str, schema: Schema, root: str) -> str | None:
    seen = {root}
    queue = deque([("", schema.messages[root])])
    while queue:
        path, message = queue.popleft()
        if schema.canonical(message, key):
            return path
        for field in message.fields.values():
            name = inner(field.type)
            if isinstance(name, str) and name in schema.messages and name not in seen:
                seen.add(name)
                deeper = field.name if name == field.type else f"{field.name}[]"
                queue.append((f"{path}.{deeper}" if path else deeper, schema.messages[name]))
    return None


def unindented(branch: Branch, message: Message, schema: Schema, path: Path) -> Mapping[str, Problem | None]:
    """An empty key and the keys behind it that should stand in it; the one problem for all of them is the first's.

    `trainingInput:` with children that are not indented is found in public tutorials; gcloud crashes on it.
    """
    for position, entry in enumerate(branch.entries):
        name = schema.canonical(message, entry.key)
        below = inner(message.fields[name].type) if name and is_null(entry.value) else None
        if not isinstance(below, str) or below not in schema.messages:
            continue
        children = [
            later
            for later in branch.entries[position + 1 :]
            if not schema.canonical(message, later.key) and schema.canonical(schema.messages[below], later.key)
        ]
        if children:
            problems: dict[str, Problem | None] = dict.fromkeys(child.key for child in children)
            return problems | {entry.key: _not_indented(entry, children, path)}
    return {}


def _not_indented(entry: Entry, children: list[Entry], path: Path) -> Problem:
    return Problem(
        message=f"is empty, because {_listed([child.key for child in children])} below it "
        f"{'is' if len(children) == 1 else 'are'} not indented",
        place=entry.place,
        path=path.key(entry.key).written,
        hint=f"Put two spaces before every line that belongs to `{entry.key}`.",
    )


def _listed(keys: list[str]) -> str:
    shown = ", ".join(f"`{key}`" for key in keys[:4])
    return f"{shown} …" if len(keys) > 4 else shown
