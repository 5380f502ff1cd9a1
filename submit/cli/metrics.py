"""`submit jobs metrics`: the numbers that a job has logged."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from submit.cli import options
from submit.cli.named import find, one_job
from submit.cli.render import table
from submit.errors import UsageError
from submit.logs.select import Selection
from submit.logs.stream import Stream
from submit.status import Json, JsonObject, LogEntry, Status
from submit.suggest import nearest
from submit.world import terminal

if TYPE_CHECKING:
    from submit.logs.numbers import Key, Measured, Series

EPILOG = """\b
Examples:
  submit jobs metrics JOB
  submit jobs metrics JOB --metric loss --metric accuracy --plot
  submit jobs metrics JOB --format csv > metrics.csv
  submit jobs metrics JOB --format json | jq 'select(.metrics.loss != null) | .metrics.loss'"""


@click.command("metrics", epilog=EPILOG)
@one_job
@click.option("--metric", "wanted", multiple=True, type=options.TEXT, metavar="NAME", help="Only this one; repeatable.")
@click.option("--replica", type=options.TEXT, metavar="NAME", help="Only this replica, or this pool.")
@click.option("--plot", "plotted", is_flag=True, help="Draw each metric over its steps.")
@options.output_format("table", "csv", "json")
@options.state_dir
@options.debug
def metrics(
    job: str, wanted: tuple[str, ...], replica: str | None, plotted: bool, output: str, state_dir: Path | None
) -> None:
    """Show the numbers that a job has logged so far: `loss=0.5`, `loss: 0.5`, fields of JSON lines, and what tuning has
    measured of its trials.

    The table has a line for each metric of each replica. As CSV and JSON, each number has its time and its step; JSON
    is an object on each line.
    """
    from submit.logs.numbers import measured, series  # its patterns cost other commands a millisecond

    if plotted and output != "table":
        raise UsageError(f"--plot: `--format {output}` is not drawn", hint="Leave out one of the two.")
    client, (handle,) = find((job,), state_dir)
    batches = client.log_batches(Stream({str(handle): ""}), [handle], follow=False)
    selection, names = Selection(replica=replica), set[str]()
    found = _chosen(measured(entry for batch in batches for entry in selection.of(batch)), frozenset(wanted), names)
    if output == "csv":
        _write(_csv(found))
    elif output == "json":
        _write(json.dumps(_record(item), ensure_ascii=False) for item in found)
    else:
        shown = _shown(series(found), plotted=plotted)
        trials = _chosen_trials(client.describe([handle])[handle], frozenset(wanted), names)
        _write([*shown, *_trials(trials)])
    _say_missing(wanted, names)


def _say_missing(wanted: Iterable[str], names: set[str]) -> None:
    if not names:
        click.echo("there are no numbers in the log", err=True)
        return
    for name in wanted:
        if name not in names:
            near = nearest(name, names)
            click.echo(f"there is no metric `{name}`" + (f"; did you mean `{near}`?" if near else ""), err=True)


def _chosen(found: Iterable[Measured], wanted: frozenset[str], names: set[str]) -> Iterator[Measured]:
    """Only those; adds to `names` all that there are."""
    for item in found:
        names.update(item.values)
        values = {name: value for name, value in item.values.items() if not wanted or name in wanted}
        if values:
            yield item._replace(values=values)


def _chosen_trials(status: Status, wanted: frozenset[str], names: set[str]) -> Iterator[tuple[str, str, Json]]:
    """The same of what the service has measured: trial, metric and value."""
    for trial in status.trials:
        if isinstance(measures := trial.get("metrics"), dict):
            names.update(measures)
            for name, value in measures.items():
                if not wanted or name in wanted:
                    yield str(trial.get("id")), name, value


def _write(lines: Iterable[str]) -> None:
    """In portions: a long log is never in memory as a whole."""
    portion: list[str] = []
    for line in lines:
        portion.append(line)
        if len(portion) == 1000:
            terminal.write_lines(portion)
            portion = []
    if portion:
        terminal.write_lines(portion)


def _csv(found: Iterable[Measured]) -> Iterator[str]:
    import csv
    import io

    yield "time,replica,trial,step,metric,value"
    for entry, step, values in found:
        for name, value in values.items():
            row = [entry.timestamp, entry.replica, entry.trial or "", _exact(step), name, _exact(value)]
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerow(row)
            yield text.getvalue().removesuffix("\n")


def _record(item: Measured) -> JsonObject:
    entry: LogEntry = item.entry
    return {
        "time": entry.timestamp,
        "replica": entry.replica,
        "trial": entry.trial,
        "step": _number(item.step),
        "metrics": {name: _number(value) for name, value in item.values.items()},
    }


def _number(value: float | None) -> Json:
    """JSON knows no `nan` and no `inf`."""
    return value if value is None or math.isfinite(value) else str(value)


def _shown(found: Mapping[Key, Series], *, plotted: bool) -> Iterator[str]:
    if plotted:
        from submit.logs.harmless import harmless
        from submit.logs.plot import plot

        for (name, replica, trial), values in found.items():
            drawn = plot(values.points())
            if drawn:
                yield harmless(f"{name}  {replica}{f'/{trial}' if trial else ''}", colours=False)
                yield from (*drawn, "")
        return
    if found:
        head = ["METRIC", "REPLICA", "COUNT", "FIRST", "LAST", "MIN", "MAX", "LAST STEP"]
        yield from table(head, [_row(key, values) for key, values in found.items()])


def _row(key: Key, series_: Series) -> list[str]:
    name, replica, trial = key
    values, step = series_.values, series_.steps[-1]
    finite = [value for value in values if not math.isnan(value)] or values
    figures = [_figure(value) for value in (values[0], values[-1], min(finite), max(finite))]
    return [name, f"{replica}/{trial}" if trial else replica, str(len(values)), *figures, _exact(step)]


def _trials(measures: Iterable[tuple[str, str, Json]]) -> Iterator[str]:
    rows = [
        [trial, name, _figure(float(value)) if isinstance(value, int | float) else str(value)]
        for trial, name, value in measures
    ]
    if rows:
        yield from ("", *table(["TRIAL", "METRIC", "VALUE"], rows))


def _figure(value: float) -> str:
    return f"{value:.6g}"


def _exact(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
