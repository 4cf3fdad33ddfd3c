"""The ``owl:imports`` of shapes (SHACL, section 3.2): nothing is fetched, what lacks is named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pyoxigraph import NamedNode

from unicef_linked.rdf.iris import OWL, RDF

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from unicef_linked.build.sources import SourceFile


def unread_imports(shapes: Sequence[SourceFile], others: Sequence[SourceFile]) -> Iterator[str]:
    """Yield a sentence for each file that shapes import and that is not among those given."""
    given = [*shapes, *others]
    for source in shapes:
        imports = [q for q in source.quads if q.predicate.value == f"{OWL}imports"]
        for quad in imports:
            if isinstance(quad.object, NamedNode) and not _is_given(quad.object, source, given):
                line = source.line_of(getattr(quad.subject, "value", ""))
                place = f"{source.path}:{line}" if line else str(source.path)
                yield (
                    f"{place}: imports <{_as_written(quad.object, source)}>, which was not read;"
                    " give its file with --shapes"
                )


def _as_written(imported: NamedNode, source: SourceFile) -> str:
    """Return an IRI, relative if it lies beside the name of the file's graph, its base."""
    folder = getattr(source.graph, "value", "").rpartition("/")[0]
    return imported.value.removeprefix(f"{folder}/")


def _is_given(imported: NamedNode, by: SourceFile, given: Sequence[SourceFile]) -> bool:
    """Return whether a file is the imported one: by the ontology that it states, or by its name."""
    address = urlsplit(imported.value)
    name = unquote(address.path.rstrip("/").rpartition("/")[2])
    stated = NamedNode(imported.value.rstrip("#/"))
    for source in given:
        if source is not by and name in {source.path.name, source.path.stem}:
            return True
        if address.scheme == "file" and Path(unquote(address.path)) == source.path.resolve():
            return True
        if any(_states(stated, quad.subject, quad.predicate, quad.object) for quad in source.quads):
            return True
    return False


def _states(iri: NamedNode, subject: object, predicate: NamedNode, value: object) -> bool:
    """Return whether a statement says that ``iri`` is an ontology, or the version of one."""
    if predicate.value == f"{OWL}versionIRI":
        return _is_same(value, iri)
    is_type = predicate.value == f"{RDF}type" and value == NamedNode(f"{OWL}Ontology")
    return is_type and _is_same(subject, iri)


def _is_same(term: object, iri: NamedNode) -> bool:
    return isinstance(term, NamedNode) and term.value.rstrip("#/") == iri.value
