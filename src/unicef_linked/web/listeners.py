"""The sockets that web workers take connections from: one for each, all held by the main process.

The kernel spreads connections over sockets that share a port (``SO_REUSEPORT``, socket(7)). With
one socket for all workers, whoever wakes first takes all that wait: a client that opens many
connections at once would be answered by one worker alone. Since the main process holds all sockets,
what waits at one when its worker ends is taken by the next worker, not reset.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from granian._granian import ListenerSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from granian._granian import SocketHolder

_SO_ATTACH_REUSEPORT_CBPF: Final = 51
"""Option of Linux that Python does not name (asm-generic/socket.h)."""
_LOAD, _MODULO, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x94, 0x15, 0x06
"""Instructions of classic BPF (linux/bpf_common.h): load an absolute word, and those of a value."""
_RANDOM: Final = 0xFFFFF000 + 56
"""Where a random number is loaded from (linux/filter.h, SKF_AD_OFF + SKF_AD_RANDOM)."""


class Listeners:
    """Listening sockets of one address, numbered from 0."""

    def __init__(self, host: str, port: int, backlog: int, count: int) -> None:
        self._holders = [ListenerSpec(host, port, backlog).build() for _ in range(count)]
        self._sockets = [socket.socket(fileno=holder.get_fd()) for holder in self._holders]
        for listening in self._sockets:
            listening.set_inheritable(True)
            listening.listen(backlog)  # in this order they have the indexes of ``prefer``

    def __len__(self) -> int:
        return len(self._sockets)

    def __getitem__(self, index: int) -> tuple[SocketHolder, socket.socket]:
        """Return a socket as Granian has it, and as Python has it."""
        return self._holders[index], self._sockets[index]

    def prefer(self, indexes: Sequence[int]) -> None:
        """Have new connections go to these sockets, each as often as another.

        Where there are none, or the kernel takes no program, they are spread as before.
        """
        if not indexes:
            return
        program = b"".join(_program(indexes))
        buffer = ctypes.create_string_buffer(program, len(program))
        # struct sock_fprog (linux/filter.h): the number of instructions, and where they are
        filter_ = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
        with suppress(OSError):
            self._sockets[0].setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, filter_)

    def close(self) -> None:
        """Close all sockets in this process."""
        for listening in self._sockets:
            listening.close()


def _program(indexes: Sequence[int]) -> list[bytes]:
    """Return the instructions that choose one of the indexes of a group of sockets at random."""
    *others, last = indexes
    program = [_instruction(_LOAD, _RANDOM), _instruction(_MODULO, len(indexes))]
    for number, index in enumerate(others):
        program.append(_instruction(_JUMP_IF_EQUAL, number, unless_skip=1))
        program.append(_instruction(_RETURN, index))
    return [*program, _instruction(_RETURN, last)]


def _instruction(code: int, value: int, *, unless_skip: int = 0) -> bytes:
    """Return a struct sock_filter (linux/filter.h)."""
    return struct.pack("=HBBI", code, 0, unless_skip, value)
