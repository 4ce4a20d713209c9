"""What the commands print with: tables and answers on standard output, errors on standard error."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

PIPED_WIDTH = 200
"""A pipe has no width of its own; 80 columns would break sentences in the middle."""

STATUS_COLOURS = {
    "success": "green",
    "error": "red",
    "timeout": "red",
    "interrupted": "yellow",
    "running": "cyan",
    "pending": "dim",
}
"""Of runs."""


def open_console() -> Console:
    """A console on standard output that never guesses at markup, emoji or colours in what it prints."""
    console = Console(highlight=False, markup=False, emoji=False)
    return console if console.is_terminal else Console(highlight=False, markup=False, emoji=False, width=PIPED_WIDTH)


def new_table(*headers: str) -> Table:
    """A plain table; the last column takes the sentences."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    for header in headers:
        table.add_column(header, overflow="fold")
    return table


def printable(text: str) -> str:
    """What somebody wrote, without the characters that command a terminal."""
    return "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text)


def print_notice(text: str) -> None:
    """A remark beside the output, on standard error."""
    Console(stderr=True, highlight=False, markup=False, emoji=False).print(text, style="dim", soft_wrap=True)


def print_error(error: Exception) -> None:
    """One red line on standard error."""
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    console.print(f"Error: {' '.join(str(error).split())}", style="red", soft_wrap=True)
