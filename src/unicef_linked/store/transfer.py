"""Load a release into an engine elsewhere, in parts, and have the engine count what arrived."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal

from unicef_linked.errors import EngineUnavailable, UnusableInput
from unicef_linked.store.graph_store import GraphStore
from unicef_linked.store.load_record import Accepted, LoadRecord, Transfer
from unicef_linked.store.parts import PART, Part, cut
from unicef_linked.store.remote import Endpoint
from unicef_linked.store.solutions import read_solutions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from unicef_linked.config import Settings
    from unicef_linked.release import Release

_COUNT_TIMEOUT: Final = 600.0
"""Timeout of counting and probing queries (s)."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a load: ``done`` of ``total`` statements, ``earlier`` of them by earlier runs."""

    done: int
    earlier: int
    total: int
    graph: str  # of the part that was accepted last; "": the default graph


Report = Callable[[Progress | str], None]
"""Receives progress, and messages for the operator."""


def load(
    release: Release,
    store: str,
    endpoint: str | None,
    settings: Settings,
    report: Report,
    *,
    again: bool = False,
    part_size: int = PART,
) -> bool:
    """Load a release: its named graphs and its default graph replace those of the same names.

    A load that was interrupted goes on, and one that is complete returns False, unless ``again``.
    ``endpoint`` shows whether the engine's default graph is the union, and counts the statements.
    Raises EngineUnavailable; raises UnusableInput when the engine refuses a part or counts other
    statements than it has accepted.
    """
    with ExitStack() as stack:
        graphs = stack.enter_context(closing(GraphStore(store, settings)))
        queries = None
        if endpoint:
            queries = stack.enter_context(closing(Endpoint(endpoint, settings, {})))
        run = _Load(release, graphs, queries, report, part_size)
        record = LoadRecord(store)
        accepted = None if again else run.read(record)
        if accepted is None:
            accepted = Accepted(Transfer(release.manifest.sha256, part_size, run.sends_union()))
        if accepted.is_complete:
            return False
        run.check(run.send(accepted, record))
        record.end()
    return True


@dataclass(frozen=True, slots=True)
class _Load:
    release: Release
    graphs: GraphStore
    queries: Endpoint | None
    report: Report
    part_size: int  # bytes

    def read(self, record: LoadRecord) -> Accepted | None:
        """Return what was accepted of this release and is still there; None for nothing."""
        accepted = record.read()
        if accepted is None or not accepted.parts:
            return None
        transfer = accepted.transfer
        if transfer.release != self.release.manifest.sha256 or transfer.part != self.part_size:
            return None
        if self.queries:
            counts = _count(self.queries)
            if lack := _difference(accepted.by_graph(), counts, exactly=accepted.is_complete):
                self.report(f"an earlier load is not there any more ({lack}): it begins anew")
                return None
        return accepted

    def sends_union(self) -> bool:
        """Tell whether the default graph is to be sent as the union of all graphs."""
        if not self.release.manifest.union:
            return False
        if self.queries is None or not self._has_union(self.queries):
            return True
        self.report(
            "the engine's default graph is the union of its graphs: it is not loaded by itself"
        )
        return False

    def _has_union(self, queries: Endpoint) -> bool:
        """Tell whether the default graph is the union, by a probe loaded into a named graph."""
        probe = self.release.names.graph("load-probe")
        refusal = self.graphs.replace(probe, f"<{probe}> <{probe}> <{probe}> .\n".encode())
        if refusal:
            raise UnusableInput(f"{self.graphs.name} does not take a graph: {refusal}")
        try:
            return queries.ask(f"ASK {{ <{probe}> ?p ?o }}", timeout=_COUNT_TIMEOUT)
        finally:
            self.graphs.delete(probe)

    def send(self, accepted: Accepted, record: LoadRecord) -> dict[str, int]:
        """Send what was not accepted yet; return the number of statements of each graph."""
        record.begin(accepted)
        union, total = accepted.transfer.union, self.release.manifest.quads
        counts = accepted.by_graph()
        earlier = sum(number for graph, number in counts.items() if graph or not union)
        if earlier:
            self.report(f"{earlier:,} of {total:,} statements were loaded before")
        done = earlier
        with closing(cut(self.release, union=union, size=self.part_size)) as parts:
            for number, part in enumerate(parts, start=1):
                if number <= len(accepted.parts):
                    continue
                try:
                    self._send_part(part, may_be_refused=union and not self.queries)
                except (EngineUnavailable, UnusableInput) as error:
                    raise type(error)(
                        f"{error}; part {number} failed after {done:,} of {total:,} statements: "
                        "load goes on from there when it is run again"
                    ) from None
                record.add(part.graph, part.statements)
                counts[part.graph] = counts.get(part.graph, 0) + part.statements
                if part.graph or not union:
                    done += part.statements
                self.report(Progress(done, earlier, total, part.graph))
        return counts

    def _send_part(self, part: Part, *, may_be_refused: bool) -> None:
        """Send a part; an engine without a default graph of its own may refuse that."""
        send = self.graphs.replace if part.is_first else self.graphs.add
        refusal = send(part.graph, part.body)
        if not refusal:
            return
        if part.graph or not may_be_refused:
            name = part.graph or "the default graph"
            raise UnusableInput(f"{self.graphs.name} does not take {name}: {refusal}")
        if part.is_first:
            self.report(
                f"the engine keeps no default graph of its own ({refusal}): "
                "see that it is the union of all"
            )

    def check(self, sent: Mapping[str, int]) -> None:
        """Compare the engine's counts with what was sent; report graphs of older releases."""
        if self.queries is None:
            return
        counts = _count(self.queries)
        if difference := _difference(sent, counts, exactly=True):
            raise UnusableInput(f"{difference}; load --again sends everything once more")
        own = self.release.names.graph("")
        older = sorted(name for name in counts.keys() - sent if name.startswith(own))
        if older:
            self.report(f"not of this release, and still there: {', '.join(older)}")


def _count(endpoint: Endpoint) -> dict[str, int]:
    """Return the number of statements of each graph of an engine."""
    counts = {}
    for query in (
        "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
        "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    ):
        for row in endpoint.read(query, read_solutions, timeout=_COUNT_TIMEOUT, ceiling=1 << 30):
            if isinstance(row["n"], Literal):
                counts[getattr(row.get("g"), "value", "")] = int(row["n"].value)
    return counts


def _difference(sent: Mapping[str, int], counts: Mapping[str, int], *, exactly: bool) -> str:
    """Say which graph has not the statements that were sent, "" for none; it may have more of them.

    With ``exactly`` only the default graph may: it may hold other datasets, and the engine's own.
    """
    for graph, number in sent.items():
        counted = counts.get(graph, 0)
        if counted < number or (exactly and graph and counted > number):
            name = graph or "the default graph"
            return f"{name} has {number:,} statements, the engine counts {counted:,}"
    return ""
