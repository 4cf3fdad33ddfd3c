"""Namespaces, prefixes, and the IRIs that the project mints."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

CANONICAL_BASE: Final = "https://w3id.org/unicef-linked/"
"""Base of the IRIs we mint, wherever the server runs; ``build --base-iri`` gives another."""

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
OWL: Final = "http://www.w3.org/2002/07/owl#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
SKOSXL: Final = "http://www.w3.org/2008/05/skos-xl#"
SHACL: Final = "http://www.w3.org/ns/shacl#"
DCAT: Final = "http://www.w3.org/ns/dcat#"
DQV: Final = "http://www.w3.org/ns/dqv#"
DC: Final = "http://purl.org/dc/elements/1.1/"
DCTERMS: Final = "http://purl.org/dc/terms/"
FOAF: Final = "http://xmlns.com/foaf/0.1/"
GEO: Final = "http://www.opengis.net/ont/geosparql#"
HYDRA: Final = "http://www.w3.org/ns/hydra/core#"
PROV: Final = "http://www.w3.org/ns/prov#"
SCHEMA: Final = "http://schema.org/"
SD: Final = "http://www.w3.org/ns/sparql-service-description#"
SPDX: Final = "http://spdx.org/rdf/terms#"
VOID: Final = "http://rdfs.org/ns/void#"
VOID_EXT: Final = "http://ldf.fi/void-ext#"

WELL_KNOWN_PREFIXES: Final = {
    "rdf": RDF,
    "rdfs": RDFS,
    "owl": OWL,
    "xsd": XSD,
    "skos": SKOS,
    "sh": SHACL,
    "dcat": DCAT,
    "dcterms": DCTERMS,
    "dqv": DQV,
    "foaf": FOAF,
    "geo": GEO,
    "geof": "http://www.opengis.net/def/function/geosparql/",
    "hydra": HYDRA,
    "oa": "http://www.w3.org/ns/oa#",
    "org": "http://www.w3.org/ns/org#",
    "prov": PROV,
    "schema": SCHEMA,
    "sd": SD,
    "sf": "http://www.opengis.net/ont/sf#",
    "sosa": "http://www.w3.org/ns/sosa/",
    "spdx": SPDX,
    "time": "http://www.w3.org/2006/time#",
    "vann": "http://purl.org/vocab/vann/",
    "void": VOID,
    "voidext": VOID_EXT,
    "wgs84": "http://www.w3.org/2003/01/geo/wgs84_pos#",
}

_TYPE_AND_KEY: Final = re.compile(r"([^/?#\s]+)/([^?#\s]+)")
_LOCAL_NAME: Final = re.compile(r"[A-Za-z0-9_]([\w.-]*[\w-])?")
"""Those of Turtle's local names (PN_LOCAL) that need no escape."""


@dataclass(frozen=True)
class Names:
    """The IRIs of one dataset, all under ``base`` (which ends in ``/``).

    ``declared`` are the prefixes that the dataset itself declares, with their namespaces.
    ``has_terms`` tells whether it has an ontology and shapes below its base, as one that ``build``
    makes.
    """

    base: str = CANONICAL_BASE
    declared: Mapping[str, str] = field(default_factory=dict)
    has_terms: bool = True

    @property
    def ontology(self) -> str:
        """The ontology's own IRI; its terms are ``{ontology}#name``.

        Data of others that has terms of ours has those of the canonical base.
        """
        return f"{self.base if self.has_terms else CANONICAL_BASE}ontology"

    @property
    def shapes(self) -> str:
        """The shapes graph's IRI."""
        return f"{self.base}shapes"

    @property
    def dataset(self) -> str:
        """The IRI of the dataset that a release is a snapshot of."""
        return f"{self.base}dataset"

    @property
    def entities(self) -> str:
        """Where the IRIs of entities begin."""
        return f"{self.base}id/"

    def term(self, name: str) -> str:
        """Return the IRI of one term of the ontology."""
        return f"{self.ontology}#{name}"

    def graph(self, path: str) -> str:
        """Return the name of the graph of the file at ``path``, given without its suffix."""
        return f"{self.base}graph/{path}"

    def entity(self, entity_type: str, key: str) -> str:
        """Return the IRI of an entity.

        >>> Names().entity("region", "gao")
        'https://w3id.org/unicef-linked/id/region/gao'
        """
        return f"{self.entities}{entity_type}/{key}"

    def release(self, name: str) -> str:
        """Return the IRI of a release by its short name."""
        return f"{self.base}release/{name}"

    def document(self, entity_type: str, key: str) -> str:
        """Return the canonical IRI of the document about an entity."""
        return f"{self.base}doc/{entity_type}/{key}"

    @property
    def skolems(self) -> str:
        """Where the IRIs in place of blank nodes begin (RDF 1.1 Concepts, section 3.5)."""
        return f"{self.base}.well-known/genid/"

    def type_and_key(self, iri: str) -> tuple[str, str] | None:
        """Return the type and key of one of our entities, None for any other IRI.

        The key is the rest of the path: those that we mint are lower case and have no slash, those
        of others need not be.

        >>> Names().type_and_key("https://w3id.org/unicef-linked/id/region/gao")
        ('region', 'gao')
        >>> Names().type_and_key("https://w3id.org/unicef-linked/id/region/gao#office") is None
        True
        """
        if not iri.startswith(self.entities):
            return None
        match = _TYPE_AND_KEY.fullmatch(iri[len(self.entities) :])
        return (match[1], match[2]) if match else None

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """Every prefix we write with: ours first, then the well-known, then the declared ones.

        Without terms of ours, those that the data declares are first, and others that are
        well-known are for other namespaces only.
        """
        declared = dict(self.declared)
        if not self.has_terms:
            namespaces = set(declared.values())
            return declared | {
                name: iri
                for name, iri in WELL_KNOWN_PREFIXES.items()
                if name not in declared and iri not in namespaces
            }
        known = {"ul": f"{self.ontology}#", "ulsh": f"{self.shapes}#"} | WELL_KNOWN_PREFIXES
        return known | {name: iri for name, iri in declared.items() if name not in known}

    def shorten(self, iri: str) -> str:
        """Return the prefixed form of an IRI, or the IRI itself if none of our prefixes fits.

        >>> Names().shorten("http://www.w3.org/2004/02/skos/core#prefLabel")
        'skos:prefLabel'
        """
        for prefix, namespace in self.prefixes.items():
            local = iri[len(namespace) :]
            if iri.startswith(namespace) and _LOCAL_NAME.fullmatch(local):
                return f"{prefix}:{local}"
        return iri


