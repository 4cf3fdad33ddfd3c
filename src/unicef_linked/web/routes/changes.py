"""/changes and /changes.atom: what each release changed, for programs and for people.

The pages of a release's changes are all complete when the release is, and never change. Only the
first page, which leads to those of each release, grows.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

from flask import Blueprint, Response, request

from unicef_linked import addresses
from unicef_linked.dataset.description import Description
from unicef_linked.errors import NotFound
from unicef_linked.metadata.event_stream import (
    describe_member,
    describe_page,
    describe_root,
    describe_stream,
)
from unicef_linked.presentation.local_formats import format_date
from unicef_linked.rdf.formats import GRAPH_FORMATS, Carries, Format
from unicef_linked.rdf.iris import DCTERMS
from unicef_linked.release.differences import compare
from unicef_linked.release.lines import parse_lines
from unicef_linked.web.parameters import whole_number
from unicef_linked.web.responses import CACHE, link, negotiate
from unicef_linked.web.routes.mementos import FOREVER
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyoxigraph import Triple

    from unicef_linked.dataset.labels import LabelResolver
    from unicef_linked.dataset.past import Past
    from unicef_linked.release import Release
    from unicef_linked.release.differences import Change, EntityDifference
    from unicef_linked.web.responder import Responder

ATOM: Final = Format(
    "atom", "application/atom+xml", "atom", Carries.PAGE, "Atom", ("application/xml", "text/xml")
)

PER_PAGE: Final = 250
"""Members on a full page of the stream."""

_ENTRIES: Final = 20
"""Releases in the feed, the newest ones."""

_NAMED: Final = 30
"""Changed things that an entry of the feed names; all are in the difference that it links."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one release changed: where its pages begin, and the number of things by change."""

    starts: tuple[str, ...]  # the subject that each page begins with
    counts: dict[Change, int]


class Steps:
    """The steps from release to release; each is computed once."""

    def __init__(self, past: Past) -> None:
        self.past = past
        self._steps: dict[str, Step] = {}
        self._lock = threading.Lock()

    def of(self, release: Release) -> Step:
        """Return the step that led to a release; the first that is kept created all it has."""
        name = release.manifest.name
        with self._lock:
            if name not in self._steps:
                self._steps[name] = self._read(release)
            return self._steps[name]

    def _read(self, release: Release) -> Step:
        starts: list[str] = []
        counts: dict[Change, int] = {"created": 0, "changed": 0, "deleted": 0}
        for number, difference in enumerate(self.differences(release)):
            if number % PER_PAGE == 0:
                starts.append(difference.subject)
            counts[difference.change] += 1
        return Step(tuple(starts), counts)

    def differences(self, release: Release, since: str = "") -> Iterator[EntityDifference]:
        """Yield what a release changed of things with an IRI; from the subject ``since`` on."""
        earlier = self.past.before(release)
        differences = compare(earlier[0] if earlier else None, release, since=since)
        return (difference for difference in differences if difference.iri)


# For programs


def stream(responder: Responder, steps: Steps) -> Response:
    """Return a page of the event stream; without a release, the one that leads to all others."""
    offer = negotiate(GRAPH_FORMATS)
    name, number = request.args.get("release", ""), whole_number("page", 1)
    view = responder.absolute(addresses.CHANGES)
    iri = addresses.absolute(responder.names.base, addresses.CHANGES)
    triples = [*describe_stream(iri, view)]
    if name:
        release = _published(steps.past, name)
        triples += _page(responder, steps, release, number, iri)
        cache = FOREVER
        location = _address(name, number)
    else:
        if number != 1:
            raise NotFound("the page that leads to the changes of all releases is one")
        pages = [
            (responder.absolute(_address(release.manifest.name, 1)), release.manifest)
            for release in steps.past.published
            if steps.of(release).starts
        ]
        triples += describe_root(view, pages)
        cache, location = CACHE, addresses.CHANGES
    content = responder.dataset.write(Description(iri, [], triples), offer)
    return responder.represent(
        content,
        offer,
        varies_by=["Accept"],
        location=location,
        links=[link(addresses.FEED, "alternate", type=ATOM.media_type)],
        cache=cache,
    )


def _published(past: Past, name: str) -> Release:
    release = past.find(name)
    if release not in past.published:
        raise NotFound(f"release {name} was taken back; the stream ends before it")
    return release


def _address(name: str, number: int) -> str:
    parameters = {"release": name, "page": str(number)}
    return addresses.with_query(addresses.CHANGES, parameters)


def _page(
    responder: Responder, steps: Steps, release: Release, number: int, iri: str
) -> Iterator[Triple]:
    """Yield one page of the members of a release."""
    starts = steps.of(release).starts
    if not 1 <= number <= len(starts):
        raise NotFound(f"release {release.manifest.name} has {len(starts)} pages of changes")
    manifest = release.manifest
    following = number + 1 if number < len(starts) else None
    yield from describe_page(
        responder.absolute(_address(manifest.name, number)),
        responder.absolute(_address(manifest.name, following)) if following else None,
        manifest,
    )
    end = starts[number] if following else None
    lines = steps.past.store(release).lines
    for difference in steps.differences(release, starts[number - 1]):
        if difference.subject == end:
            return
        assert difference.iri is not None
        about = parse_lines(lines.of_subject(difference.subject))
        yield from describe_member(release.names, iri, manifest, difference.iri, about)


