"""The nearest right word for a wrong one."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that `word` is most likely meant to be, or None if there is none like it.

    Case and the difference between `-`, `_` and space do not count. A word that is the last part of one choice alone
    means that one: `t4` is `NVIDIA_TESLA_T4`.
    """
    from difflib import get_close_matches  # 3 ms, and only needed when something is wrong

    by_letters: dict[str, str] = {}
    for choice in choices:
        by_letters.setdefault(_letters(choice), choice)
    wanted = _letters(word)
    if wanted in by_letters:
        return by_letters[wanted]
    ending = [choice for choice in by_letters.values() if _parts(choice)[-1:] == [wanted]]
    if len(ending) == 1:
        return ending[0]
    close = get_close_matches(wanted, by_letters, n=1)
    return by_letters[close[0]] if close else None


def _parts(word: str) -> list[str]:
    return word.casefold().replace("-", " ").replace("_", " ").split()


def _letters(word: str) -> str:
    return "".join(_parts(word))
