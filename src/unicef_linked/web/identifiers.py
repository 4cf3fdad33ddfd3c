"""Which IRI of the dataset the path of a request names. Views call it; it reads the request.

An IRI is looked up as it was sent, where the server tells that, then in each way in which an IRI
may have the path. A suffix is the name of a format only if the whole name is not published.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from flask import request
from pyoxigraph import NamedNode

from unicef_linked.dataset.past import is_withdrawn, successors
from unicef_linked.errors import Gone, NotFound
from unicef_linked.rdf.iris import written_forms
from unicef_linked.store.statements import LoadedStatements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from unicef_linked.dataset.past import Past
    from unicef_linked.rdf.iris import Names
    from unicef_linked.web.responder import Responder


class Identified(NamedTuple):
    """An IRI that is published, and the suffix of the format that the path asks for."""

    iri: str
    suffix: str | None


def find_entity(names: Names, statements: LoadedStatements, name: str) -> Identified:
    """Return the entity whose ``type/key`` is a name, or a name and a suffix; else NotFound.

    What is read of it stays in ``statements``.
    """
    readings = list(_readings(names.entities, name, _entity_forms))
    statements.load(node for nodes, _ in readings for node in nodes)
    for nodes, suffix in readings:
        for node in nodes:
            if statements.match(node):
                return Identified(node.value, suffix)
    raise NotFound(f"nothing is published about {names.entities}{name}")


def find_published(
    responder: Responder, past: Past, statements: LoadedStatements, name: str
) -> Identified:
    """Return what ``find_entity`` does; raises Gone for an entity that was withdrawn.

    That is one of which nothing is stated but its successor, or one that the release does not
    describe while an earlier one did that is kept.
    """
    names = responder.names
    try:
        identified = find_entity(names, statements, name)
    except NotFound:
        for release in past.before(responder.dataset.release):
            earlier = LoadedStatements(past.store(release))
            with suppress(NotFound):
                identified = find_entity(names, earlier, name)
                quads = earlier.match(NamedNode(identified.iri))
                raise Gone(identified.iri, successors(quads), identified.suffix) from None
        raise
    quads = statements.match(NamedNode(identified.iri))
    if is_withdrawn(quads):
        raise Gone(identified.iri, successors(quads), identified.suffix)
    return identified


def find_graph(responder: Responder, name: str) -> Identified:
    """Return the named graph of a name, or of a name and a suffix; else NotFound."""
    names, graphs = responder.names, responder.dataset.named_graphs
    for nodes, suffix in _readings(names.graph(""), name, written_forms):
        for node in nodes:
            if node.value in graphs:
                return Identified(node.value, suffix)
    raise NotFound(f"nothing is published about {names.graph(name)}")


def find_mapped(
    responder: Responder, mappings: Sequence[tuple[str, str]], path: str
) -> Identified | None:
    """Return the IRI that a path leads to and that is published; None if there is none.

    ``mappings`` are beginnings of IRIs, each with the beginning of the paths that answer for them.
    The IRI of a document that only the IRIs of other things begin with is published too.
    """
    question = request.query_string.decode("latin-1")
    dataset = responder.dataset
    for start, local in mappings:
        if not path.startswith(local):
            continue
        name = path[len(local) :]
        whole: list[tuple[list[NamedNode], str | None]] = []
        if question:
            whole = [(_nodes(start, [f"{name}?{question}"]), None)]
        if not name:
            whole.append((_nodes("", [start]), None))
        for nodes, suffix in [*whole, *_readings(start, name, written_forms)]:
            for node in nodes:
                if dataset.has_parts(node.value) or dataset.store.match(node):
                    return Identified(node.value, suffix)
    return None


def _readings(
    beginning: str, name: str, forms: Callable[[str], tuple[str, ...]]
) -> Iterator[tuple[list[NamedNode], str | None]]:
    """Yield the IRIs that a name may stand for: first the whole, then without its suffix."""
    sent = _as_sent(name)
    yield _nodes(beginning, [sent, *forms(name)]), None
    stem, _, suffix = name.rpartition(".")
    if stem and "/" not in suffix:
        yield _nodes(beginning, [sent.rpartition(".")[0], *forms(stem)]), suffix


def _nodes(beginning: str, names: list[str]) -> list[NamedNode]:
    """Return the IRIs of names, without those that no IRI can have."""
    nodes = []
    for name in dict.fromkeys(filter(None, names)):
        try:
            nodes.append(NamedNode(beginning + name))
        except ValueError:
            continue
    return nodes


def _entity_forms(name: str) -> tuple[str, ...]:
    entity_type, _, key = name.partition("/")
    forms = product(written_forms(entity_type), written_forms(key))
    return tuple("/".join(form) for form in forms)


def _as_sent(name: str) -> str:
    """Return a name at the end of the path as the client wrote it; "" where no one tells.

    Granian decodes it, others have it in RAW_URI (Gunicorn, Werkzeug) or REQUEST_URI (uWSGI).
    """
    steps = _raw_path(request.environ).split("/")
    for number in range(1, len(steps)):
        end = "/".join(steps[-number:])
        if unquote(end) == name:
            return end
    return ""


def _raw_path(environ: dict[str, object]) -> str:
    """Return the path of a request as it was sent, "" if the server does not tell."""
    target = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "")
    try:
        return urlsplit(target).path if "://" in target else target.partition("?")[0]
    except ValueError:
        return ""
