"""YAML's events → a value tree, with limits on depth, size and aliases while it grows.

Not by recursion over YAML's nodes: no input can make this overflow the stack or fill the memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from submit.config.kinds import CORE, KINDS, kind_of
from submit.config.tree import Branch, Entry, Kind, Row, Scalar, Tree
from submit.config.unreadable import MAX_DEPTH, TOO_DEEP, explain, refuse, unreadable
from submit.errors import Place, Problem, UsageError

if TYPE_CHECKING:
    import yaml

MAX_VALUES = 20_000  # with every alias written out


class _Open:
    """A mapping or list which is being read; `key` waits for its value, `merged` are entries behind `<<`."""

    def __init__(self, mapping: bool, place: Place, anchor: str | None) -> None:
        self.mapping, self.place, self.anchor = mapping, place, anchor
        self.items: list[Tree] = []
        self.entries: dict[str, Entry] = {}
        self.merged: dict[str, Entry] = {}
        self.key: Scalar | None = None
        self.size = 1


class Composer:
    """Reads one document. `problems` are those that do not keep the rest from being read: keys that stand twice."""

    def __init__(self, file: str, fixed: Place | None = None) -> None:
        self.file = file
        self.fixed = fixed
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Tree, int] | None] = {}
        self.root: Tree | None = None
        self.problems: list[Problem] = []
        self.documents = 0
        self.values = 0

    def document(self, text: str) -> Tree | None:
        import yaml

        for event in self._events(text):
            match event:
                case yaml.ScalarEvent():
                    self._add(self._scalar(event), 1, event.anchor)
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    self._open(event)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self._close()
                case yaml.AliasEvent():
                    self._alias(event)
                case yaml.DocumentStartEvent():
                    self._count_document(event)
        return self.root if not _is_nothing(self.root) else None

    def _events(self, text: str) -> Iterator[yaml.Event]:
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            yield from yaml.parse(text, Loader=loader)
        except yaml.MarkedYAMLError as error:
            raise explain(error, text, self.file) from None
        except yaml.YAMLError as error:
            raise unreadable(error, text, self.file) from None

    def _place(self, event: Any) -> Place:  # PyYAML's events carry untyped marks
        mark = event.start_mark
        return self.fixed or Place(file=self.file, line=mark.line + 1, column=mark.column + 1)

    def _count_document(self, event: yaml.Event) -> None:
        self.documents += 1
        if self.documents > 1:
            raise refuse(
                "a second document starts here",
                self._place(event),
                hint="A config is one document; remove the `---` or split the file.",
            )

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        plain = event.style in (None, "")
        kind = self._kind(event, plain)
        if self.fixed and kind != "null":
            kind = "text"  # what was typed is what is meant: there is no file in which `2.10` looks like text
        return Scalar(event.value, kind, plain, self._place(event))

    def _kind(self, event: yaml.ScalarEvent, plain: bool) -> Kind:
        if event.tag is None or event.tag == "!":
            return kind_of(event.value) if plain and event.tag is None else "text"
        kind = KINDS.get(event.tag.removeprefix(CORE)) if event.tag.startswith(CORE) else None
        if kind is None:
            raise self._foreign_tag(event)
        return kind

    def _foreign_tag(self, event: Any) -> UsageError:
        tag = event.tag.replace(CORE, "!!")
        return refuse(f"the tag `{tag}` has no meaning in a config", self._place(event), hint="Remove it.")

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        import yaml

        mapping = isinstance(event, yaml.MappingStartEvent)
        if event.tag not in (None, "!", CORE + ("map" if mapping else "seq")):
            raise self._foreign_tag(event)
        if len(self.stack) >= MAX_DEPTH:
            raise refuse(TOO_DEEP, self._place(event))
        if event.anchor:
            self.anchors[event.anchor] = None
        self._refuse_key(mapping, self._place(event))
        self.stack.append(_Open(mapping, self._place(event), event.anchor))

    def _refuse_key(self, mapping: bool, place: Place) -> None:
        if self.stack and self.stack[-1].mapping and self.stack[-1].key is None:
            what = "a mapping" if mapping else "a list"
            raise refuse(f"{what} cannot be a key", place, hint="Keys are text, like `region`.")

    def _close(self) -> None:
        done = self.stack.pop()
        if done.mapping:
            tree: Tree = Branch(tuple((done.merged | done.entries).values()), done.place)
        else:
            tree = Row(tuple(done.items), done.place)
        self._add(tree, done.size, done.anchor)

    def _alias(self, event: yaml.AliasEvent) -> None:
        if event.anchor not in self.anchors:
            raise refuse(
                f"`*{event.anchor}` refers to nothing",
                self._place(event),
                hint=f"No value before it is marked `&{event.anchor}`; text that starts with `*` needs quotes.",
            )
        target = self.anchors[event.anchor]
        if target is None:
            raise refuse(f"`*{event.anchor}` stands inside of the value that it refers to", self._place(event))
        self.values += target[1]
        self._check_size(self._place(event))
        self._add(target[0], target[1], None)

    def _add(self, tree: Tree, size: int, anchor: str | None) -> None:
        self.values += 1
        self._check_size(tree.place)
        if anchor:
            self.anchors[anchor] = (tree, size)
        if not self.stack:
            self.root = tree
            return
        parent = self.stack[-1]
        parent.size += size
        if not parent.mapping:
            parent.items.append(tree)
        elif parent.key is None:
            self._key(parent, tree)
        else:
            self._entry(parent, parent.key, tree)
            parent.key = None

    def _check_size(self, place: Place) -> None:
        if self.values > MAX_VALUES:
            raise refuse(f"the file has more than {MAX_VALUES:,} values, aliases written out", place)

    def _key(self, parent: _Open, tree: Tree) -> None:
        if not isinstance(tree, Scalar):
            raise refuse("a mapping or list cannot be a key", tree.place, hint="Keys are text, like `region`.")
        first = parent.entries.get(tree.text)
        if first:
            hint = f"It stands in line {first.place.line} already; YAML would silently take the last one."
            self.problems += refuse(f"`{tree.text}` is written twice", tree.place, hint).problems
        parent.key = tree

    def _entry(self, parent: _Open, key: Scalar, value: Tree) -> None:
        if key.text == "<<" and key.plain:
            self._merge(parent, key.place, value)
        else:
            parent.entries.setdefault(key.text, Entry(key.text, key.place, value))

    def _merge(self, parent: _Open, place: Place, value: Tree) -> None:
        """YAML's merge key: the entries of one or several mappings, earlier ones first; written ones win."""
        for source in value.items if isinstance(value, Row) else (value,):
            if not isinstance(source, Branch):
                raise refuse("`<<` needs a mapping, like `<<: *defaults`", place)
            for entry in source.entries:
                parent.merged.setdefault(entry.key, entry)


def _is_nothing(tree: Tree | None) -> bool:
    return isinstance(tree, Scalar) and tree.plain and tree.text == ""
