"""Every file of the catalogue says where it is from and of when, and is as regular as its readers take it to be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import submit.catalogue
from submit.catalogue.tables import as_of, rows, text

DATA = Path(submit.catalogue.__file__).parent / "data"
TABLES = sorted(path.stem for path in DATA.glob("*.csv"))


def test_there_are_as_many_tables_as_the_readme_describes() -> None:
    described = re.findall(r"^\| `(\w+)\.csv`", (DATA / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(described) == TABLES


@pytest.mark.parametrize("table", TABLES)
def test_a_table_names_its_source_and_its_date(table: str) -> None:
    assert text(table).startswith("# source: ")
    assert re.fullmatch(r"20\d\d-\d\d(-\d\d)?", as_of(table))


@pytest.mark.parametrize("table", TABLES)
def test_all_rows_of_a_table_have_its_columns_and_no_space_around_values(table: str) -> None:
    columns = text(table).splitlines()[2].split(",")
    for row in rows(table):
        assert len(row) == len(columns), row
        assert [value.strip() for value in row] == row


@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_there_twice(table: str) -> None:
    all_rows = list(map(tuple, rows(table)))
    assert len(set(all_rows)) == len(all_rows)
