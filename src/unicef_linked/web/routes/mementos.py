"""Documents as they were in each release, by RFC 7089 (Memento): mementos, TimeGates, TimeMaps.

Every document below /doc/, /dataset and /ontology is its own TimeGate (pattern 1.1 of section 4.1).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, redirect, request
from pyoxigraph import NamedNode

from unicef_linked import addresses
from unicef_linked.dataset.description import Description
from unicef_linked.dataset.past import is_withdrawn
from unicef_linked.dataset.published import PublishedDataset
from unicef_linked.errors import BadParameter, NotARelease, NotFound
from unicef_linked.metadata.versions import describe_mementos
from unicef_linked.presentation.layout import read as read_layout
from unicef_linked.presentation.locator_map import LocatorMaps
from unicef_linked.rdf.formats import DOCUMENT_FORMATS, GRAPH_FORMATS, Carries, Format
from unicef_linked.release.kept import release_at
from unicef_linked.release.verification import open_whole_release
from unicef_linked.store.statements import LoadedStatements
from unicef_linked.web.identifiers import find_entity
from unicef_linked.web.responses import CACHE, JSON, link, negotiate, vary
from unicef_linked.web.routes import documentation, pages, resources
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from unicef_linked.dataset.past import Past
    from unicef_linked.release import Release
    from unicef_linked.web.responder import Responder

LINK_FORMAT: Final = Format(
    "link-format", "application/link-format", "link", Carries.PAGE, "Link format", text=True
)
"""TimeMaps by RFC 6690, which RFC 7089, section 5, requires."""

FOREVER: Final = "public, max-age=31536000, immutable"
"""A memento never changes: caches keep it for a year without asking again (RFC 8246)."""

_OPEN: Final = 4
"""Releases whose pages stay prepared: a bound on memory."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A release, prepared for its documents to be shown."""

    responder: Responder
    parts: resources.PageParts


class Archive:
    """The kept releases as documents; those that were asked for last stay prepared."""

    def __init__(self, present: Responder, past: Past) -> None:
        self._present, self.past = present, past
        self._opened: OrderedDict[str, Opened] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, name: str) -> Opened:
        """Return a release; raises NotFound for one that is not kept or not whole."""
        with self._lock:
            opened = self._opened.get(name) or self._open(name)
            self._opened[name] = opened
            self._opened.move_to_end(name)
            while len(self._opened) > _OPEN:
                self._opened.popitem(last=False)
            return opened

    def _open(self, name: str) -> Opened:
        release = self.past.find(name)
        try:
            open_whole_release(release.path)
        except NotARelease as error:
            raise NotFound(f"release {name} is not answered from: {error}") from None
        dataset = PublishedDataset(release, self.past.store(release))
        responder = replace(self._present, dataset=dataset, memento=release.manifest)
        key_facts = dataset.names.term("KeyFacts")
        layout = read_layout(release.shapes(), dataset.superclasses, key_facts)
        return Opened(responder, resources.PageParts(layout, LocatorMaps()))


# Which releases have a document


def _stem(path: str) -> str:
    """Return the path of a document without the extension of a format.

    >>> _stem("/dataset.ttl"), _stem("/doc/region/gao")
    ('/dataset', '/doc/region/gao')
    """
    stem, _, suffix = path.rpartition(".")
    return stem if stem and suffix in _SUFFIXES else path


_SUFFIXES: Final = frozenset(
    suffix for offer in DOCUMENT_FORMATS for suffix in (offer.suffix, *offer.suffixes)
)


def is_time_gate(path: str) -> bool:
    """Tell whether a path on this server is that of a document that is kept in each release."""
    return path.startswith("/doc/") or _stem(path) in {addresses.DATASET, addresses.ONTOLOGY}


def releases_with(responder: Responder, past: Past, path: str) -> list[Release]:
    """Return the kept releases in which there is a document at a path, oldest first."""
    if not is_time_gate(path):
        return []
    steps = path.strip("/").split("/")
    if len(steps) == 1:
        return list(past.readable())
    if len(steps) == 2:
        types = {steps[1], _stem(path).rpartition("/")[2]}
        beginnings = [f"<{responder.names.entities}{name}/".encode() for name in types]
        return [r for r in past.readable() if _has_beginning(past, r, beginnings)]
    name = path.removeprefix("/doc/")
    return [r for r in past.readable() if _describes(responder, past, r, name)]


def _has_beginning(past: Past, release: Release, beginnings: Sequence[bytes]) -> bool:
    lines = past.store(release).lines
    return any(next(lines.beginning(b), None) is not None for b in beginnings)


def _describes(responder: Responder, past: Past, release: Release, name: str) -> bool:
    statements = LoadedStatements(past.store(release))
    try:
        iri, _ = find_entity(responder.names, statements, name)
    except NotFound:
        return False
    return not is_withdrawn(statements.match(NamedNode(iri)))


