"""The progress of a command, on standard error: on a terminal a bar, elsewhere lines."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from unicef_linked.build.stages import Reached

_PATIENCE: Final = 2.0
"""Delay (s) before a bar is shown; a command that ends before shows none."""
_TICK: Final = 0.2
"""Interval (s) between two moves of a bar whose end is not known."""
_LINES: Final = 10.0
"""Interval (s) between two lines about one stage."""
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
            bar.length = total
            bar.update(done - bar.pos, item[:_ITEM])

    def tick(self) -> None:
        """Move a bar whose end is not known."""
        if self._bar or time.monotonic() - self._start > _PATIENCE:
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
    with closing(Progress(label)) as progress, _ticking(progress):
        yield


@contextmanager
def _ticking(progress: Progress | Stages) -> Iterator[None]:
    """Move a bar on a terminal while a task runs."""
    if not sys.stderr.isatty():
        yield
        return
    over = threading.Event()

    def move() -> None:
        while not over.wait(_TICK):
            progress.tick()

    thread = threading.Thread(target=move, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Stages:
    """The stages of a task: on a terminal a bar for each, elsewhere lines if they are asked for."""

    def __init__(self, label: str, *, lines: bool) -> None:
        self._label, self._lines = label, lines
        self._lock = threading.Lock()
        self._reached: Reached | None = None
        self._bar = Progress(label)
        self._told = 0.0

    def show(self, reached: Reached) -> None:
        """Show how far a stage is."""
        with self._lock:
            is_new = self._reached is None or self._reached.number != reached.number
            self._reached = reached
            text = f"{reached.number} of {reached.stages}, {reached.name}"
            if is_new:
                self._bar.close()
                self._bar = Progress(f"{self._label}: {text}")
            line = ""
            if self._lines and (is_new or time.monotonic() - self._told > _LINES):
                self._told = time.monotonic()
                share = f", {100 * reached.done // reached.total} %" if reached.total else ""
                line = f"{self._label}: {text}{share}"
            if reached.total or not sys.stderr.isatty():
                self._bar.show(reached.done, reached.total, line)

    def tick(self) -> None:
        """Move the bar of a stage whose end is not known."""
        with self._lock:
            if self._reached and not self._reached.total:
                self._bar.tick()

    def close(self) -> None:
        """End the last bar's line."""
        with self._lock:
            self._bar.close()


@contextmanager
def staged(label: str, *, lines: bool = False) -> Iterator[Callable[[Reached], None]]:
    """Give a function that shows the stages of a task; ``lines`` are for what is no terminal."""
    with closing(Stages(label, lines=lines)) as stages, _ticking(stages):
        yield stages.show
