"""What a terminal is given of a trainer's text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submit.logs.harmless import harmless

RED, RESET = "\x1b[31m", "\x1b[0m"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ☃ text", "plain ☃ text"),
        ("tab\tand\nnewline stay", "tab\tand\nnewline stay"),
        (f"{RED}red{RESET}", "red"),
        ("bell \x07 and null \x00", "bell \\x07 and null \\x00"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("up\x1b[2Aand clear\x1b[2J", "upand clear"),
        ("\x9b31mC1 codes\x85", "C1 codes\\x85"),
        ("hidden \u202egnp.exe", "hidden \\u202egnp.exe"),
        (" 10%|#\r 50%|##\r100%|####", "100%|####"),
        ("done\r", "done"),
        ("windows\r\nlines\r\n", "windows\nlines\n"),
        ("\r\r", ""),
    ],
)
def test_away_from_a_terminal_there_is_text_alone(text: str, shown: str) -> None:
    assert harmless(text, colours=False) == shown


def test_on_a_terminal_colours_stay_and_end_with_the_entry() -> None:
    assert harmless(f"{RED}red", colours=True) == f"{RED}red{RESET}"
    assert harmless(f"{RED}red\x1b[2J\x07", colours=True) == f"{RED}red\\x07{RESET}"
    assert harmless("\x1b[2Kplain", colours=True) == "plain"


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("a\x1b[]m;3\x07\x9b\r\n\t\x00\u202e(0#")), st.booleans())
def test_nothing_of_any_text_controls_the_terminal_but_colours(text: str, colours: bool) -> None:
    shown = harmless(text, colours=colours)
    without_colours = re.sub(r"\x1b\[[0-9;:]*m", "", shown) if colours else shown
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", without_colours)


def test_a_long_line_is_kept_whole() -> None:
    line = "x" * 1_000_000 + "\x07"
    assert len(harmless(line, colours=True)) == 1_000_004
