"""The files of a release that hold its statements."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from pyoxigraph import NamedNode

from unicef_linked.rdf.canonical import datatype_of, name_of, split_line
from unicef_linked.rdf.formats import DUMPS, JSONLD, NQUADS
from unicef_linked.rdf.iris import SHACL
from unicef_linked.rdf.jsonld import Usage, make_context
from unicef_linked.rdf.terms import is_iri, value_of
from unicef_linked.release import Manifest
from unicef_linked.release.content import tool_versions
from unicef_linked.release.directory import digest_of
from unicef_linked.release.dumps import is_merged, write_dump
from unicef_linked.release.lines import parse_lines
from unicef_linked.release.manifest import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from pyoxigraph import Quad

    from unicef_linked.processes import Passing
    from unicef_linked.rdf.formats import Format
    from unicef_linked.rdf.iris import Names
    from unicef_linked.release import Draft

_PREFIX_NAME: Final = re.compile(r"(?!(?i:xml))[A-Za-z]([A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_PREFIX: Final = NamedNode(f"{SHACL}prefix")
_NAMESPACE: Final = NamedNode(f"{SHACL}namespace")
_DECLARATION: Final = (str(_PREFIX).encode(), str(_NAMESPACE).encode())
_DATASET: Final = f"dataset.{NQUADS.suffix}"


def write_dataset(
    draft: Draft,
    lines: Iterable[bytes],
    names: Names,
    *,
    issued: datetime,
    union: bool,
    conforms: bool | None,
    sources: Mapping[str, str],
    on_demand: bool = False,
) -> Manifest:
    """Write the dump in N-Quads and the JSON-LD context of a dataset; return its manifest.

    ``lines`` are its sorted lines, each once. ``names`` may have prefixes of the files; those that
    the statements declare go before them. With ``on_demand`` nothing is compressed, and the
    manifest names the dumps that are not there: in JSON-LD there is none of a dataset with terms of
    RDF 1.2.
    """
    survey = _Survey()
    _write_nquads(draft, survey.read(lines), compressed=not on_demand)
    names = replace(names, declared={**names.declared, **survey.declared_prefixes()})
    draft.write_json("context.jsonld", {"@context": make_context(survey.usage, names)})
    return Manifest(
        sha256=draft.sums[_DATASET],
        base_iri=names.base,
        issued=format_instant(issued),
        quads=survey.graphs.total(),
        graphs=survey.sizes(),
        union=union,
        conforms=conforms,
        sources=sources,
        tools=tool_versions(),
        prefixes=names.declared,
        on_demand=_not_written(survey.other_dumps()) if on_demand else (),
    )


def _write_nquads(draft: Draft, lines: Iterable[bytes], *, compressed: bool) -> None:
    """Write the dump in N-Quads, with one that is compressed beside it or without."""
    if compressed:
        draft.write_dump(_DATASET, lambda stream: stream.writelines(lines))
    else:
        draft.write(f"dumps/{_DATASET}", lambda stream: stream.writelines(lines))
        draft.sums[_DATASET] = digest_of(draft.folder / "dumps" / _DATASET)


def write_other_dump(
    draft: Draft, name: str, manifest: Manifest, prefixes: Mapping[str, str], passing: Passing[Quad]
) -> dict[str, str]:
    """Write a dump from the one in N-Quads; return its digest and that of the compressed one."""
    write = partial(
        write_dump,
        draft.folder / "dumps" / _DATASET,
        DUMPS[name],
        prefixes,
        is_merged(manifest.union, manifest.graphs),
        passing=passing,
    )
    draft.write_dump(name, write)
    return {file: draft.sums[file] for file in (name, f"{name}.gz")}


def _not_written(others: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the dumps that are not there if only N-Quads are, sorted."""
    compressed = [f"{name}.gz" for name in (_DATASET, *others)]
    return tuple(sorted((*others, *compressed)))


class _Survey:
    """What a release says of its statements, learned as their lines pass through."""

    def __init__(self) -> None:
        self.graphs: Counter[bytes] = Counter()
        self.usage = Usage()
        self.is_rdf12 = False
        self._declarations: list[bytes] = []

    def read(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Yield sorted lines as they are."""
        for line in lines:
            subject, predicate, value, graph = split_line(line)
            self.graphs[graph] += 1
            self.usage.add(subject, predicate, value)
            if predicate in _DECLARATION:
                self._declarations.append(line)
            if (b"--" in value or value.startswith(b"<<")) and _is_of_rdf12(value):
                self.is_rdf12 = True
            yield line

    def sizes(self) -> dict[str, int]:
        """Return the number of statements of each graph, by its name ("": the default graph)."""
        sizes = {name_of(graph): number for graph, number in self.graphs.items()}
        return dict(sorted(sizes.items()))

    def other_dumps(self) -> dict[str, Format]:
        """Return the dumps that the dataset has besides N-Quads, by file name."""
        return {
            name: kind
            for name, kind in DUMPS.items()
            if kind is not NQUADS and not (self.is_rdf12 and kind is JSONLD)
        }

    def declared_prefixes(self) -> dict[str, str]:
        """Return the prefixes that the statements declare."""
        return declared_prefixes(parse_lines(self._declarations))


def _is_of_rdf12(value: bytes) -> bool:
    """Tell whether RDF 1.1 has no such term: a triple term, or a literal with a direction."""
    if value.startswith(b'"'):
        suffix = datatype_of(value)
        return suffix.startswith("@") and "--" in suffix
    return value.startswith(b"<<")


def declared_prefixes(quads: Iterable[Quad]) -> dict[str, str]:
    """Return the namespaces that statements declare prefixes for (SHACL, section 5.2.1), sorted.

    What no file could use as a prefix is passed over.
    """
    prefixes: dict[str, str] = {}
    namespaces: dict[str, str] = {}
    for quad in quads:
        if quad.predicate == _PREFIX:
            prefixes[str(quad.subject)] = value_of(quad.object)
        elif quad.predicate == _NAMESPACE:
            namespaces[str(quad.subject)] = value_of(quad.object)
    return usable_prefixes(
        (name, namespaces.get(node, "")) for node, name in sorted(prefixes.items())
    )


def declarations(lines: Iterable[bytes]) -> list[Quad]:
    """Return the statements that declare prefixes."""
    return parse_lines(line for line in lines if any(part in line for part in _DECLARATION))


def usable_prefixes(prefixes: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return those of prefixes that every format can have, by name; the last of a name counts."""
    declared = {
        name: namespace
        for name, namespace in prefixes
        if _PREFIX_NAME.fullmatch(name) and is_iri(namespace)
    }
    return dict(sorted(declared.items()))
