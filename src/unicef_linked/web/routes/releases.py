"""/releases, /release/{name}, /diff/{a}..{b}: which releases are kept, and how they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response

from unicef_linked import addresses
from unicef_linked.dataset.description import Description
from unicef_linked.errors import NotFound
from unicef_linked.metadata.versions import describe_releases, read_sums
from unicef_linked.presentation.changes import read_changes
from unicef_linked.rdf.formats import HTML, Carries, Format
from unicef_linked.release.differences import compare
from unicef_linked.release.patches import write_json, write_patch, write_update
from unicef_linked.web.parameters import whole_number
from unicef_linked.web.responses import JSON, formats_of, negotiate, vary
from unicef_linked.web.routes.mementos import FOREVER
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from unicef_linked.dataset.past import Past
    from unicef_linked.presentation.changes import EntityChange
    from unicef_linked.release import Release
    from unicef_linked.release.differences import EntityDifference
    from unicef_linked.web.responder import Responder

PATCH: Final = Format(
    "patch", "application/rdf-patch", "rdfp", Carries.PAGE, "RDF Patch", ("text/rdf-patch",)
)
UPDATE: Final = Format("update", "application/sparql-update", "ru", Carries.PAGE, "SPARQL Update")

DIFFERENCE_FORMATS: Final = (JSON, PATCH, UPDATE, HTML)
"""What the difference of two releases can be asked for."""

_SHOWN: Final = 50
"""Changed things that the page about a release names; all are in its difference."""


def releases(responder: Responder, past: Past, suffix: str | None = None) -> Response:
    """Return the releases that are kept, newest first."""
    kept = past.releases[::-1]
    address = responder.public_address()
    iri = addresses.absolute(responder.names.base, addresses.RELEASES)
    return responder.respond(
        addresses.RELEASES,
        suffix,
        lambda: Description(iri, [], describe_releases(past, kept, address)),
        lambda: responder.render(
            "releases.html",
            steps=[_Step(past, release) for release in kept],
            formats=formats_of(addresses.RELEASES),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """One release in the row of those that are kept."""

    past: Past
    release: Release

    @property
    def is_current(self) -> bool:
        """Whether it is the one that is served."""
        return self.release is self.past.current

    @property
    def previous(self) -> Release | None:
        """The release before it, None of the first."""
        position = self.past.releases.index(self.release)
        return self.past.releases[position - 1] if position else None

    @property
    def following(self) -> Release | None:
        """The release after it, None of the last."""
        following = self.past.releases[self.past.releases.index(self.release) + 1 :]
        return following[0] if following else None

    @property
    def counts(self) -> tuple[int, int] | None:
        """Statements added and removed since the one before, if its manifest says so."""
        history, previous = self.release.manifest.history, self.previous
        if not history or previous is None or history[0].sha256 != previous.manifest.sha256:
            return None
        return sum(history[0].added.values()), sum(history[0].removed.values())


def release(responder: Responder, past: Past, name: str, suffix: str | None = None) -> Response:
    """Return what is known of a release: date, hash, size, what changed, downloads."""
    chosen = past.find(name)
    address = responder.public_address()
    path = addresses.release(name)
    return responder.respond(
        path,
        suffix,
        lambda: Description(
            chosen.names.release(name), [], describe_releases(past, [chosen], address)
        ),
        lambda: _release_page(responder, past, chosen),
    )


def _release_page(responder: Responder, past: Past, chosen: Release) -> bytes:
    step = _Step(past, chosen)
    changes: list[EntityChange] = []
    previous, total = step.previous, 0
    if previous:
        summary = _summarize(previous, chosen)
        shown = _entities_first(previous, chosen, summary, 0, _SHOWN)
        total = summary.total
        changes = read_changes(responder.context(), past, previous, chosen, shown)
    return responder.render(
        "release.html",
        step=step,
        changes=changes,
        more=total - len(changes),
        files=[(path.name, chosen.size_of(path)) for path in chosen.dumps()],
        sums=read_sums(chosen),
        formats=formats_of(addresses.release(chosen.manifest.name)),
    )


def difference(
    responder: Responder, past: Past, page_size: int, a: str, b: str, extension: str | None = None
) -> Response:
    """Return the difference of two kept releases: a page, an RDF Patch, an update, or JSON."""
    older, newer = past.find(a), past.find(b)
    offer = negotiate(DIFFERENCE_FORMATS) if extension is None else _format_of(extension)
    number = whole_number("page", 1)
    path = addresses.difference(a, b)
    varies_by = ["Accept"] if extension is None else []
    if offer is HTML:
        return responder.represent(
            _difference_page(responder, past, older, newer, page_size, number),
            HTML,
            varies_by=varies_by,
            location=addresses.in_format(path, HTML.suffix, {"lang": responder.language()}),
        )
    if number != 1:
        raise NotFound("only the page in HTML has parts: all of the difference is page 1")
    chunks = _write(compare(older, newer), older, newer, offer)
    response = Response(chunks, content_type=offer.content_type)
    response.headers["ETag"] = f'"{a}-{b}-{offer.suffix}"'
    response.headers["Cache-Control"] = FOREVER
    response.headers["Vary"] = vary(*varies_by)
    response.headers["Content-Location"] = addresses.in_format(path, offer.suffix)
    return response


def _format_of(suffix: str) -> Format:
    for offer in DIFFERENCE_FORMATS:
        if offer.suffix == suffix:
            return offer
    suffixes = ", ".join(offer.suffix for offer in DIFFERENCE_FORMATS)
    raise NotFound(f"there is no format with the extension .{suffix}; there are {suffixes}")


def _write(
    differences: Iterator[EntityDifference], older: Release, newer: Release, offer: Format
) -> Iterator[bytes]:
    names = newer.names
    if offer is PATCH:
        versions = (names.release(r.manifest.name) for r in (newer, older))
        return write_patch(differences, *versions)
    if offer is UPDATE:
        return write_update(differences)
    return write_json(differences, names)


def _difference_page(
    responder: Responder, past: Past, older: Release, newer: Release, page_size: int, number: int
) -> bytes:
    summary = _summarize(older, newer)
    pages = max(1, -(-summary.total // page_size))
    if not 1 <= number <= pages:
        raise NotFound(f"the difference has {pages} pages; there is no page {number}")
    chosen = _entities_first(older, newer, summary, (number - 1) * page_size, page_size)
    path = addresses.difference(older.manifest.name, newer.manifest.name)
    return responder.render(
        "diff.html",
        older=older.manifest,
        newer=newer.manifest,
        changes=read_changes(responder.context(), past, older, newer, chosen),
        summary=summary,
        number=number,
        pages=pages,
        path=path,
        downloads=_downloads(path),
    )


@dataclass(frozen=True, slots=True)
class _Summary:
    """How much two releases differ."""

    added: int  # statements
    removed: int
    entities: int  # things below /id/
    total: int  # of all things


def _summarize(older: Release, newer: Release) -> _Summary:
    added = removed = entities = total = 0
    for difference in compare(older, newer):
        added += len(difference.added)
        removed += len(difference.removed)
        entities += difference.name(newer.names) is not None
        total += 1
    return _Summary(added, removed, entities, total)


def _entities_first(
    older: Release, newer: Release, summary: _Summary, start: int, number: int
) -> list[EntityDifference]:
    """Return some differences, those of our entities before the others (statistics, terms)."""
    places = {True: 0, False: summary.entities}
    chosen: dict[int, EntityDifference] = {}
    for difference in compare(older, newer):
        is_entity = difference.name(newer.names) is not None
        place = places[is_entity]
        places[is_entity] += 1
        if start <= place < start + number:
            chosen[place] = difference
    return [chosen[place] for place in sorted(chosen)]


def _downloads(path: str) -> Sequence[tuple[Format, str]]:
    """Return the formats for programs, each with its address."""
    offers = (PATCH, UPDATE, JSON)
    return [(offer, addresses.in_format(path, offer.suffix)) for offer in offers]


def routes(responder: Responder, past: Past, page_size: int) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("releases", __name__)
    bind(blueprint, ("/releases", "/releases.<suffix>"), releases, responder, past)
    bind(blueprint, ("/release/<name>", "/release/<name>.<suffix>"), release, responder, past)
    bind(
        blueprint,
        ("/diff/<a>..<b>", "/diff/<a>..<b>.<extension>"),
        difference,
        responder,
        past,
        page_size,
    )
    return blueprint
