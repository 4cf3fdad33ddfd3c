"""``--engine`` by name.

``run_engine`` starts what must run beside the web workers, ``open_store`` opens one worker's store.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from unicef_linked.errors import UnusableInput
from unicef_linked.store.embedded import Embedded
from unicef_linked.store.loading import index_release
from unicef_linked.store.pool.launcher import run_evaluators
from unicef_linked.store.remote import Remote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store import Store

Engine = dict[str, str]
"""What a web worker, which is a process of its own, needs to open its store; JSON."""


def check_engine(name: str) -> str:
    """Return ``name`` if it is a known engine; raises UnusableInput otherwise."""
    if name in {"memory", "disk"} or name.startswith(("http://", "https://")):
        return name
    raise UnusableInput(
        f"--engine {name} is not known; use memory, disk, or the http(s) address of a SPARQL "
        "endpoint"
    )


@contextmanager
def run_engine(
    name: str,
    release: Release,
    settings: Settings,
    *,
    give_up: Callable[[], object] = lambda: None,
) -> Iterator[Engine]:
    """Run what an engine needs beside the web workers, until the end of the block.

    ``give_up`` is called, by another thread, when that cannot be kept running. Raises EngineUnavailable when a remote engine does not answer, UnusableInput when it does not
    hold the release.
    """
    if name in {"memory", "disk"}:
        make_index = partial(index_release, release) if name == "disk" else None
        with run_evaluators(release, settings, make_index, give_up=give_up) as evaluators:
            yield {"name": name, "queries": evaluators.address}
    else:
        remote = Remote(name, release, settings)
        try:
            remote.verify()
        finally:
            remote.close()
        yield {"name": name}


def open_store(engine: Mapping[str, str], release: Release, settings: Settings) -> Store:
    """Return one web worker's store over a running engine."""
    if engine["name"] in {"memory", "disk"}:
        index = index_release(release) if engine["name"] == "disk" else None
        return Embedded(release, engine["queries"], settings, index)
    return Remote(engine["name"], release, settings)
