"""What the commands print is what they were told."""

from __future__ import annotations

import pytest

from runline.cli.output import open_console, print_error


def test_nothing_is_guessed_at_in_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    text = "A graph of [red]colours[/red] :warning: 'and' 12"
    open_console().print(text)
    print_error(ValueError(text))
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == (f"{text}\n", f"Error: {text}\n")