def local_name(iri: str) -> str:
    """Return the end of an IRI as people read it; itself if it has none or is no IRI.

    >>> local_name("http://example.org/a#b_c"), local_name("http://example.org/S%C3%A9gou/")
    ('b_c', 'Ségou')
    >>> local_name("urn:isbn:1"), local_name("http://example.org")
    ('1', 'http://example.org')
    """
    if ":" not in iri:
        return iri
    path = iri.partition("://")[2].partition("/")[2] if "://" in iri else iri
    ends = [end for end in re.split(r"[#/]" if "://" in iri else r"[#/:]", path) if end]
    return unquote(ends[-1]) if ends else iri


_RESERVED: Final = "!$&'()*+,;=:@"
"""What a path may have encoded or not: it is another IRI then (RFC 3987, section 5.3.2.3)."""
_LAST_CONTROL: Final = 0x9F
"""The last character beyond ASCII that an IRI cannot have unencoded (RFC 3987, section 2.2)."""


def to_uri(iri: str) -> str:
    """Return the URI reference of an IRI reference (RFC 3987, section 3.1): ASCII, ``%`` kept.

    >>> to_uri("/doc/site/Ségou%2F1")
    '/doc/site/S%C3%A9gou%2F1'
    """
    return quote(iri, safe="!#$%&'()*+,/:;=?@[]^_`{|}~")


def written_forms(path: str) -> tuple[str, ...]:
    """Return the ways in which an IRI may have a path that was sent percent-encoded.

    ``path`` is decoded. Percent-encoded forms come first, as the path was sent in such a form.

    >>> written_forms("gao"), written_forms("Ségou")
    (('gao',), ('S%C3%A9gou', 'S%c3%a9gou', 'Ségou'))
    """
    forms: dict[str, None] = {}
    for beyond_ascii, reserved, slash in product((False, True), (_RESERVED, ""), ("/", "")):
        form = _encode(path, reserved + slash, beyond_ascii=beyond_ascii)
        forms[form] = None
        forms[re.sub("%[0-9A-F]{2}", lambda octet: octet[0].lower(), form)] = None
    forms[path] = None
    return tuple(forms)


def _encode(path: str, kept: str, *, beyond_ascii: bool) -> str:
    """Return a path with all encoded but unreserved and ``kept`` characters."""
    characters = []
    for character in path:
        is_kept = character in kept or (beyond_ascii and ord(character) > _LAST_CONTROL)
        characters.append(character if is_kept else quote(character, safe=""))
    return "".join(characters)


_DECLARATION: Final = re.compile(r"\bprefix\s+([\w.-]*):\s*<([^<>\s]*)>", re.IGNORECASE)


def declared_prefixes(text: str) -> dict[str, str]:
    """Return what a text in Turtle, TriG or SPARQL declares, read without its grammar.

    >>> declared_prefixes("@prefix a: <urn:a:> . PREFIX b: <urn:b:>")
    {'a': 'urn:a:', 'b': 'urn:b:'}
    """
    return dict(_DECLARATION.findall(text))


def undeclared_prefix(prefix: str, prefixes: Mapping[str, str]) -> str:
    """Return the message for a prefix that is used but not declared, with a remedy.

    ``prefixes`` are those that may be meant.

    >>> undeclared_prefix("regoin", {"region": "https://example.org/region/"})
    'undeclared prefix "regoin:"; did you mean "region:"?'
    """
    message = f'undeclared prefix "{prefix}:"'
    if prefix in prefixes:
        return f"{message}; add the line: PREFIX {prefix}: <{prefixes[prefix]}>"
    similar = difflib.get_close_matches(prefix, prefixes, n=1)
    if similar:
        return f'{message}; did you mean "{similar[0]}:"?'
    return f"{message}; declare it with a line: PREFIX {prefix}: <…>"
