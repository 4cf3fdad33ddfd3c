"""Requests a second: queries uncached, queries from the answer cache, documents."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from bench import servers
from bench.load import Measured, measure
from bench.questions import JSON, QUESTIONS
from bench.report import Line, Report, interleave, per_second, ratio

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.running import Run
    from bench.servers import Server

MIX_TARGETS: Final = {"Oxigraph server": 0.7, "rdflib-endpoint": 30.0}
CACHE_TARGETS: Final = {"Oxigraph server": 3.0}
DOCUMENT_TARGET: Final = 0.4


def queries(run: Run) -> Report:
    """Ten kinds of query, each request a different text: as a mix in turn, then each kind alone."""
    report = Report("queries: ten kinds, uncached and isolated")
    ours, peers = run.compared(report, servers.oxigraph, servers.rdflib_endpoint, servers.virtuoso)
    accept = {"Accept": f"{JSON}, text/turtle"}
    kinds = {"mix of ten": QUESTIONS} | {q.kind: (q,) for q in QUESTIONS}
    for kind, questions in kinds.items():
        mix = questions is QUESTIONS
        seconds = run.seconds if mix else run.seconds / 3
        # rdflib-endpoint honours the first media type it knows, whatever the form of the query.
        head = accept if mix else {"Accept": questions[0].media_type}
        results = interleave(
            run.rounds,
            {
                s.name: partial(
                    measure,
                    s,
                    [q.path(s.sparql, different=True) for q in questions],
                    head,
                    seconds=seconds,
                    folder=run.folder,
                )
                for s in (ours, *peers)
            },
        )
        _compare(report, kind, results, ours, peers, MIX_TARGETS if mix else {})
    return report


def cache(run: Run) -> Report:
    """The same ten queries over and over."""
    report = Report("cache: the same ten queries repeated")
    ours, peers = run.compared(report, servers.oxigraph)
    results = interleave(
        run.rounds,
        {
            s.name: partial(
                measure,
                s,
                [q.path(s.sparql, different=False) for q in QUESTIONS],
                {"Accept": f"{JSON}, text/turtle"},
                seconds=run.seconds,
                folder=run.folder,
            )
            for s in (ours, *peers)
        },
    )
    _compare(report, "mix of ten", results, ours, peers, CACHE_TARGETS)
    return report


DOCUMENT: Final = "/doc/office/gao"
REPRESENTATIONS: Final = {"Turtle": ("text/turtle", "ttl"), "JSON-LD": ("application/ld+json", "jsonld"), "HTML": ("text/html", "html")}  # fmt: skip


def documents(run: Run) -> Report:
    """One entity as Turtle, JSON-LD, HTML and 304, beside nginx with the same bytes as static files."""
    report = Report("documents: dereferencing, beside the same bytes as static files")
    ours = run.ours()
    root = run.folder / "static"
    root.mkdir()
    heads = {name: {"Accept": media_type, "Accept-Encoding": "identity"} for name, (media_type, _) in REPRESENTATIONS.items()}  # fmt: skip
    for name, (media_type, suffix) in REPRESENTATIONS.items():
        status, headers, body = ours.get(DOCUMENT, heads[name])
        if status != 200 or not headers["content-type"].startswith(media_type):
            raise ValueError(f"{DOCUMENT} as {name}: {status} {headers.get('content-type')}")
        (root / f"gao.{suffix}").write_bytes(body)
    nginx = run.peer(report, servers.nginx, root)
    if nginx is None:
        return report
    for name, (_, suffix) in REPRESENTATIONS.items():
        pairs = {ours.name: (ours, DOCUMENT), nginx.name: (nginx, f"/gao.{suffix}")}
        first, second = (server.get(path, heads[name])[2] for server, path in pairs.values())
        if first != second:
            raise ValueError(f"{name}: not the same bytes from both")
        requests = {key: (*pair, heads[name]) for key, pair in pairs.items()}
        _documents(run, report, f"{name}, {len(first) / 1000:.0f} kB", requests, (ours, nginx))
    requests = {}
    for server, path in ((ours, DOCUMENT), (nginx, "/gao.ttl")):
        head = heads["Turtle"]
        conditional = head | {"If-None-Match": server.get(path, head)[1]["etag"]}
        if server.get(path, conditional)[0] != 304:
            raise ValueError(f"{server.name} does not answer 304 to its own entity tag")
        requests[server.name] = (server, path, conditional)
    _documents(run, report, "304", requests, (ours, nginx))
    return report


def _documents(
    run: Run,
    report: Report,
    what: str,
    requests: Mapping[str, tuple[Server, str, Mapping[str, str]]],
    pair: tuple[Server, Server],
) -> None:
    results = interleave(
        run.rounds,
        {
            name: partial(measure, server, [path], head, seconds=run.seconds, folder=run.folder)
            for name, (server, path, head) in requests.items()
        },
    )
    _compare(report, what, results, pair[0], pair[1:], {pair[1].name: DOCUMENT_TARGET})


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
            Line(what, per_second(rates(ours)), peer.name, per_second(rates(peer)), value, targets.get(peer.name))
        )