# Links and dates


def http_date(instant: datetime) -> str:
    """Return a date as HTTP has it (RFC 9110, section 5.6.7).

    >>> http_date(datetime(2024, 1, 1, 12, tzinfo=UTC))
    'Mon, 01 Jan 2024 12:00:00 GMT'
    """
    return format_datetime(instant, usegmt=True)


def parse_http_date(text: str) -> datetime:
    """Return a date as HTTP has it; raises BadParameter for another text (RFC 7089, 4.5.3)."""
    try:
        instant = parsedate_to_datetime(text)
        if instant.tzinfo is None:
            raise ValueError
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadParameter(
            f"Accept-Datetime: {text!r} is no date, such as {http_date(_EXAMPLE)}"
        ) from None


_EXAMPLE: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)


def _links(
    responder: Responder, path: str, releases: Sequence[Release], shown: Release | None = None
) -> Iterator[str]:
    """Yield the links of RFC 7089, section 2.2: to the original, its TimeMap and some mementos.

    They are absolute, as all in the RFC: memento-client 0.6.1 does not resolve others.
    """
    timemap = responder.absolute(addresses.timemap(_stem(path)))
    yield link(responder.absolute(path), "original timegate")
    yield link(timemap, "timemap", type=LINK_FORMAT.media_type)
    if not releases:
        return
    position = releases.index(shown) if shown in releases else len(releases)
    relations: dict[int, list[str]] = {}
    for relation, number in (
        ("first", 0),
        ("prev", position - 1),
        ("next", position + 1),
        ("last", len(releases) - 1),
    ):
        if 0 <= number < len(releases) and (shown is not None or relation in {"first", "last"}):
            relations.setdefault(number, []).append(relation)
    if shown is not None:
        relations.setdefault(position, [])
    for number, names in sorted(relations.items()):
        manifest = releases[number].manifest
        yield link(
            responder.absolute(addresses.memento(manifest.name, path)),
            " ".join([*names, "memento"]),
            datetime=http_date(manifest.instant),
        )


def _add_links(response: Response, links: Iterator[str]) -> None:
    present = response.headers.get("Link")
    response.headers["Link"] = ", ".join([*([present] if present else []), *links])


def _vary_by_date(response: Response) -> None:
    names = [name.strip() for name in response.headers.get("Vary", "").split(",") if name.strip()]
    response.headers["Vary"] = vary("Accept-Datetime", *names)


# TimeGates


def go_back(responder: Responder, past: Past) -> Response | None:
    """Redirect to the memento of the date that a request asks for (RFC 7089, section 4.5).

    Before the first it is the first; a document that no kept release has is answered as without.
    """
    wanted = request.headers.get("Accept-Datetime")
    if wanted is None or request.method not in {"GET", "HEAD"} or not is_time_gate(request.path):
        return None
    instant = parse_http_date(wanted)
    releases = releases_with(responder, past, request.path)
    if not releases:
        return None
    release = release_at(releases, instant)
    parameters = list(request.args.items(multi=True))
    path = addresses.to_address(request.path)
    target = addresses.with_query(addresses.memento(release.manifest.name, path), parameters)
    response = redirect(target, 302)
    assert isinstance(response, Response)
    response.headers["Cache-Control"] = CACHE
    _add_links(response, _links(responder, path, releases, release))
    return response


def mark_time_gate(responder: Responder, response: Response) -> Response:
    """Say of each document that it is a TimeGate, and where its mementos are listed."""
    if request.method in {"GET", "HEAD"} and is_time_gate(request.path):
        _vary_by_date(response)
        if response.status_code in {200, 410}:
            path = addresses.to_address(request.path)
            _add_links(response, _links(responder, path, ()))
    return response


# Mementos


def _as_memento(archive: Archive, release: Release, path: str, response: Response) -> Response:
    """Return a response of an earlier release with the headers of a memento."""
    if response.status_code == 200:
        response.headers["Memento-Datetime"] = http_date(release.manifest.instant)
        if response.headers.get("Cache-Control") == CACHE:
            response.headers["Cache-Control"] = FOREVER
        opened = archive.open(release.manifest.name)
        releases = releases_with(opened.responder, archive.past, path)
        address = addresses.to_address(path)
        _add_links(response, _links(opened.responder, address, releases, release))
    return response


def document(
    archive: Archive, name: str, entity_type: str, key: str, suffix: str | None = None
) -> Response:
    """Return the document about an entity as it was in a release."""
    opened = archive.open(name)
    response = resources.document(
        opened.responder, archive.past, opened.parts, entity_type, key, suffix
    )
    return _of_request(archive, opened, response)


def listing(
    archive: Archive, page_size: int, name: str, entity_type: str, suffix: str | None = None
) -> Response:
    """Return the list of a type's entities as it was in a release."""
    opened = archive.open(name)
    response = resources.listing(
        opened.responder, opened.parts.layout, page_size, entity_type, suffix
    )
    return _of_request(archive, opened, response)


