"""The dataset as read-only tools for a language model: Model Context Protocol over stdio.

Needs the extra ``mcp`` (its official SDK). The tools use what answers over HTTP: the same index,
documents and query processes, with the same limits.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from pyoxigraph import parse

from unicef_linked import __version__, addresses
from unicef_linked.dataset.examples import example_entity
from unicef_linked.dataset.past import Past
from unicef_linked.dataset.published import PublishedDataset
from unicef_linked.errors import LinkedDataError, NotFound, QueryOutOfResources, UnusableInput
from unicef_linked.lookup.answers import identifications_to_json, result_to_json
from unicef_linked.lookup.entities import EntityLookup
from unicef_linked.lookup.normalization import LONGEST
from unicef_linked.rdf.formats import NTRIPLES, RESULTS_TSV, TURTLE
from unicef_linked.rdf.languages import choose_tag
from unicef_linked.rdf.serialization import write_rdf
from unicef_linked.store.engines import AUTO, open_store, run_engine
from unicef_linked.store.query import Query

try:
    from mcp.server import MCPServer
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.types import ToolAnnotations
except ImportError:
    raise UnusableInput(
        "this command needs the extra mcp; install it: pip install 'unicef-linked[mcp]'"
    ) from None

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from unicef_linked.config import Settings
    from unicef_linked.release import Release

_INSTRUCTIONS: Final = (
    "Linked data, read-only. An entity has an IRI {base}id/{{type}}/{{key}} and an id "
    "{{type}}/{{key}}, such as {example}. Find it by name with search, or by anybody's "
    "identifier with resolve; read what is said of it with describe; ask anything else with "
    "sparql. Terms are those of {ontology}#, prefix ul:, which describe explains too. The default "
    "graph is the union of the named graphs; GRAPH ?g {{ … }} tells where a statement is from. "
    "Labels are skos:prefLabel with a language tag: fr, en and others. Never match a bare code: a "
    "notation's datatype names its scheme."
)
"""What a model is told of our dataset."""

_INSTRUCTIONS_OF_OTHERS: Final = (
    "Linked data, read-only: {title}. An entity is known by its IRI, which is its id too. Find it "
    "by name with search, in any language; read what is said of it with describe; ask anything "
    "else with sparql, where these prefixes are usual: {prefixes}. Never match a bare code: a "
    "notation's datatype names its scheme."
)
"""What a model is told of data of others."""

_NOT_IN_IRIS: Final = frozenset(' <>"{}|^`\\')
"""Characters that no IRI contains (RFC 3987)."""


@contextmanager
def running(release: Release, settings: Settings) -> Iterator[MCPServer]:
    """Run the query processes until the end of the block, and give the server that uses them."""
    with run_engine(AUTO, release, settings) as engine:
        store = open_store(engine, release, settings)
        try:
            yield _server(PublishedDataset(release, store), settings.query_timeout)
        finally:
            store.close()


def _server(dataset: PublishedDataset, timeout: float) -> MCPServer:
    """Return a server with the tools over one dataset; a query may take ``timeout`` (s)."""
    server: MCPServer = MCPServer(
        "unicef-linked",
        version=__version__,
        instructions=_instructions(dataset),
        log_level="WARNING",
    )
    hints = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
    lookup = EntityLookup(Past.of(dataset.release), dataset.store)
    for tool in (
        _search_tool(lookup),
        _resolve_tool(lookup),
        _describe_tool(dataset, lookup),
        _sparql_tool(dataset, timeout),
    ):
        server.add_tool(_with_errors(tool), annotations=hints)
    return server


def _instructions(dataset: PublishedDataset) -> str:
    names = dataset.names
    if not dataset.is_of_others:
        return _INSTRUCTIONS.format(
            base=names.base, ontology=names.ontology, example=example_entity(dataset)
        )
    titles = dataset.labels([names.dataset]).get(names.dataset, {})
    tag = choose_tag(["en"], titles)
    return _INSTRUCTIONS_OF_OTHERS.format(
        title="a dataset" if tag is None else titles[tag],
        prefixes=", ".join(f"{name}: <{iri}>" for name, iri in names.declared.items()) or "none",
    )


def _with_errors(tool: Callable[..., Any]) -> Callable[..., Any]:
    """Return a tool whose errors reach the model in their own words."""

    @wraps(tool)
    def answer(**arguments: Any) -> Any:
        try:
            return tool(**arguments)
        except LinkedDataError as error:
            raise ToolError(str(error)) from None

    return answer


def _search_tool(lookup: EntityLookup) -> Callable[..., Any]:
    def search(
        query: str,
        type: str = "",  # noqa: A002 - the tool's parameter
        language: str = "en",
        limit: int = 10,
    ) -> list[dict[str, Any]]:
        """Find entities by name, in any language; accents and spelling forgiven. Best first.

        query: a name, such as "Tombouctou" or "Gao region". type: a class by its local name, such
        as Region, ZoneOffice, Place or Sector; empty for any. language: of the labels in the
        answer. A score is at most 100.
        """
        matches = lookup.search(query.strip()[:LONGEST])
        if type:
            matches = matches.of(lookup.reconciler.scope_of(type))
        return [
            result_to_json(lookup, entity, score, query, [language])
            for entity, score in matches.page(0, max(1, min(limit, 100)))
        ]

    return search


def _resolve_tool(lookup: EntityLookup) -> Callable[..., Any]:
    def resolve(identifier: str, scheme: str = "", language: str = "en") -> list[dict[str, Any]]:
        """Find the entity that an identifier means, with all its other identifiers.

        identifier: an IRI, id or prefixed name (wd:Q…), the address of a page about the thing
        (Wikidata, GeoNames, OpenStreetMap), or a code, alone or after its scheme (pcode2015:…).
        scheme: of a code, such as pcode or iso3166-2; without it a code may have several
        readings, each named.
        """
        if scheme:
            identifications = lookup.index.by_code(identifier, _scheme(lookup, scheme))
        else:
            identifications = lookup.index.by_iri(identifier)
        return identifications_to_json(lookup.names, identifications, [language])

    return resolve


def _describe_tool(dataset: PublishedDataset, lookup: EntityLookup) -> Callable[..., Any]:
    def describe(identifier: str) -> str:
        """Return the statements about an entity, a class, a property or a graph, as Turtle.

        Those that lead to it are included.
        identifier: an IRI, an id (type/key), or a prefixed name such as ul:ZoneOffice.
        """
        prefix, _, local = identifier.partition(":")
        iris = [identifier, dataset.names.prefixes.get(prefix, "") + local]
        iris += [i.entity.iri for i in lookup.index.by_iri(identifier)]
        for iri in iris:
            if ":" in iri and not set(iri) & _NOT_IN_IRIS:
                description = dataset.describe(iri)
                if description:
                    return dataset.write(description, TURTLE).decode()
        raise NotFound(f"nothing is published about {identifier}; search for it by name")

    return describe


def _sparql_tool(dataset: PublishedDataset, timeout: float) -> Callable[..., Any]:
    def sparql(query: str) -> str:
        """Answer a SPARQL 1.1 query.

        SELECT and ASK as tab-separated values with terms as in Turtle, CONSTRUCT and DESCRIBE as
        Turtle. A query declares its prefixes. Updates and SERVICE are refused; a long answer needs
        a LIMIT.
        """
        answer = dataset.store.answer(
            Query(query, base=addresses.absolute(dataset.names.base, addresses.SPARQL)),
            solutions=RESULTS_TSV,
            graph=NTRIPLES,
            timeout=timeout,
        )
        if answer.whole is None:
            answer.close()
            raise QueryOutOfResources(
                "the answer has more than 1 MiB; ask for less, or with a LIMIT"
            )
        if answer.format is RESULTS_TSV:
            return answer.whole.decode()
        triples = {quad.triple for quad in parse(answer.whole, format=NTRIPLES.rdf)}
        # declares the prefixes alone that it uses
        return write_rdf(triples, TURTLE.rdf, dataset.names.prefixes).decode()

    return sparql


def _scheme(lookup: EntityLookup, name: str) -> str:
    scheme = lookup.index.scheme(name)
    if scheme is None:
        names = ", ".join(iri.rpartition("#")[2] for iri in lookup.index.schemes) or "none"
        raise NotFound(f"there is no scheme of codes {name!r}; there are: {names}")
    return scheme
