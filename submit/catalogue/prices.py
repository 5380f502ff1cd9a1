"""What a machine costs per hour at Compute Engine's list price.

Vertex AI adds a fee for training to each of these, which Google does not publish as a table, and boot disks and
traffic cost extra: a price from here is "at least".
"""

from __future__ import annotations

from datetime import date
from functools import cache

from submit.catalogue.machines import offered
from submit.catalogue.tables import as_of, text
from submit.job import Machine


def hourly_price(machine: Machine, region: str, *, spot: bool = False) -> float | None:
    """US dollars per hour for one such machine with its accelerators; None if any part of it has no known price."""
    host = _price("machine_prices", machine.machine_type, region, spot=spot)
    if host is None or machine.accelerator_type is None:
        return host
    if not machine.machine_type.startswith("n1-"):  # all others are priced with what they have built in
        return host if offered(machine) else None
    accelerator = _price("attached_gpu_prices", machine.accelerator_type, region, spot=spot)
    return None if accelerator is None else round(host + accelerator * machine.accelerator_count, 6)


def prices_checked() -> date:
    """The day that the machine prices are of."""
    return date.fromisoformat(as_of("machine_prices"))


def _price(table: str, name: str, region: str, *, spot: bool) -> float | None:
    """Finds the one line in the text, which takes a hundredth of the time of parsing four thousand."""
    _, found, rest = _text(table).partition(f"\n{name},{region},")
    if not found:
        return None
    on_demand, _, discounted = rest.partition("\n")[0].partition(",")
    return float(discounted if spot else on_demand)


@cache
def _text(table: str) -> str:
    return text(table)