# For people


def feed(responder: Responder, steps: Steps) -> Response:
    """Return the feed of releases (RFC 4287), in the language of the reader."""
    newest = steps.past.published[::-1][:_ENTRIES]
    language = responder.language()
    dataset = responder.names.dataset
    label = responder.context().reader([], dataset).label(dataset).text
    address = responder.absolute(addresses.with_query(addresses.FEED, {"lang": language}))
    licence = responder.dataset.licences([dataset])
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={quoteattr(language)}>',
        f"<id>{escape(addresses.absolute(responder.names.base, addresses.FEED))}</id>",
        f"<title>{escape(label)}</title>",
        f"<subtitle>{escape(responder.gettext('What changed'))}</subtitle>",
        f"<updated>{newest[0].manifest.issued}</updated>",
        f'<link rel="self" type="{ATOM.media_type}" href={quoteattr(address)}/>',
        f'<link rel="alternate" href={quoteattr(responder.absolute(addresses.RELEASES))}/>',
        f"<author><name>{escape(_author(responder) or label)}</name></author>",
        *(f"<rights>{escape(iri)}</rights>" for iri in licence[:1]),
        *(_entry(responder, steps, release) for release in newest),
        "</feed>\n",
    ]
    return responder.represent(
        "\n".join(lines).encode(),
        ATOM,
        varies_by=["Accept-Language"],
        location=_localized(language),
    )


def _localized(language: str) -> str:
    return addresses.with_query(addresses.FEED, {"lang": language})


def _author(responder: Responder) -> str:
    """Return the name of the publisher of the dataset, "" if it states none."""
    reader = responder.context().common_reader()
    publishers = [
        quad.object.value
        for quad in responder.dataset.own_statements
        if quad.predicate.value == f"{DCTERMS}publisher" and hasattr(quad.object, "value")
    ]
    return reader.label(publishers[0]).text if publishers else ""


def _entry(responder: Responder, steps: Steps, release: Release) -> str:
    """Return the entry of a release: how many things changed, and which."""
    manifest, counts = release.manifest, steps.of(release).counts
    instant = manifest.instant
    day = format_date(responder.language(), instant.year, instant.month, instant.day)
    title = responder.gettext("Release of %(day)s") % {"day": day}
    summary = responder.gettext("%(created)s added, %(changed)s changed, %(deleted)s removed")
    earlier = steps.past.before(release)
    address = addresses.release(manifest.name)
    if earlier:
        address = addresses.difference(earlier[0].manifest.name, manifest.name)
    href = responder.absolute(addresses.with_query(address, {"lang": responder.language()}))
    content = f"<p>{escape(summary % counts)}</p>"
    if earlier:
        content += _list_changes(responder, steps, release)
    return "\n".join(
        [
            "<entry>",
            f"<id>{escape(responder.names.release(manifest.name))}</id>",
            f"<title>{escape(title)}</title>",
            f"<updated>{manifest.issued}</updated>",
            f"<published>{manifest.issued}</published>",
            f'<link rel="alternate" type="text/html" href={quoteattr(href)}/>',
            f"<summary>{escape(summary % counts)}</summary>",
            f'<content type="html">{escape(content)}</content>',
            "</entry>",
        ]
    )


def _list_changes(responder: Responder, steps: Steps, release: Release) -> str:
    """Return the things that a release changed as a list in HTML, our entities first of all."""
    named: list[EntityDifference] = []
    total = 0
    for difference in steps.differences(release):
        if difference.name(release.names):
            total += 1
            if len(named) < _NAMED:
                named.append(difference)
    iris = {difference.iri for difference in named if difference.iri}
    labels = {}
    for state in (*steps.past.before(release)[:1], release):
        labels.update(steps.past.store(state).labels(iris))
    reader = responder.context().reader([]).with_labels(labels)
    items = [_item(responder, reader, difference) for difference in named]
    if total > len(named):
        more = responder.gettext("and %(number)s more") % {"number": total - len(named)}
        items.append(f"<li>{escape(more)}</li>")
    return f"<ul>{''.join(items)}</ul>" if items else ""


def _item(responder: Responder, reader: LabelResolver, difference: EntityDifference) -> str:
    words = {"created": "added", "changed": "changed", "deleted": "removed"}
    iri = difference.iri or ""
    href = responder.absolute(addresses.of_iri(responder.names, iri) or addresses.resource(iri))
    label = escape(reader.label(iri).text)
    change = escape(responder.gettext(words[difference.change]))
    return f"<li><a href={quoteattr(href)}>{label}</a>: {change}</li>"


def routes(responder: Responder, past: Past) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("changes", __name__)
    steps = Steps(past)
    bind(blueprint, ("/changes",), stream, responder, steps)
    bind(blueprint, ("/changes.atom",), feed, responder, steps)
    return blueprint
