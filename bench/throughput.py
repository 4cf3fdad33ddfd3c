"""Requests a second: queries uncached, queries from the answer cache, documents."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from bench import servers
from bench.load import Measured, measure
from bench.report import Line, Report, interleave, per_second, ratio

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.load import Request
    from bench.running import Run
    from bench.servers import Server

MIX_TARGETS: Final = {"Oxigraph server": 0.7, "rdflib-endpoint": 30.0}
CACHE_TARGETS: Final = {"Oxigraph server": 3.0}
DOCUMENT_TARGET: Final = 0.4


def queries(run: Run) -> Report:
    """Ten kinds of query, each request a different text: as a mix in turn, then each kind alone."""
    report = Report("queries: ten kinds, uncached and isolated")
    ours, peers = run.compared(report, servers.oxigraph, servers.rdflib_endpoint, servers.virtuoso)
    for kind, questions in (
        {"mix of ten": run.questions} | {q.kind: (q,) for q in run.questions}
    ).items():
        mix = questions is run.questions
        results = _in_turn(
            run,
            {
                s.name: (s, [q.request(s.sparql, different=True) for q in questions])
                for s in (ours, *peers)
            },
            seconds=run.seconds if mix else run.seconds / 2,
        )
        _compare(report, kind, results, ours, peers, MIX_TARGETS if mix else {})
    return report


def cache(run: Run) -> Report:
    """The same ten queries over and over."""
    report = Report("cache: the same ten queries repeated")
    ours, peers = run.compared(report, servers.oxigraph)
    results = _in_turn(
        run,
        {
            s.name: (s, [q.request(s.sparql, different=False) for q in run.questions])
            for s in (ours, *peers)
        },
    )
    _compare(report, "mix of ten", results, ours, peers, CACHE_TARGETS)
    return report


DOCUMENT: Final = "/doc/office/gao"
REPRESENTATIONS: Final = (
    ("Turtle", "text/turtle", "/gao.ttl"),
    ("JSON-LD", "application/ld+json", "/gao.jsonld"),
    ("HTML", "text/html", "/gao.html"),
)


def documents(run: Run) -> Report:
    """One entity as Turtle, JSON-LD, HTML and 304,
    beside nginx with the same bytes as static files.
    """
    report = Report("documents: dereferencing, beside the same bytes as static files")
    ours = run.ours()
    root = run.folder / "static"
    root.mkdir()
    for name, media_type, file in REPRESENTATIONS:
        status, headers, body = ours.get(DOCUMENT, _identity(media_type))
        if status != 200 or not headers["content-type"].startswith(media_type):
            raise ValueError(f"{DOCUMENT} as {name}: {status} {headers.get('content-type')}")
        (root / file.lstrip("/")).write_bytes(body)
    nginx = run.peer(report, servers.nginx, root)
    if nginx is None:
        return report
    targets = {nginx.name: DOCUMENT_TARGET}
    for name, media_type, file in REPRESENTATIONS:
        head = _identity(media_type)
        body = ours.get(DOCUMENT, head)[2]
        if body != nginx.get(file, head)[2]:
            raise ValueError(f"{name}: not the same bytes from both")
        results = _in_turn(
            run, {ours.name: (ours, [(DOCUMENT, head)]), nginx.name: (nginx, [(file, head)])}
        )
        _compare(report, f"{name}, {len(body) / 1000:.0f} kB", results, ours, [nginx], targets)
    requests: dict[str, tuple[Server, list[Request]]] = {}
    for server, path in ((ours, DOCUMENT), (nginx, "/gao.ttl")):
        head = _identity("text/turtle")
        conditional = head | {"If-None-Match": server.get(path, head)[1]["etag"]}
        if server.get(path, conditional)[0] != 304:
            raise ValueError(f"{server.name} does not answer 304 to its own entity tag")
        requests[server.name] = (server, [(path, conditional)])
    _compare(report, "304", _in_turn(run, requests), ours, [nginx], targets)
    return report


def _identity(media_type: str) -> dict[str, str]:
    """Return headers that ask for a media type without gzip:
    nginx would not pack a static file anew each time.
    """
    return {"Accept": media_type, "Accept-Encoding": "identity"}


def _in_turn(
    run: Run, requests: Mapping[str, tuple[Server, Sequence[Request]]], seconds: float | None = None
) -> dict[str, list[Measured]]:
    """Return what each server did with its requests, by name, in as many rounds as the run has."""
    measures = {
        name: partial(
            measure,
            server,
            wanted,
            seconds=seconds or run.seconds,
            folder=run.folder,
            connections=run.connections,
        )
        for name, (server, wanted) in requests.items()
    }
    return interleave(run.rounds, measures)


def _compare(
    report: Report,
    what: str,
    results: Mapping[str, Sequence[Measured]],
    ours: Server,
    peers: Sequence[Server],
    targets: Mapping[str, float],
) -> None:
    def rates(server: Server) -> list[float]:
        return [measured.rate for measured in results[server.name]]

    for peer in peers:
        value = ratio(rates(ours), rates(peer))
        report.lines.append(
            Line(
                what,
                per_second(rates(ours)),
                peer.name,
                per_second(rates(peer)),
                value,
                targets.get(peer.name),
            )
        )
