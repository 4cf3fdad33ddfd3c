"""The progress of a command, on standard error: on a terminal a bar, elsewhere lines."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE: Final = 2.0
"""Delay (s) before a bar is shown; a command that ends before shows none."""
_TICK: Final = 0.2
"""Interval (s) between two moves of a bar whose end is not known."""
_ITEM: Final = 40
"""Most characters of the text beside a bar."""


class Progress:
    """How much is done of a total."""

    def __init__(self, label: str) -> None:
        self._label, self._start, self._stack = label, time.monotonic(), ExitStack()
        self._terminal = sys.stderr.isatty()
        self._bar: Any = None

    def show(self, done: int, total: int, line: str = "", item: str = "") -> None:
        """Show a bar with ``item`` beside it on a terminal, elsewhere ``line`` unless empty."""
        if not self._terminal:
            if line:
                print(line, file=sys.stderr, flush=True)
        elif self._bar or time.monotonic() - self._start > _PATIENCE:
            bar = self._bar or self._open(total)
            bar.update(done - bar.pos, item[:_ITEM])

    def tick(self) -> None:
        """Move a bar whose end is not known."""
        (self._bar or self._open(None)).update(1)

    def tell(self, text: str) -> None:
        """Print a line that stays."""
        print(f"\n{text}" if self._bar else text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the bar's line."""
        self._stack.close()

    def _open(self, total: int | None) -> Any:
        bar: Any = click.progressbar(
            itertools.count() if total is None else None,
            length=total,
            label=self._label,
            item_show_func=lambda item: item,
            file=sys.stderr,
        )
        self._bar = self._stack.enter_context(bar)
        return bar


@contextmanager
def waiting(label: str) -> Iterator[None]:
    """Show a moving bar on a terminal while a task runs whose end is not known."""
    if not sys.stderr.isatty():
        yield
        return
    progress, over = Progress(label), threading.Event()

    def move() -> None:
        if not over.wait(_PATIENCE):
            while not over.wait(_TICK):
                progress.tick()

    thread = threading.Thread(target=move, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        progress.close()
