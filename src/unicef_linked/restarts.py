"""How often a process that ends is started again, and how long is waited before.

Used for the query processes and for the web workers: both end at once when something lasting is
wrong (no memory, no release), and restarting them without a pause would only take up a processor.
"""

from __future__ import annotations

import signal
from typing import Final

_FIRST_PAUSE: Final = 0.1
"""Pause before the first restart (s); each further one is twice as long."""
_LONGEST_PAUSE: Final = 30.0
"""Longest pause (s)."""
_STABLE: Final = 60.0
"""A process that ran for so long (s) was healthy: its end begins a new count."""


class Restarts:
    """Counts the consecutive restarts of a process; ``most`` are allowed."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.attempts = 0

    def pause(self, ran: float) -> float | None:
        """Return the seconds to wait before the next restart; None after the last one.

        ``ran`` is how long the process that has ended did its work (s).

        >>> restarts = Restarts(most=3)
        >>> [restarts.pause(0.0) for _ in range(4)]
        [0.1, 0.2, 0.4, None]
        >>> restarts.pause(3600.0)
        0.1
        """
        self.attempts = 1 if ran >= _STABLE else self.attempts + 1
        if self.attempts > self._most:
            return None
        return min(_LONGEST_PAUSE, _FIRST_PAUSE * (1 << (self.attempts - 1)))


def ending(status: int | None) -> str:
    """Return why a process ended, from the exit status that Python gives.

    >>> ending(-9), ending(1)
    ('killed by SIGKILL', 'exit status 1')
    """
    if status is None or status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"
