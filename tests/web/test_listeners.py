"""The sockets of the web workers: connections are spread over all, and none is lost."""

from __future__ import annotations

import socket
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Final

import pytest
from bench.servers import free_port

from unicef_linked.web.listeners import Listeners

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST: Final = "127.0.0.1"
CONNECTIONS: Final = 60
"""That none of so many is given to one of two sockets happens once in 2 to the power of 60."""


@contextmanager
def listening(count: int) -> Iterator[tuple[Listeners, int]]:
    """Yield sockets of one free port, and the port."""
    port = free_port()
    with closing(Listeners(HOST, port, 128, count)) as listeners:
        yield listeners, port


def connect(port: int, stack: ExitStack) -> None:
    """Open connections that last as long as the stack."""
    for _ in range(CONNECTIONS):
        stack.enter_context(socket.create_connection((HOST, port)))


def waiting(listeners: Listeners) -> list[int]:
    """Take all connections; return how many waited at each socket."""
    return [taken(listeners[index][1]) for index in range(len(listeners))]


def taken(listener: socket.socket) -> int:
    """Take all connections that wait at a socket; return how many they were."""
    listener.setblocking(False)
    for number in range(CONNECTIONS + 1):
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return number
    raise AssertionError("more connections than were made")


def test_connections_are_spread_over_the_sockets() -> None:
    with listening(2) as (listeners, port), ExitStack() as stack:
        connect(port, stack)
        numbers = waiting(listeners)
    assert sum(numbers) == CONNECTIONS
    assert 0 not in numbers


@pytest.mark.parametrize("preferred", [(0,), (1,), (2,), (0, 2), (1, 2), (0, 1, 2)])
def test_connections_go_to_the_sockets_preferred(preferred: tuple[int, ...]) -> None:
    with listening(3) as (listeners, port), ExitStack() as stack:
        listeners.prefer(preferred)
        connect(port, stack)
        numbers = waiting(listeners)
    assert sum(numbers) == CONNECTIONS
    assert {index for index, number in enumerate(numbers) if number} == set(preferred)


def test_where_none_is_preferred_the_choice_stays() -> None:
    with listening(2) as (listeners, port), ExitStack() as stack:
        listeners.prefer([1])
        listeners.prefer([])
        connect(port, stack)
        assert waiting(listeners) == [0, CONNECTIONS]


def test_what_waits_at_a_socket_is_kept_for_who_takes_it_next() -> None:
    with listening(2) as (listeners, port), ExitStack() as stack:
        listeners.prefer([0])
        connect(port, stack)
        listeners.prefer([1])
        assert waiting(listeners) == [CONNECTIONS, 0]
