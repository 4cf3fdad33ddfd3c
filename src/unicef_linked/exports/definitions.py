"""Which files a release defines, and how each is written.

Terms are those of ``ontology/exports.ttl``. A release that defines no file has none. Each export
is one function from a store to bytes. Rows and values come by SPARQL of our own, so any engine
will do, and data that has nothing of the kind gives a file with a header alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked.exports.geojson import write_geojson
from unicef_linked.exports.mappings import write_mappings
from unicef_linked.exports.tables import Column, Each, Table, write_csv, write_metadata
from unicef_linked.rdf.iris import DCTERMS, RDF, SHACL
from unicef_linked.rdf.languages import choose_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pyoxigraph import Quad

    from unicef_linked.rdf.iris import Names
    from unicef_linked.rdf.terms import Term
    from unicef_linked.store import Store

    Writer = Callable[[Store, Names], bytes]


@dataclass(frozen=True, slots=True)
class Export:
    """One file: its name, what it is, and the function that writes it."""

    name: str
    media_type: str  # as registered with IANA, without parameters
    titles: Mapping[str, str]  # by language
    write: Writer
    parameters: str = ""  # of the media type
    short_name: str = ""  # for the command line
    described_by: str | None = None  # the name of the export that is metadata about this one

    @property
    def content_type(self) -> str:
        """The value of ``Content-Type``."""
        return self.media_type + self.parameters

    def title(self, language: str) -> str:
        """Return its title in a language, else in English, else in any; else its name."""
        return choose_text([language], self.titles, self.name)


@dataclass(frozen=True)
class Exports:
    """The exports that a release defines, read from its store when first needed."""

    store: Store
    names: Names

    @cached_property
    def all(self) -> tuple[Export, ...]:
        """Every export, in order."""
        return read_exports(self.store, self.names)

    def by_name(self, name: str) -> Export | None:
        """Return the export of a name or short name, None if there is none."""
        return next((e for e in self.all if name in {e.name, e.short_name or e.name}), None)


_MEDIA_TYPES: Final = {
    "Csv": ("text/csv", "; charset=utf-8; header=present"),  # RFC 4180, section 3
    "CsvMetadata": ("application/csvm+json", ""),
    "GeoJson": ("application/geo+json", ""),
    "Sssom": ("text/tab-separated-values", "; charset=utf-8"),
}
"""Media types and their parameters, by the local name of the format."""


def read_exports(store: Store, names: Names) -> tuple[Export, ...]:
    """Return the exports that a store defines; a format that is not known here is left out."""
    typed = store.match(None, NamedNode(f"{RDF}type"), NamedNode(names.term("Export")))
    files = _Definitions(store.match_any([quad.subject for quad in typed]) if typed else (), names)
    columns = (*files.all("column"), *files.all("geometryColumn"))
    cells = _Definitions(store.match_any(columns) if columns else (), names)
    exports = []
    for iri in files.in_order(files.subjects):
        name, file_format = files.text(iri, "fileName"), files.local_name(iri, "writtenAs")
        write = _writer(file_format, iri, files, cells)
        if name and write:
            media_type, parameters = _MEDIA_TYPES[file_format]
            titles = files.texts(iri, f"{DCTERMS}title")
            short_name, about = files.text(iri, "shortName"), _described_by(iri, file_format, files)
            exports.append(Export(name, media_type, titles, write, parameters, short_name, about))
    return tuple(exports)


def _writer(
    file_format: str, iri: NamedNode, files: _Definitions, cells: _Definitions
) -> Writer | None:
    if file_format == "Sssom":
        return partial(write_mappings, files.text(iri, "fileName"))
    table_iri = iri if file_format == "Csv" else NamedNode(files.text(iri, "ofTable") or iri.value)
    table = _table(table_iri, files, cells)
    if not (table.pattern and table.about and table.columns):
        return None
    if file_format == "Csv":
        return partial(write_csv, table)
    if file_format == "CsvMetadata":
        return partial(write_metadata, table)
    geometry = _columns(iri, "geometryColumn", table.about, files, cells)
    if file_format == "GeoJson" and geometry:
        return partial(write_geojson, table, geometry)
    return None


def _described_by(iri: NamedNode, file_format: str, files: _Definitions) -> str | None:
    """Return the name of the metadata about a table."""
    if file_format == "Csv":
        for other in files.subjects:
            is_metadata = files.local_name(other, "writtenAs") == "CsvMetadata"
            if is_metadata and iri in files.values(other, "ofTable"):
                return files.text(other, "fileName")
    return None


def _table(iri: NamedNode, files: _Definitions, cells: _Definitions) -> Table:
    about = tuple(files.text(iri, "rowVariables").split())
    return Table(
        files.text(iri, "fileName"),
        files.text(iri, "rowPattern"),
        about,
        _columns(iri, "column", about, files, cells),
    )


def _columns(
    iri: NamedNode, term: str, about: tuple[str, ...], files: _Definitions, cells: _Definitions
) -> tuple[Column, ...]:
    """Return the columns of a file that are about variables of its rows."""
    iris = (value for value in files.values(iri, term) if isinstance(value, NamedNode))
    columns = (_column(column, cells) for column in cells.in_order(iris))
    return tuple(column for column in columns if column.about and set(column.about) <= set(about))


_EACH: Final = {"EachLanguage": Each.LANGUAGE, "EachScheme": Each.SCHEME}


def _column(iri: NamedNode, cells: _Definitions) -> Column:
    return Column(
        name=cells.text(iri, "columnName"),
        about=tuple(cells.text(iri, "aboutVariable").split()),
        pattern=cells.text(iri, "cellPattern"),
        states=cells.text(iri, "cellProperty"),
        each=_EACH.get(cells.local_name(iri, "repeatedFor"), Each.ONCE),
        datatype=cells.local_name(iri, "cellDatatype") or "string",
        many=cells.text(iri, "isList") == "true",
        hashtag=cells.text(iri, "hashtag"),
    )


class _Definitions:
    """Statements by subject and predicate; a predicate without a namespace is of the ontology."""

    def __init__(self, quads: Iterable[Quad], names: Names) -> None:
        self._names = names
        self._values: dict[NamedNode, dict[str, set[Term]]] = {}
        for quad in quads:
            if isinstance(quad.subject, NamedNode):
                about = self._values.setdefault(quad.subject, {})
                about.setdefault(quad.predicate.value, set()).add(quad.object)

    @property
    def subjects(self) -> list[NamedNode]:
        """What is defined."""
        return list(self._values)

    def in_order(self, iris: Iterable[NamedNode]) -> list[NamedNode]:
        """Return IRIs by their ``sh:order``; those without one last."""

        def place(iri: NamedNode) -> tuple[bool, int, str]:
            number = self.text(iri, f"{SHACL}order")
            is_number = re.fullmatch(r"[0-9]{1,9}", number) is not None
            return not is_number, int(number) if is_number else 0, iri.value

        return sorted(iris, key=place)

    def values(self, iri: NamedNode, predicate: str) -> list[Term]:
        """Return the values of a property, in an order that is always the same."""
        predicate = predicate if ":" in predicate else self._names.term(predicate)
        return sorted(self._values.get(iri, {}).get(predicate, ()), key=str)

    def all(self, predicate: str) -> list[NamedNode]:
        """Return the IRIs that are values of a property of any subject."""
        iris: list[NamedNode] = []
        for subject in self._values:
            iris += (v for v in self.values(subject, predicate) if isinstance(v, NamedNode))
        return iris

    def text(self, iri: NamedNode, predicate: str) -> str:
        """Return the first value of a property as text, "" if it has none."""
        return next(
            (v.value for v in self.values(iri, predicate) if isinstance(v, NamedNode | Literal)), ""
        )

    def texts(self, iri: NamedNode, predicate: str) -> dict[str, str]:
        """Return the values of a property by language."""
        texts = {
            value.language: value.value
            for value in self.values(iri, predicate)
            if isinstance(value, Literal) and value.language
        }
        return dict(sorted(texts.items()))

    def local_name(self, iri: NamedNode, predicate: str) -> str:
        """Return what follows the ``#`` in the first value of a property."""
        return self.text(iri, predicate).rpartition("#")[2]
