"""Every public operation of the HTTP interface, as data: what it takes and what it answers.

Examples work with the packaged dataset, so that a reader can try and a test can send them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from unicef_linked.i18n import N_, NP_
from unicef_linked.metadata.signposting import LINKSET, LINKSET_JSON
from unicef_linked.rdf.formats import (
    DOCUMENT_FORMATS,
    GRAPH_FORMATS,
    HTML,
    JSONLD,
    SOLUTION_FORMATS,
)
from unicef_linked.web.schemas import (
    COUNT,
    EXTENSION,
    IDENTIFIERS,
    IRI,
    IRIS,
    OBJECT_TERM,
    POSITION,
    QUERIES,
    RECONCILIATION_FORM,
    SECONDS,
    SOME_TEXT,
    SPARQL_FORM,
    TERM,
    TEXT,
    Schema,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"

_DOCUMENT: Final = tuple(f.media_type for f in DOCUMENT_FORMATS)
_SPARQL: Final = (*(f.media_type for f in (*SOLUTION_FORMATS, *GRAPH_FORMATS)), HTML.media_type)
_LINKSETS: Final = (LINKSET_JSON.media_type, LINKSET.media_type)
_TEXT: Final = ("text/plain",)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a path or a query."""

    text: str  # a message of i18n
    example: str
    schema: Schema = field(default_factory=lambda: TEXT)
    public_name: str = ""  # if it is not its key in PARAMETERS
    may_be_empty: bool = False  # an empty value means the same as none
    may_repeat: bool = False
    is_json: bool = False  # its value is JSON that fits the schema


PARAMETERS: Final[Mapping[str, Parameter]] = {
    "type": Parameter(N_("kind of thing, as in its IRI"), "office"),
    "key": Parameter(N_("key of a thing, as in its IRI"), "gao"),
    "suffix": Parameter(N_("extension of a format"), "ttl"),
    "graph": Parameter(N_("name of a named graph"), "mali/offices"),
    "file": Parameter(N_("name of a file"), "dataset.nq"),
    "export": Parameter(N_("name of an export"), "offices.csv"),
    "problem": Parameter(N_("name of a problem type"), "not-found"),
    "document": Parameter(N_("path of a document"), "doc/office/gao"),
    "number": Parameter(N_("number of a part, from 1"), "1", POSITION),
    "lang": Parameter(
        N_("language of a page; if there are no pages in it, Accept-Language decides"), "fr"
    ),
    "page": Parameter(N_("number of a page, from 1"), "1", POSITION, may_be_empty=True),
    "iri": Parameter(
        N_("the IRI to describe"), "https://w3id.org/unicef-linked/id/region/gao", IRI
    ),
    "query": Parameter(N_("a SPARQL 1.1 query"), "ASK { ?s ?p ?o }", SOME_TEXT),
    "default-graph-uri": Parameter(
        N_("graph that is the default graph; may be repeated"),
        "https://w3id.org/unicef-linked/graph/mali/offices",
        IRIS,
        may_repeat=True,
    ),
    "named-graph-uri": Parameter(
        N_("named graph to ask; may be repeated"),
        "https://w3id.org/unicef-linked/graph/mali/offices",
        IRIS,
        may_repeat=True,
    ),
    "timeout": Parameter(N_("seconds"), "5", SECONDS, may_be_empty=True),
    "format": Parameter(N_("a format by its name, before Accept"), "json", may_repeat=True),
    "external": Parameter(
        N_("an IRI of ours or of another dataset"),
        "http://www.wikidata.org/entity/Q912",
        public_name="iri",
    ),
    "code": Parameter(N_("a code; give it or an iri"), "ML07"),
    "scheme": Parameter(N_("scheme of the code"), "pcode"),
    "of-graph": Parameter(
        N_("named graph to ask instead of the default graph"),
        "https://w3id.org/unicef-linked/graph/mali/offices",
        TERM,
        public_name="graph",
        may_be_empty=True,
    ),
    "subject": Parameter(
        N_("subject of the pattern"),
        "https://w3id.org/unicef-linked/id/office/gao",
        TERM,
        may_be_empty=True,
    ),
    "predicate": Parameter(
        N_("predicate of the pattern"),
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
        TERM,
        may_be_empty=True,
    ),
    "object": Parameter(
        N_("object of the pattern"),
        "https://w3id.org/unicef-linked/ontology#ZoneOffice",
        OBJECT_TERM,
        may_be_empty=True,
    ),
    "queries": Parameter(
        N_("a batch of queries, as JSON"),
        '{"q0": {"query": "Tombouctou"}}',
        QUERIES,
        is_json=True,
    ),
    "extend": Parameter(
        N_("a data extension query, as JSON"),
        '{"ids": ["region/gao"], "properties": [{"id": "coversRegion"}]}',
        EXTENSION,
        is_json=True,
    ),
    "kind": Parameter(
        N_("what to suggest"),
        "entity",
        {"type": "string", "enum": ["entity", "property", "type"]},
    ),
    "class": Parameter(N_("local name of a class"), "Region", public_name="type"),
    "limit": Parameter(N_("most results"), "5", COUNT, may_be_empty=True),
    "prefix": Parameter(N_("what was typed"), "tom"),
    "offset": Parameter(N_("results to leave out"), "0", COUNT, may_be_empty=True),
    "q": Parameter(N_("a name, in any language"), "Tombouctou"),
    "cursor": Parameter(N_("results to leave out"), "0", COUNT, may_be_empty=True),
    "id": Parameter(N_("type and key of a thing"), "region/gao"),
}
"""The parameters by the names that operations use."""