def dataset(archive: Archive, name: str, suffix: str | None = None) -> Response:
    """Return the description of the dataset as it was in a release."""
    opened = archive.open(name)
    pages = documentation.Documentation()
    return _of_request(archive, opened, documentation.dataset(opened.responder, pages, suffix))


def ontology(archive: Archive, name: str, suffix: str | None = None) -> Response:
    """Return the ontology as it was in a release."""
    opened = archive.open(name)
    return _of_request(
        archive,
        opened,
        documentation.ontology(opened.responder, documentation.Documentation(), suffix),
    )


def dump(archive: Archive, name: str, file: str) -> Response:
    """Return a whole-dataset file of a release."""
    opened = archive.open(name)
    response = pages.dump(opened.responder, file)
    response.headers["Memento-Datetime"] = http_date(
        opened.responder.dataset.release.manifest.instant
    )
    response.headers["Cache-Control"] = FOREVER
    original = opened.responder.absolute(addresses.dump(file))
    _add_links(response, iter([link(original, "original")]))
    return response


def _of_request(archive: Archive, opened: Opened, response: Response) -> Response:
    release = opened.responder.dataset.release
    path = request.path.removeprefix(addresses.release(release.manifest.name))
    return _as_memento(archive, release, path, response)


# TimeMaps


def time_map(responder: Responder, past: Past, document: str) -> Response:
    """Return the list of a document's mementos (RFC 7089, section 5), negotiated."""
    stem = _stem(f"/{document}")
    releases = releases_with(responder, past, stem)
    if not releases:
        raise NotFound(f"no release that is kept here has a document at {stem}")
    offer = negotiate((LINK_FORMAT, JSON, *GRAPH_FORMATS))
    original = addresses.to_address(stem)
    if offer is LINK_FORMAT:
        content = _in_link_format(responder.absolute, original, releases).encode()
    elif offer is JSON:
        return responder.answer_json(_in_json(responder.absolute, original, releases), "Accept")
    else:
        mementos = [
            (
                responder.absolute(addresses.memento(r.manifest.name, original)),
                r.manifest.issued,
            )
            for r in releases
        ]
        triples = describe_mementos(responder.absolute(original), mementos)
        iri = responder.absolute(addresses.timemap(original))
        content = responder.dataset.write(Description(iri, [], triples), offer)
    return responder.represent(content, offer, varies_by=["Accept"])


def _in_link_format(absolute: Callable[[str], str], path: str, releases: Sequence[Release]) -> str:
    """Return a TimeMap in the format of RFC 6690."""
    first, last = (http_date(r.manifest.instant) for r in (releases[0], releases[-1]))
    lines = [
        link(absolute(path), "original timegate"),
        link(
            absolute(addresses.timemap(path)),
            "self",
            type=LINK_FORMAT.media_type,
            **{"from": first, "until": last},
        ),
    ]
    for number, release in enumerate(releases):
        names = ["first"] if number == 0 else []
        names += ["last"] if number == len(releases) - 1 else []
        lines.append(
            link(
                absolute(addresses.memento(release.manifest.name, path)),
                " ".join([*names, "memento"]),
                datetime=http_date(release.manifest.instant),
            )
        )
    return ",\n".join(lines) + "\n"


def _in_json(
    absolute: Callable[[str], str], path: str, releases: Sequence[Release]
) -> dict[str, object]:
    """Return a TimeMap as mementoweb.org has it in JSON."""
    mementos = [
        {
            "datetime": release.manifest.issued,
            "uri": absolute(addresses.memento(release.manifest.name, path)),
        }
        for release in releases
    ]
    return {
        "original_uri": absolute(path),
        "timegate_uri": absolute(path),
        "timemap_uri": absolute(addresses.timemap(path)),
        "mementos": {"first": mementos[0], "last": mementos[-1], "list": mementos},
    }


def routes(responder: Responder, past: Past, page_size: int) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("mementos", __name__)
    archive = Archive(responder, past)
    blueprint.before_app_request(partial(go_back, responder, past))
    blueprint.after_app_request(partial(mark_time_gate, responder))
    root = "/release/<name>"
    kept = (
        (f"{root}/doc/<entity_type>/<path:key>", document, (archive,)),
        (f"{root}/doc/<entity_type>", listing, (archive, page_size)),
        (f"{root}/dataset", dataset, (archive,)),
        (f"{root}/ontology", ontology, (archive,)),
    )
    for rule, view, arguments in kept:
        bind(blueprint, (rule, f"{rule}.<suffix>"), view, *arguments)
    bind(blueprint, (f"{root}/dump/<file>",), dump, archive)
    bind(blueprint, ("/timemap/<path:document>",), time_map, responder, past)
    return blueprint
