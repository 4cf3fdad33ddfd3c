"""How a process that forks others keeps memory, so that they share what it has and add little."""

from __future__ import annotations

import ctypes
import gc
import time
from contextlib import suppress
from typing import Final

_M_ARENA_MAX: Final = -8
"""mallopt(3): most pools of memory that threads allocate from."""
_INTERVAL: Final = 2.0
"""Time (s) between two looks at whether memory can be returned."""
_WORK: Final = 0.2
"""Processor time (s) of a process between two looks below which it has hardly got more memory."""


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


def return_memory() -> None:
    """Return to the kernel what is free, whenever there has been work; never returns.

    glibc keeps what answers took at most, for as long as anything lies after it (malloc_trim(3)).
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # another C library has none
    worked = time.process_time()
    while trim is not None:
        time.sleep(_INTERVAL)
        if time.process_time() - worked > _WORK:
            trim(0)
            worked = time.process_time()
