"""The description of one resource as a value; it can be written as a graph or a dataset. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyoxigraph import Quad, Triple

from unicef_linked import addresses
from unicef_linked.errors import NotAcceptable, Unwritable
from unicef_linked.rdf import jsonld
from unicef_linked.rdf.formats import DOCUMENT_FORMATS, JSONLD, Carries, Format
from unicef_linked.rdf.iris import HYDRA, RDF
from unicef_linked.rdf.serialization import write_rdf
from unicef_linked.rdf.terms import triple

if TYPE_CHECKING:
    from unicef_linked.rdf.iris import Names
    from unicef_linked.rdf.jsonld import Context


@dataclass(frozen=True)
class Description:
    """The statements of a document: about its resource, about its context, about the document.

    ``controls`` are those that a client tells from the data by their graph, as in a fragment.
    """

    iri: str
    about: list[Quad]
    context: list[Triple] = field(default_factory=list)
    document: list[Triple] = field(default_factory=list)
    controls: list[Quad] = field(default_factory=list)
    """Statements about an answer, such as how to ask for more; never in the default graph."""

    def triples(self) -> list[Triple]:
        """Return it as one graph, sorted."""
        return sorted(self._data() | {quad.triple for quad in self.controls}, key=str)

    def quads(self) -> list[Quad]:
        """Return it as a dataset, sorted: the graph of the document is its default graph.

        What named graphs state is in them too. Controls are in their own graph alone.
        """
        default = (Quad(*statement) for statement in self._data())
        return sorted({*default, *self.about, *self.controls}, key=str)

    def _data(self) -> set[Triple]:
        return {quad.triple for quad in self.about} | {*self.context, *self.document}


def partial_view(whole: str, number: int, last: int) -> list[Triple]:
    """Return how a page of what has an IRI relates to its other pages.

    Hydra Core Vocabulary, section 3.2.
    """

    def view(n: int) -> str:
        return addresses.with_query(whole, {"page": str(n)})

    this = view(number)
    triples = [
        triple(whole, f"{HYDRA}view", this),
        triple(this, f"{RDF}type", f"{HYDRA}PartialCollectionView"),
        triple(this, f"{HYDRA}first", view(1)),
        triple(this, f"{HYDRA}last", view(last)),
    ]
    if number > 1:
        triples.append(triple(this, f"{HYDRA}previous", view(number - 1)))
    if number < last:
        triples.append(triple(this, f"{HYDRA}next", view(number + 1)))
    return triples


def write_description(
    description: Description, offer: Format, names: Names, context: Context
) -> bytes:
    """Return a description in an RDF format; the same statements give the same bytes.

    ``context`` is the dataset's JSON-LD context. Raises NotAcceptable, with the other formats, if
    this one cannot express the statements.
    """
    try:
        return _write(description, offer, names, context)
    except Unwritable as error:
        others = [other.media_type for other in DOCUMENT_FORMATS if other is not offer]
        raise NotAcceptable(others, str(error)) from None


def _write(description: Description, offer: Format, names: Names, context: Context) -> bytes:
    if offer is JSONLD:
        return jsonld.write(description.triples(), context, root=description.iri)
    statements = description.quads() if offer.carries is Carries.DATASET else description.triples()
    return write_rdf(statements, offer.rdf, names.prefixes)
