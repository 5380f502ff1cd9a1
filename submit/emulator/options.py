"""What `submit emulator start` was told, on its way to the emulator's process."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import asdict, dataclass

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`cache` is the folder of installed packages and environments; `concurrency` jobs run at once (None: one per
    core). `host` is an IP address, port 0 any that is free. With an `owner`, the process that starts it, the emulator
    and its jobs end when that does, and its jobs also when it is stopped. The folder of an owner that was killed goes
    with it."""

    cache: str
    host: str = LOOPBACK
    port: int = 0
    concurrency: int | None = None
    owner: int | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> Options:
        return cls(**json.loads(text))


def is_loopback(host: str) -> bool:
    """Raises ValueError for what is no IP address."""
    return ipaddress.ip_address(host).is_loopback


def is_wildcard(host: str) -> bool:
    return ipaddress.ip_address(host).is_unspecified


def netloc(host: str, port: int) -> str:
    """`127.0.0.1:8085`, `[::1]:8085`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
