"""Progress of long work on the terminal: a bar for people, plain lines for logs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from marrowmap.pipeline import ProgressCall


@contextmanager
def shown(console: Console) -> Iterator[ProgressCall]:
    """A callback ``(step, done, total)`` that draws a bar; ``total`` 0 means unknown."""
    if not console.is_terminal:
        last = ""

        def line(step: str, done: int = 0, total: int = 0) -> None:
            nonlocal last
            if step != last:
                console.print(f"  {step}", highlight=False)
                last = step

        yield line
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, int] = {}

        def draw(step: str, done: int = 0, total: int = 0) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total or None)
            bars.update(tasks[step], completed=done, total=total or None)

        yield draw
