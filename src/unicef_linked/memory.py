"""How a process that forks others keeps memory, so that they share what it has and add little."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress
from typing import Final

_M_ARENA_MAX: Final = -8
"""mallopt(3): most pools of memory that threads allocate from."""


def use_one_arena() -> None:
    """Have all threads allocate from one pool, where glibc is: each keeps what it had at most.

    It is called before threads are started.
    """
    with suppress(AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def share_objects() -> None:
    """Leave what exists out of garbage collection, which writes to each object that it visits.

    A forked process then shares the pages of those objects until it uses them.
    """
    gc.freeze()
