"""Where a command writes its result."""

from __future__ import annotations

import contextlib
import shutil
import sys
from typing import TYPE_CHECKING, BinaryIO

from unicef_linked.errors import UnusableInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def warn(sentence: str) -> None:
    """Print a line on standard error; the exit status stays as it is."""
    print(f"unicef-linked: {sentence}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def remarks() -> Iterator[Callable[[str], object]]:
    """Give a function that takes remarks; they are printed at the end, after any progress."""
    sentences: list[str] = []
    try:
        yield sentences.append
    finally:
        for sentence in dict.fromkeys(sentences):
            warn(sentence)


def write(source: BinaryIO, out: Path | None) -> None:
    """Write to standard output or, whole or not at all, to a file. Raises UnusableInput."""
    if out is None:
        shutil.copyfileobj(source, sys.stdout.buffer)
        return
    partial = out.with_name(f".{out.name}.partial")
    try:
        with partial.open("wb") as file:
            shutil.copyfileobj(source, file)
        partial.replace(out)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise UnusableInput(f"{out} cannot be written: {error.strerror}") from None
