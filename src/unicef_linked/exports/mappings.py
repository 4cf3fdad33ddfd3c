"""The matches with the identifiers of others, as a mapping set.

The format is SSSOM, the Simple Standard for Sharing Ontological Mappings.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from pyoxigraph import Literal

from unicef_linked import addresses
from unicef_linked.exports.tables import ask, guard
from unicef_linked.rdf.languages import matching_tag
from unicef_linked.rdf.mappings import MAPPINGS
from unicef_linked.rdf.terms import value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from unicef_linked.rdf.iris import Names
    from unicef_linked.store import Store

_SEMAPV: Final = "https://w3id.org/semapv/vocab/"
_RULE: Final = "LogicalReasoning"
_EDITORS: Final = "ManualMappingCuration"
"""Justifications of a mapping, in that vocabulary: a rule derived it, or editors stated it."""

_COLUMNS: Final = (
    "subject_id",
    "subject_label",
    "predicate_id",
    "object_id",
    "object_label",
    "mapping_justification",
    "license",
    "mapping_source",
)


def write_mappings(file_name: str, store: Store, names: Names) -> bytes:
    """Return the mapping set as SSSOM/TSV: metadata in YAML behind ``#``, then a mapping a line.

    A predicate is what the data states, and the justification how we came to it: editors curated
    what is asserted, rules derived what is in a derived graph. The source of a mapping is the named
    graph that states it.
    """
    mappings = _mappings(store, names)
    graphs = {mapping.graph for mapping in mappings}
    titles = _texts("dcterms:title", {names.dataset}, store, names, language="en")
    licences = _texts("dcterms:license", {names.dataset, *graphs}, store, names)
    shorten = _Shortener({"graph": f"{names.base}graph/", "semapv": _SEMAPV} | names.prefixes)
    rows = _rows(mappings, licences, shorten, store, names)
    header = {
        "mapping_set_id": addresses.absolute(names.base, addresses.export(file_name)),
        "mapping_set_title": titles.get(names.dataset, ""),
        "license": licences.get(names.dataset, ""),
        "mapping_set_source": [names.dataset],
    }
    return _write(header, shorten.used, sorted(rows))


class _Mapping(NamedTuple):
    """One match as stated, each term as text."""

    subject: str
    predicate: str
    object: str
    graph: str


def _mappings(store: Store, names: Names) -> list[_Mapping]:
    """Return the matches of our entities."""
    solutions = ask(
        store,
        names,
        f"""SELECT DISTINCT ?subject ?predicate ?object ?graph {{
          VALUES ?predicate {{ {" ".join(f"<{iri}>" for iri in MAPPINGS)} }}
          GRAPH ?graph {{ ?subject ?predicate ?object }}
          FILTER(STRSTARTS(STR(?subject), "{names.entities}") && ISIRI(?object))
        }}""",
    )
    return [_Mapping(*(value_of(row.get(name)) for name in _Mapping._fields)) for row in solutions]


def _rows(
    mappings: Iterable[_Mapping],
    licences: Mapping[str, str],
    shorten: _Shortener,
    store: Store,
    names: Names,
) -> set[tuple[str, ...]]:
    """Return the values of ``_COLUMNS`` of each mapping."""
    ends = {end for mapping in mappings for end in (mapping.subject, mapping.object)}
    labels = _texts("skos:prefLabel", ends, store, names, language="en")
    derived = names.graph("derived/")
    return {
        (
            shorten(mapping.subject),
            labels.get(mapping.subject, ""),
            shorten(mapping.predicate),
            shorten(mapping.object),
            labels.get(mapping.object, ""),
            shorten(f"{_SEMAPV}{_RULE if mapping.graph.startswith(derived) else _EDITORS}"),
            licences.get(mapping.graph, ""),
            shorten(mapping.graph),
        )
        for mapping in mappings
    }


class _Shortener:
    """Shortens IRIs to CURIEs, and keeps the prefixes that it has used."""

    def __init__(self, prefixes: dict[str, str]) -> None:
        self._prefixes = prefixes
        self.used = {"semapv": _SEMAPV}

    def __call__(self, iri: str) -> str:
        prefix, local = curie(iri, self._prefixes)
        self.used[prefix] = iri[: len(iri) - len(local)]
        return f"{prefix}:{local}"


def _write(
    header: Mapping[str, object], prefixes: Mapping[str, str], rows: Iterable[Sequence[str]]
) -> bytes:
    out = io.StringIO(newline="")
    out.write("#curie_map:\n")
    for name in sorted(prefixes):
        out.write(f"#  {name}: {json.dumps(prefixes[name])}\n")
    for name, value in header.items():
        if value:
            out.write(f"#{name}: {json.dumps(value, ensure_ascii=False)}\n")
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        writer.writerow([guard(value) for value in row])
    return out.getvalue().encode()


def _texts(
    path: str, iris: set[str], store: Store, names: Names, *, language: str = ""
) -> dict[str, str]:
    """Return the first value of a property for each IRI that has one, in ``language`` if given."""
    values = " ".join(f"<{iri}>" for iri in sorted(iris))
    solutions = ask(
        store,
        names,
        f"SELECT DISTINCT ?term ?text {{ VALUES ?term {{ {values} }} ?term {path} ?text }}",
    )
    texts: dict[str, dict[str, str]] = {}
    for row in sorted(solutions, key=lambda row: value_of(row["text"]), reverse=True):
        text = row["text"]
        tag = text.language if isinstance(text, Literal) and language else None
        texts.setdefault(value_of(row["term"]), {})[tag or ""] = value_of(text)
    chosen = {}
    for iri, by_tag in texts.items():
        match = matching_tag(language, by_tag)
        if match is not None:
            chosen[iri] = by_tag[match]
    return chosen


def curie(iri: str, prefixes: dict[str, str]) -> tuple[str, str]:
    """Return prefix and local part, by the longest namespace; if none covers an IRI, by its host.

    >>> curie("https://sws.geonames.org/2457161/", {"wd": "http://www.wikidata.org/entity/"})
    ('geonames', '2457161/')
    """
    covers = {
        len(space): name
        for name, space in prefixes.items()
        if iri.startswith(space) and iri != space
    }
    if covers:
        return covers[max(covers)], iri[max(covers) :]
    parts = urlsplit(iri)
    labels = parts.netloc.split(".")
    local = iri[len(f"{parts.scheme}://{parts.netloc}/") :]
    return labels[-2] if len(labels) > 1 else "other", local
