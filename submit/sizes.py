"""Sizes and durations as people write them."""

from __future__ import annotations

import re

from submit.errors import UsageError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def parse_bytes(text: int | str) -> int:
    """`2GiB`, `512M` or a number of bytes; units are powers of 1024."""
    if isinstance(text, int):
        return text
    written = text.strip()
    unit = written.upper().removesuffix("IB").removesuffix("B").lstrip("0123456789. ")
    number = written[: len(written) - len(written.lstrip("0123456789."))]
    try:
        return int(float(number) * _UNITS[unit])
    except (KeyError, ValueError):
        raise UsageError(f"`{text}` is not a size", hint="Write it like `512MiB` or `2GiB`.") from None


def parse_seconds(text: str) -> float:
    """`90`, `10m`, `1h30m`, `2d` in seconds."""
    if re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII):
        return float(text)
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", text, re.ASCII)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise UsageError(f"`{text}` is not a duration", hint="Write it like `90s`, `10m`, `1h30m` or `2d`.")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def show_bytes(count: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError("unreachable")


def show_seconds(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
