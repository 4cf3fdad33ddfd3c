"""``--engine`` by name.

``run_engine`` starts what must run beside the web workers, ``open_store`` opens one worker's store.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from unicef_linked.errors import UnusableInput
from unicef_linked.release.engine_index import LARGE, open_index
from unicef_linked.store.embedded import Embedded, read_content
from unicef_linked.store.loading import index_release, open_positions
from unicef_linked.store.pool.launcher import run_evaluators

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyoxigraph as ox

    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store import Store
    from unicef_linked.store.embedded import Content

AUTO: Final = "auto"
"""The name that means memory or disk, by the size of the release."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that runs: what a web worker, forked from this process, opens its store with."""

    name: str
    queries: str = ""  # address of the query processes
    content: Content | None = None  # the statements, which all web workers share


def check_engine(name: str) -> str:
    """Return ``name`` if it is a known engine; raises UnusableInput otherwise."""
    if name in {AUTO, "memory", "disk"} or name.startswith(("http://", "https://")):
        return name
    raise UnusableInput(
        f"--engine {name} is not known; use auto, memory, disk, or the http(s) address of a SPARQL "
        "endpoint"
    )


def chosen_engine(name: str, release: Release) -> str:
    """Return the engine that a name means for a release."""
    if name != AUTO:
        return name
    return "disk" if release.manifest.quads >= LARGE else "memory"


@contextmanager
def run_engine(
    name: str,
    release: Release,
    settings: Settings,
    *,
    give_up: Callable[[], object] = lambda: None,
) -> Iterator[Engine]:
    """Run what an engine needs beside the web workers, until the end of the block.

    ``give_up`` is called, by another thread, when that cannot be kept running. Raises
    EngineUnavailable when a remote engine does not answer, UnusableInput when it does not hold the
    release.
    """
    name = chosen_engine(name, release)
    if name == "memory":
        with ExitStack() as stack:
            with ThreadPoolExecutor(1) as thread:  # while the query processes read it too
                reading = thread.submit(read_content, release)
                running = run_evaluators(release, settings, give_up=give_up)
                evaluators = stack.enter_context(running)
            yield Engine(name, evaluators.address, reading.result())
    elif name == "disk":
        make_index = partial(index_release, release)
        with run_evaluators(release, settings, make_index, give_up=give_up) as evaluators:
            yield Engine(name, evaluators.address, open_positions(release))
    else:
        from unicef_linked.store.remote import Remote  # it loads requests, which nothing else needs

        remote = Remote(name, release, settings)
        try:
            remote.verify()
        finally:
            remote.close()
        yield Engine(name)


class EngineStart:
    """An engine that a thread starts, while other parts of the program are loaded."""

    def __init__(self, name: str, release: Release, settings: Settings) -> None:
        self._give_up: Callable[[], object] = lambda: None
        self._stack = ExitStack()
        block = run_engine(name, release, settings, give_up=lambda: self._give_up())
        thread = ThreadPoolExecutor(1)
        self._entering = thread.submit(self._stack.enter_context, block)
        thread.shutdown(wait=False)  # it ends with its work

    @contextmanager
    def running(self, give_up: Callable[[], object]) -> Iterator[Engine]:
        """Give the engine when it runs, as ``run_engine`` does; end it with the block."""
        self._give_up = give_up
        try:
            yield self._entering.result()
        finally:
            self.close()

    def close(self) -> None:
        """End the engine; once it has ended, nothing happens."""
        wait([self._entering])
        self._stack.close()


def open_store(engine: Engine, release: Release, settings: Settings) -> Store:
    """Return one web worker's store over a running engine."""
    if not engine.queries:
        from unicef_linked.store.remote import Remote

        return Remote(engine.name, release, settings)
    if engine.name == "memory":
        return Embedded(release, engine.queries, settings, engine.content)
    open_engine = partial(_open_index, release)
    return Embedded(release, engine.queries, settings, engine.content, open_engine)


def _open_index(release: Release) -> ox.Store:
    return open_index(index_release(release))