@dataclass(frozen=True, slots=True)
class Body:
    """One representation of a request body."""

    media_type: str
    example: str
    schema: Schema


@dataclass(frozen=True, slots=True)
class Operation:
    """One route with one method."""

    path: str
    text: str  # a message of i18n
    media_types: tuple[str, ...] = _DOCUMENT
    query: tuple[str, ...] = ()  # parameters of the query
    required: tuple[str, ...] = ()  # those of them that must be given
    method: str = "get"
    status: int = 200
    body: tuple[Body, ...] = ()
    problems: tuple[int, ...] = ()  # statuses of problem details

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """The parameters of the path, in order."""
        return tuple(part.partition("}")[0] for part in self.path.split("{")[1:])

    @property
    def single(self) -> tuple[str, ...]:
        """The names of the parameters of the query that may be given once."""
        parameters = {name: PARAMETERS[name] for name in self.query}
        return tuple(
            parameter.public_name or name
            for name, parameter in parameters.items()
            if not parameter.may_repeat
        )

    @property
    def identifier(self) -> str:
        """A name that no other operation has.

        >>> Operation("/doc/{type}/{key}", "").identifier
        'get-doc-type-key'
        """
        words = "".join(c if c.isalnum() else " " for c in self.path).split()
        return "-".join([self.method, *(words or ["home"])])


def _document(
    path: str,
    text: str,
    text_of_format: str,
    *,
    query: tuple[str, ...] = ("lang",),
    required: tuple[str, ...] = (),
    problems: tuple[int, ...] = (404, 406),
) -> tuple[Operation, Operation]:
    """Return the operations of a document: in a negotiated format, and in one format.

    An address with an extension is not negotiated (no 406); an unknown extension is not found.
    """
    of_format = tuple(sorted({*problems, 404} - {406}))
    return (
        Operation(path, text, query=query, required=required, problems=problems),
        Operation(
            f"{path}.{{suffix}}",
            text_of_format,
            query=query,
            required=required,
            problems=of_format,
        ),
    )


