"""The nearest right word for a wrong one."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 100
"""Nothing that has a name here is longer, and the comparison takes time quadratic in the length."""


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that `word` is most likely meant to be, or None if there is none like it.

    Case and the difference between `-`, `_` and space do not count. A choice of which only parts before the last were
    left out is meant if it is the only one: `t4` and `NVIDIA_T4` are `NVIDIA_TESLA_T4`.
    """
    if len(word) > _LONGEST:
        return None
    from difflib import get_close_matches  # only needed when something is wrong

    by_letters: dict[str, str] = {}
    for choice in choices:
        by_letters.setdefault(_letters(choice), choice)
    wanted = _letters(word)
    if wanted in by_letters:
        return by_letters[wanted]
    longer = [choice for choice in by_letters.values() if _shortens(_parts(word), _parts(choice))]
    if len(longer) == 1:
        return longer[0]
    close = get_close_matches(wanted, by_letters, n=1)
    return by_letters[close[0]] if close else None


def _shortens(short: list[str], long: list[str]) -> bool:
    return bool(short) and short[-1:] == long[-1:] and set(short) <= set(long)


def _parts(word: str) -> list[str]:
    return word.casefold().replace("-", " ").replace("_", " ").split()


def _letters(word: str) -> str:
    return "".join(_parts(word))
