"""What a conversion changed: for the report, for the comments in the result, and for the commands in its header."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`path` is the key in the original; `what` became of it, and `why`, as sentences without their full stops."""

    path: str
    what: str
    why: str


@dataclass(slots=True)
class Notes:
    """`comments` by path in the result, `flags` for the command line, `homeless`: what only the header can say."""

    changes: list[Change] = field(default_factory=list)
    comments: dict[str, str] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    homeless: list[str] = field(default_factory=list)

    def changed(self, path: str, what: str, why: str, at: str) -> None:
        """A change with a comment above `at` in the result; several at one place stand below each other.

        The same change again, in another pool, is not told again.
        """
        change = Change(path=path, what=what, why=why)
        if change in self.changes:
            return
        self.changes.append(change)
        text = f"{path}: {what}; {why}."
        self.comments[at] = f"{self.comments[at]}\n{text}" if at in self.comments else text

    def removed(self, path: str, what: str, why: str, flag: str = "") -> None:
        """A change without a place in the result; `flag` says the same on the command line."""
        self.changes.append(Change(path=path, what=what, why=why))
        self.homeless.append(f"{path}: {what}; {why}.")
        if flag:
            self.flags.append(flag)

    def once(self, at: str, comment: str) -> None:
        """A comment above `at`, unless another place has it already."""
        if comment not in self.comments.values():
            self.comments[at] = comment