OPERATIONS: Final = (
    Operation(
        "/",
        N_("The home page; as RDF, the dataset’s description"),
        query=("lang",),
        problems=(406,),
    ),
    Operation(
        "/pictures",
        N_("The pictures that the data publishes: who does what where"),
        (HTML.media_type,),
        query=("lang",),
        problems=(404, 406),
    ),
    Operation(
        "/id/{type}/{key}",
        N_("A thing: leads to its document"),
        (),
        query=("lang",),
        status=303,
        problems=(404, 406),
    ),
    *_document(
        "/doc/{type}/{key}",
        N_("The document about a thing"),
        NP_("document", "The same in one format"),
    ),
    *_document(
        "/doc/{type}",
        N_("The list of a kind of thing"),
        NP_("list", "The same in one format"),
        query=("page", "lang"),
        problems=(400, 404, 406),
    ),
    *_document(
        "/resource",
        N_("What is known of any IRI"),
        NP_("what is known", "The same in one format"),
        query=("iri", "lang"),
        required=("iri",),
        problems=(400, 404, 406),
    ),
    Operation("/graph/{graph}", N_("A named graph"), query=("lang",), problems=(404, 406)),
    *_document("/ontology", N_("The ontology"), NP_("ontology", "The same in one format")),
    *_document(
        "/shapes", N_("What must hold of the data"), NP_("what must hold", "The same in one format")
    ),
    *_document(
        "/dataset",
        N_("The dataset by DCAT 3 and VoID"),
        NP_("dataset", "The same in one format"),
        problems=(406,),
    ),
    *_document(
        "/quality",
        N_("What is known of the quality of the release (DQV)"),
        NP_("what is known", "The same in one format"),
        problems=(406,),
    ),
    Operation("/.well-known/void", N_("Leads to the dataset’s description"), (), status=302),
    Operation("/context.jsonld", N_("The JSON-LD context"), (JSONLD.media_type,)),
    Operation(
        "/sparql",
        N_("Answers a query; without one, the editor or the service description"),
        _SPARQL,
        query=("query", "default-graph-uri", "named-graph-uri", "timeout", "format", "lang"),
        problems=(400, 403, 406, 503),
    ),
    Operation(
        "/sparql",
        N_("Answers a query"),
        _SPARQL,
        query=("default-graph-uri", "named-graph-uri", "timeout", "format"),
        method="post",
        body=(
            Body(FORM, "query=ASK%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D", SPARQL_FORM),
            Body("application/sparql-query", "ASK { ?s ?p ?o }", SOME_TEXT),
        ),
        problems=(400, 403, 406, 413, 415, 503),
    ),
    *_document(
        "/fragments",
        N_("One page of the triples that fit a pattern (Triple Pattern Fragments)"),
        NP_("page", "The same in one format"),
        query=("subject", "predicate", "object", "of-graph", "page", "lang"),
        problems=(400, 404, 406),
    ),
    *_document(
        "/resolve",
        N_("The entity that an IRI or a code identifies, with its other identifiers"),
        NP_("entity", "The same in one format"),
        query=("external", "code", "scheme", "lang"),
        problems=(400, 404, 406),
    ),
    Operation(
        "/resolve",
        N_("The same for a list of identifiers"),
        (JSON,),
        method="post",
        body=(Body(JSON, '["http://www.wikidata.org/entity/Q912"]', IDENTIFIERS),),
        problems=(400, 413, 415),
    ),
    Operation(
        "/search",
        N_("What a name may mean, in any language"),
        (JSON, HTML.media_type),
        query=("q", "class", "limit", "offset", "lang"),
        problems=(400, 406),
    ),
    Operation(
        "/reconcile",
        N_("The Reconciliation API 0.2: the service, or answers to queries"),
        (JSON,),
        query=("queries", "extend", "lang"),
        problems=(400, 413),
    ),
    Operation(
        "/reconcile",
        N_("Answers a batch of queries"),
        (JSON,),
        method="post",
        body=(
            Body(
                FORM,
                "queries=%7B%22q0%22%3A%20%7B%22query%22%3A%20%22Gao%22%7D%7D",
                RECONCILIATION_FORM,
            ),
        ),
        problems=(400, 413),
    ),
    Operation(
        "/reconcile/suggest/{kind}",
        N_("What a reader who types may mean"),
        (JSON,),
        query=("prefix", "cursor", "lang"),
        problems=(400, 404),
    ),
    Operation(
        "/reconcile/flyout/{kind}",
        N_("A few words about something suggested"),
        (JSON,),
        query=("id", "lang"),
        required=("id",),
        problems=(404,),
    ),
    Operation(
        "/reconcile/preview",
        N_("A small page about a thing"),
        (HTML.media_type,),
        query=("id", "lang"),
        required=("id",),
        problems=(404,),
    ),
    Operation(
        "/reconcile/properties",
        N_("The properties that things of a class have"),
        (JSON,),
        query=("class", "limit", "lang"),
        problems=(400,),
    ),
    Operation(
        "/export/",
        N_("The list of tables and maps"),
        (JSON, HTML.media_type),
        query=("lang",),
        problems=(406,),
    ),
    Operation(
        "/export/{export}",
        N_("One of them"),
        ("text/csv", "application/geo+json", "application/csvm+json", "text/tab-separated-values"),
        problems=(404,),
    ),
    Operation(
        "/dump/",
        N_("The list of whole-dataset files"),
        (JSON, HTML.media_type),
        query=("lang",),
        problems=(406,),
    ),
    Operation(
        "/dump/{file}",
        N_("One of them"),
        (
            "application/n-quads",
            "text/turtle",
            "application/ld+json",
            "application/gzip",
            "text/plain",
        ),
        problems=(404,),
    ),
    Operation(
        "/linkset",
        N_("The links of the dataset and its files (RFC 9264)"),
        _LINKSETS,
        problems=(406,),
    ),
    Operation("/linkset/{document}", N_("The links of a document"), _LINKSETS, problems=(404, 406)),
    Operation("/sitemap.xml", N_("All documents, for crawlers"), ("application/xml",)),
    Operation(
        "/sitemap-{number}.xml",
        N_("A part of a long sitemap"),
        ("application/xml",),
        problems=(404,),
    ),
    Operation("/robots.txt", N_("What crawlers may read"), _TEXT),
    Operation("/llms.txt", N_("What a language model should know"), _TEXT),
    Operation(
        "/problem/{problem}",
        N_("What a problem type means"),
        (HTML.media_type,),
        query=("lang",),
        problems=(404,),
    ),
    Operation("/openapi.json", N_("This description"), (JSON,)),
    Operation("/docs", N_("This description as a page"), (HTML.media_type,), query=("lang",)),
    Operation("/healthz", N_("Answers while the process lives"), _TEXT),
    Operation("/readyz", N_("Answers once the release is loaded"), _TEXT),
    Operation("/metrics", N_("Figures of the web workers, for Prometheus"), _TEXT),
)
"""Each public route with each method but ``HEAD`` and ``OPTIONS``, which every ``GET`` allows."""
