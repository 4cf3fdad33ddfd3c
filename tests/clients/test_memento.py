"""memento-client: it finds the state of a document at any date, and its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.conftest import Clients
    from tests.conftest import Server

    from unicef_linked.release import Release


def test_memento_client_finds_the_state_of_each_date(
    serve: Callable[..., Server], clients: Clients, chain: tuple[Release, ...]
) -> None:
    server = serve("--release", str(chain[-1].path), "--workers", "1")
    original = f"{server.url}/doc/region/alpha.ttl"
    states = [f"{server.url}/release/{r.manifest.name}/doc/region/alpha.ttl" for r in chain]
    dates = ("2023-06-01", "2024-02-15", "2024-04-02", "2030-01-01")
    found = clients.python("memento.py", original, *dates)
    assert [info["closest"] for info in found] == [states[0], states[1], states[3], states[4]]
    for info, number in zip(found, (0, 1, 3, 4), strict=True):
        assert info["original"] == original
        assert (info["first"], info["last"]) == (states[0], states[-1])
        assert info.get("prev") == (states[number - 1] if number else None)
        assert info.get("next") == (states[number + 1] if number < 4 else None)
