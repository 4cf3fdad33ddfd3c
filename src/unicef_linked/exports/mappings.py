"""The matches with the identifiers of others, as a mapping set.

The format is SSSOM, the Simple Standard for Sharing Ontological Mappings.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Final
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

_MAPPING: Final = ("subject", "predicate", "object", "graph")
_SEMAPV: Final = "https://w3id.org/semapv/vocab/"
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
    shorten = _Shortener({"graph": f"{names.base}graph/", "semapv": _SEMAPV} | names.prefixes)
    solutions = ask(
        store,
        names,
        f"""SELECT DISTINCT ?subject ?predicate ?object ?graph {{
          VALUES ?predicate {{ {" ".join(f"<{iri}>" for iri in MAPPINGS)} }}
          GRAPH ?graph {{ ?subject ?predicate ?object }}
          FILTER(STRSTARTS(STR(?subject), "{names.entities}") && ISIRI(?object))
        }}""",
    )
    mappings = [tuple(value_of(row.get(name)) for name in _MAPPING) for row in solutions]
    things, graphs = set(), set()
    for subject, _, match, graph in mappings:
        things |= {subject, match}
        graphs.add(graph)
    labels = _texts("skos:prefLabel", things, store, names, language="en")
    titles = _texts("dcterms:title", {names.dataset}, store, names, language="en")
    licences = _texts("dcterms:license", {names.dataset, *graphs}, store, names)
    derived = names.graph("derived/")
    rows = set()
    for subject, predicate, match, graph in mappings:
        justification = "LogicalReasoning" if graph.startswith(derived) else "ManualMappingCuration"
        rows.add(
            (
                shorten(subject),
                labels.get(subject, ""),
                shorten(predicate),
                shorten(match),
                labels.get(match, ""),
                shorten(f"{_SEMAPV}{justification}"),
                licences.get(graph, ""),
                shorten(graph),
            )
        )
    header = {
        "mapping_set_id": addresses.absolute(names.base, addresses.export(file_name)),
        "mapping_set_title": titles.get(names.dataset, ""),
        "license": licences.get(names.dataset, ""),
        "mapping_set_source": [names.dataset],
    }
    return _write(header, shorten.used, sorted(rows))


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
    """Return a value of a property for each IRI that has one: the first, in ``language`` if given."""
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
    """Return prefix and local part, by the longest namespace; where none covers an IRI, by its host.

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
