"""``python -m bench.world``: write made-up countries in our model,
from thousands of statements to millions.

The folder is content for ``unicef-linked build``, ``validate`` and ``serve --data``; ontology,
shapes and rules are those of the package. Every country has divisions, outlines, codes and names of
its own, offices with priorities and staff, a text that says so, and a claim with its passages for
each fact, in about the shares that Mali has of each. The same options give the same bytes. One
country is in memory at a time.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import zlib
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pyoxigraph import RdfFormat, parse

from bench.geography import (
    COUNTRIES,
    Block,
    Land,
    Name,
    alpha2,
    alpha3,
    base36,
    geojson,
    letters,
    well_known_text,
)
from unicef_linked.build import Content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TextIO

    from bench.geography import Point

BASE: Final = "https://w3id.org/unicef-linked/"

_KINDS: Final = (
    "change claim country division extent geometry group instant interval observation office"
    " organization parameter passage picture place priority purpose question region scheme sector"
    " selector source"
)
_PREFIXES: Final = "".join(
    [
        f"PREFIX ul: <{BASE}ontology#>\n",
        *(f"PREFIX {kind}: <{BASE}id/{kind}/>\n" for kind in _KINDS.split()),
        *(
            f"PREFIX {name}: <{namespace}>\n"
            for name, namespace in (
                ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
                ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
                ("xsd", "http://www.w3.org/2001/XMLSchema#"),
                ("owl", "http://www.w3.org/2002/07/owl#"),
                ("skos", "http://www.w3.org/2004/02/skos/core#"),
                ("sh", "http://www.w3.org/ns/shacl#"),
                ("dcat", "http://www.w3.org/ns/dcat#"),
                ("dcterms", "http://purl.org/dc/terms/"),
                ("foaf", "http://xmlns.com/foaf/0.1/"),
                ("geo", "http://www.opengis.net/ont/geosparql#"),
                ("oa", "http://www.w3.org/ns/oa#"),
                ("org", "http://www.w3.org/ns/org#"),
                ("prov", "http://www.w3.org/ns/prov#"),
                ("schema", "http://schema.org/"),
                ("sf", "http://www.opengis.net/ont/sf#"),
                ("sosa", "http://www.w3.org/ns/sosa/"),
                ("time", "http://www.w3.org/2006/time#"),
                ("wd", "http://www.wikidata.org/entity/"),
                ("wgs84", "http://www.w3.org/2003/01/geo/wgs84_pos#"),
            )
        ),
    ]
)
_LICENCE: Final = "<https://creativecommons.org/licenses/by/4.0/>"
_WORLD: Final = "source:world"
_CODES_FROM: Final = 900_000_000
"""Identifiers of GeoNames and Wikidata begin here: no thing elsewhere has them."""

### How much of each ###


@dataclass(frozen=True, slots=True)
class Size:
    """How many things of each kind a country has.

    ``Size.of(1)`` has the numbers of the packaged data on Mali.
    """

    regions: int
    cercles: int
    communes: int
    zone_offices: int
    priorities: int

    @staticmethod
    def of(scale: float) -> Size:
        """Return the size of a country that has so many times what Mali has."""
        offices = max(1, round(5 * scale))
        regions = max(offices + 1, round(20 * scale))
        cercles = max(regions, round(53 * scale))
        return Size(
            regions,
            cercles,
            max(cercles, round(701 * scale)),
            offices,
            max(offices, 6, round(23 * scale)),
        )

    def statements(self) -> int:
        """Return about how many statements are published of such a country,
        derived ones with them.
        """
        return round(
            PER_COUNTRY
            + PER_REGION * self.regions
            + PER_CERCLE * self.cercles
            + PER_COMMUNE * self.communes
            + PER_ZONE_OFFICE * self.zone_offices
            + PER_PRIORITY * self.priorities
        )


SHARED: Final = 9_278.0
PER_COUNTRY: Final = 609.4
PER_REGION: Final = 100.1
PER_CERCLE: Final = 67.1
PER_COMMUNE: Final = 28.0
PER_ZONE_OFFICE: Final = 543.4
PER_PRIORITY: Final = 128.6
"""Statements published: of what all countries share, and more for each thing;
fitted to eleven worlds, within 0.1 %."""

_SCALE: Final = 0.25
"""Size of a country beside Mali where there is no need for a larger one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many countries a world has, and how large each is."""

    sizes: tuple[Size, ...]

    @property
    def statements(self) -> int:
        """About how many statements a release of the world publishes."""
        return round(SHARED) + sum(size.statements() for size in self.sizes)


def plan(statements: int, countries: int | None = None) -> Plan:
    """Return the world that publishes about so many statements.

    Raises ValueError where the number of countries allows no such world.
    """
    usual = Size.of(_SCALE).statements()
    if countries is None:
        countries = min(COUNTRIES, max(1, round((statements - SHARED) / usual)))
    if not 1 <= countries <= COUNTRIES:
        raise ValueError(f"a world has 1 to {COUNTRIES} countries: so many codes of two letters")
    least = round(SHARED) + countries * Size.of(0).statements()
    if statements < least * 0.9:
        raise ValueError(f"the smallest world with as many countries has {least:,} statements")
    share = (statements - SHARED) / countries
    low, high = 0.0, 1.0
    while Size.of(high).statements() < share:
        high *= 2
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if Size.of(middle).statements() < share else (low, middle)
    return Plan((Size.of(low),) * countries)


### How it is written ###


@dataclass(frozen=True, slots=True)
class Damage:
    """Which statements are left out or made wrong: about a share of them,
    the same for the same seed.

    Of four, three are left out and one has the text "broken" for its value.
    """

    share: float = 0.0
    seed: int = 0

    def apply(self, subject: str, predicate: str, values: Sequence[str]) -> list[str]:
        """Return what is left of the values of a thing."""
        left = []
        for value in values:
            drawn = zlib.crc32(f"{self.seed} {subject} {predicate} {value}".encode()) / 2**32
            if drawn >= self.share:
                left.append(value)
            elif drawn >= self.share * 3 / 4:
                left.append('"broken"')
        return left


@dataclass(slots=True)
class Turtle:
    """A file of Turtle that is being written, and how many statements are in it."""

    file: TextIO
    damage: Damage
    statements: int = 0

    def begin(self, graph: str, english: str, french: str, source: str = _WORLD) -> None:
        """Write the prefixes, and what the file is."""
        self.file.write(_PREFIXES)
        title = both(english, french)
        self.describe(
            f"<{BASE}graph/{graph}>",
            ("a", "ul:NamedGraph"),
            ("skos:prefLabel", *title),
            ("dcterms:title", *title),
            ("dcterms:source", source),
            ("dcterms:license", _LICENCE),
        )

    def describe(self, subject: str, *statements: tuple[str, ...]) -> None:
        """Write statements about one thing: each a predicate and its values."""
        lines = []
        for predicate, *values in statements:
            kept = self.damage.apply(subject, predicate, values) if self.damage.share else values
            if kept:
                lines.append(f"    {predicate} {', '.join(kept)} ;\n")
                self.statements += len(kept)
        if lines:
            self.file.write(f"\n{subject}\n{''.join(lines)}.\n")


def both(english: str, french: str) -> tuple[str, str]:
    """Return two texts in their languages."""
    return f'"{english}"@en', f'"{french}"@fr'


### What all countries share ###

_SECTORS: Final = {
    "c4d": ("Communication for development", "Communication pour le développement"),
    "child-protection": ("Child protection", "Protection de l’enfant"),
    "education": ("Education", "Éducation"),
    "health": ("Health", "Santé"),
    "hygiene": ("Hygiene", "Hygiène"),
    "nutrition": ("Nutrition", "Nutrition"),
    "sanitation": ("Sanitation", "Assainissement"),
    "wash": ("Water, sanitation and hygiene", "Eau, assainissement et hygiène"),
    "water": ("Water", "Eau"),
}
_BELOW_WASH: Final = {"hygiene", "sanitation", "water"}

_GROUPS: Final = {
    "children": ("Children", "Enfants"),
    "children-crisis-affected": ("Children affected by the crisis", "Enfants touchés par la crise"),
    "displaced-children": ("Displaced children", "Enfants déplacés"),
    "nomadic-children": ("Nomadic children", "Enfants nomades"),
    "out-of-school-children": ("Children out of school", "Enfants non scolarisés"),
    "young-children": ("Young children", "Jeunes enfants"),
    "married-children": ("Married children", "Enfants mariés"),
    "working-children": ("Working children", "Enfants qui travaillent"),
    "communities": ("Communities", "Communautés"),
}

_ACTIONS: Final = (
    ("Reduction of", "Recul de"),
    ("Prevention of", "Prévention de"),
    ("End of", "Fin de"),
    ("Response to", "Réponse à"),
)
_TOPICS: Final = (
    ("chronic malnutrition", "la malnutrition chronique", "nutrition"),
    ("acute malnutrition", "la malnutrition aiguë", "nutrition"),
    ("child marriage", "l’union précoce", "child-protection"),
    ("violence against children", "la violence contre les enfants", "child-protection"),
    ("school closures", "la fermeture des écoles", "education"),
    ("early school leaving", "l’abandon scolaire", "education"),
    ("measles", "la rougeole", "health"),
    ("malaria", "l’extension du paludisme", "health"),
    ("open defecation", "la défécation à l’air libre", "sanitation"),
    ("water shortage", "la pénurie d’eau", "water"),
    ("missing hygiene", "la mauvaise hygiène", "hygiene"),
)
_NOTES: Final = (
    ("By way of change that the community leads.", "Au moyen d’un changement que mène la communauté."),
    ("By way of programmes across several sectors.", "Au moyen de programmes qui réunissent plusieurs secteurs."),
    ("Together with health centres in the villages.", "Avec les centres de santé des villages."),
)  # fmt: skip

_QUESTIONS: Final = {
    "office-for-region": (
        ("Which office covers the region?", "Quel bureau couvre la région ?"),
        ("region", "région"),
        "office",
        "?office ul:coversRegion ?region .",
    ),
    "sectors-of-office": (
        (
            "Which sectors does the office work in?",
            "Dans quels secteurs le bureau travaille-t-il ?",
        ),
        ("office", "bureau"),
        "sector",
        "?office ul:worksInSector ?sector .",
    ),
}


def write_shared(out: Callable[[str], Turtle], first: Country) -> None:
    """Write what there is once: the dataset, the words for lookup, exports, sectors,
    questions and pictures.
    """
    _write_dataset(out("dataset"), first)
    _write_concepts(out("concepts"))
    _write_questions(out("questions"), first)
    _write_pictures(out("pictures"), first)


def copy_packaged(folder: Path) -> int:
    """Copy what the package says of any country, under another title,
    and return how many statements.
    """
    statements = 0
    for name in ("exports", "lookup"):
        packaged = Content.packaged().data[0] / name / "mali.ttl"
        text = packaged.read_text(encoding="utf-8")
        text = text.replace(f"graph/{name}/mali", f"graph/{name}/world")
        text = text.replace("in Mali", "in the world").replace("au Mali", "dans le monde")
        (folder / name).mkdir()
        (folder / name / "world.ttl").write_text(text, encoding="utf-8", newline="\n")
        statements += _count(text)
    return statements


def _count(text: str) -> int:
    """Return how many statements a text in Turtle makes."""
    return sum(1 for _ in parse(text, RdfFormat.TURTLE))


def _write_dataset(file: Turtle, first: Country) -> None:
    file.begin("dataset", "The dataset about itself", "Le jeu de données par lui-même")
    derived = {
        "labels": ("labels in other languages", "libellés en d’autres langues"),
        "labels-en": ("English labels", "libellés anglais"),
        "labels-fr": ("French labels", "libellés français"),
        "statistics": ("statistics", "statistiques"),
    }
    for name, (english, french) in derived.items():
        title = both(f"Derived: {english}", f"Dérivé, {french}")
        file.describe(
            f"<{BASE}graph/derived/{name}>",
            ("a", "ul:NamedGraph"),
            ("skos:prefLabel", *title),
            ("dcterms:title", *title),
            ("dcterms:license", _LICENCE),
        )
    title = both("UNICEF in made-up countries", "L’UNICEF dans des pays inventés")
    file.describe(
        f"<{BASE}dataset>",
        ("a", "dcat:Dataset"),
        ("skos:prefLabel", *title),
        ("dcterms:title", *title),
        ("dcterms:description", *both("Nothing in it is true.", "Rien n’y est vrai.")),
        ("dcterms:license", _LICENCE),
        ("dcterms:publisher", f"<{BASE}dataset#publisher>"),
        ("dcterms:spatial", first.iri),
    )
    file.describe(
        f"<{BASE}dataset#publisher>",
        ("a", "foaf:Agent"),
        ("skos:prefLabel", *both("The unicef-linked project", "Le projet unicef-linked")),
        ("foaf:name", '"unicef-linked"'),
    )
    title = both("What was made up", "Ce qui a été inventé")
    file.describe(
        _WORLD,
        ("a", "ul:Source"),
        ("skos:prefLabel", *title),
        ("dcterms:title", *title),
    )
    file.describe(
        "organization:unicef",
        ("a", "ul:Organization", "org:FormalOrganization"),
        ("skos:prefLabel", *both("UNICEF", "UNICEF")),
        ("skos:altLabel", *both("United Nations Children’s Fund", "Fonds des Nations Unies pour l’enfance")),
    )  # fmt: skip


def _write_concepts(file: Turtle) -> None:
    file.begin("concepts", "Sectors, groups and schemes", "Secteurs, groupes et schémas")
    for key, english, french in (
        ("sectors", "Sectors", "Secteurs"),
        ("groups", "Population groups", "Groupes de population"),
        ("priorities", "Priorities of the zone offices", "Priorités des bureaux de zone"),
        ("purposes", "Purposes", "Buts"),
    ):
        file.describe(
            f"scheme:{key}",
            ("a", "skos:ConceptScheme"),
            ("skos:prefLabel", *both(english, french)),
            ("skos:definition", *both(f"{english} of offices.", f"{french} des bureaux.")),
        )
    for key, (english, french) in _SECTORS.items():
        place = ("skos:topConceptOf", "scheme:sectors")
        file.describe(
            f"sector:{key}",
            ("a", "ul:Sector"),
            ("skos:prefLabel", *both(english, french)),
            ("skos:definition", *both(f"{english} for children.", f"{french} pour les enfants.")),
            ("skos:inScheme", "scheme:sectors"),
            ("skos:broader", "sector:wash") if key in _BELOW_WASH else place,
        )
    for key, (english, french) in _GROUPS.items():
        is_below = "children" in key and key != "children"
        place = ("skos:topConceptOf", "scheme:groups")
        file.describe(
            f"group:{key}",
            ("a", "ul:PopulationGroup"),
            ("skos:prefLabel", *both(english, french)),
            ("skos:inScheme", "scheme:groups"),
            ("skos:broader", "group:children") if is_below else place,
        )


def _query(text: str) -> str:
    """Return a query as a literal, with the prefixes that it uses."""
    lines = [line for line in _PREFIXES.splitlines() if f" {line.split()[1]}" in f" {text}"]
    return '"""' + "\n".join([*lines, "", text.strip(), ""]) + '"""'


def _write_questions(file: Turtle, first: Country) -> None:
    file.begin("questions", "Example queries", "Exemples de requêtes")
    town = [*first.towns][-1]
    defaults = {"region": town.iri, "office": f"office:{first.key}-{town.name.key}"}
    for key, (labels, names, variable, pattern) in _QUESTIONS.items():
        name = names[0]
        values = f"VALUES ?{name} {{ {defaults[name]} }}"
        query = f"SELECT ?{variable}\nWHERE {{\n  {values}\n  {pattern}\n}}\nORDER BY ?{variable}"
        file.describe(
            f"question:{key}",
            ("a", "ul:Question", "sh:SPARQLExecutable", "sh:SPARQLSelectExecutable"),
            ("skos:prefLabel", *both(*labels)),
            ("rdfs:comment", *both("Any other may take its place.", "Tout autre peut le remplacer.")),
            ("schema:keywords", *both("offices", "bureaux")),
            ("sh:select", _query(query)),
            ("sh:prefixes", f"<{BASE}ontology>"),
            ("sh:parameter", f"parameter:{key}-{name}"),
        )  # fmt: skip
        file.describe(
            f"parameter:{key}-{name}",
            ("a", "ul:Parameter", "sh:Parameter"),
            ("skos:prefLabel", *both(*names)),
            ("sh:path", f"ul:{name}"),
            ("sh:class", f"ul:{name.capitalize()}"),
            ("sh:defaultValue", defaults[name]),
        )


def _write_pictures(file: Turtle, first: Country) -> None:
    """Write the packaged pictures as pictures of the first country."""
    packaged = Content.packaged().data[0] / "pictures" / "mali.ttl"
    text = packaged.read_text(encoding="utf-8")
    _, _, pictures = text.partition("### Pictures, by key ###")
    pictures = pictures.replace("country:mli", first.iri)
    pictures = pictures.replace("in Mali", f"in {first.name.english}")
    pictures = pictures.replace("au Mali", f"au {first.name.french}")
    file.begin("pictures", "Pictures", "Figures")
    file.file.write(pictures)
    file.statements += _count(_PREFIXES + pictures)


### One country ###


@dataclass(frozen=True, slots=True)
class Division:
    """A region, a cercle or a commune."""

    iri: str
    name: Name
    code: str  # the digits of its P-code
    block: Block
    parts: tuple[Division, ...] = ()
    point: Point = (0.0, 0.0)


@dataclass(slots=True)
class Text:
    """The text of a page, as it grows, and the passages that claims rest on."""

    source: str
    parts: list[str] = field(default_factory=list)
    length: int = 0
    ranges: dict[tuple[int, int], None] = field(default_factory=dict)

    def add(self, text: str) -> None:
        """Add words that no claim rests on."""
        self.parts.append(text)
        self.length += len(text)

    def say(self, text: str) -> str:
        """Add words and return the passage that they are."""
        start = self.length
        self.add(text)
        self.ranges[start, self.length] = None
        return f"passage:{self.source}-{start}-{self.length}"

    @property
    def content(self) -> bytes:
        """The text in UTF-8."""
        return "".join(self.parts).encode()


@dataclass(slots=True)
class Claims:
    """The claims of one country: each a statement, its basis and its passage."""

    file: Turtle
    prefix: str
    source: str
    number: int = 0

    def add(
        self,
        key: str,
        subject: str,
        predicate: str,
        value: str,
        passage: str,
        basis: str = "Stated",
    ) -> None:
        """Write a claim."""
        self.file.describe(
            f"claim:{self.prefix}-{key}",
            ("a", "ul:Claim"),
            ("rdf:subject", subject),
            ("rdf:predicate", predicate),
            ("rdf:object", value),
            ("ul:basis", f"ul:{basis}"),
            ("prov:wasDerivedFrom", passage),
            ("prov:hadPrimarySource", self.source),
        )


class Country:
    """A country with its divisions, as its number and size have it."""

    def __init__(self, number: int, size: Size) -> None:
        self.number = number
        self.size = size
        self.code = alpha2(number)
        self.key = alpha3(number).lower()
        self.iri = f"country:{self.key}"
        self.land = Land(number, size.cercles)
        self._names = map(partial(Name.numbered, number), range(sys.maxsize))
        self.name = next(self._names)
        self.regions = tuple(self._make_regions())

    def _make_regions(self) -> Iterator[Division]:
        size = self.size
        blocks = self.land.whole.divided(size.regions)
        width = max(2, len(str(size.regions)))
        for number, block in enumerate(blocks):
            name = next(self._names)
            code = f"{number + 1:0{width}}"
            first, last = (n * size.cercles // size.regions for n in (number, number + 1))
            parts = tuple(self._make_cercles(name, code, block, range(first, last)))
            yield Division(f"region:{self.key}-{name.key}", name, code, block, parts)

    def _make_cercles(
        self, region: Name, code: str, block: Block, numbers: range
    ) -> Iterator[Division]:
        """Yield the cercles of a region; the first bears its name, as its first commune does."""
        size = self.size
        for place, part in enumerate(block.divided(len(numbers))):
            name = next(self._names) if place else region
            iri = f"division:{self.key}-{name.key}"
            number = numbers[place]
            own = f"{code}{place + 1:02}"
            first, last = (n * size.communes // size.cercles for n in (number, number + 1))
            communes = tuple(self._make_communes(name, iri, own, part, last - first))
            yield Division(iri, name, own, part, communes, self.land.inside(part, 0, 1))

    def _make_communes(
        self, cercle: Name, iri: str, code: str, block: Block, number: int
    ) -> Iterator[Division]:
        for place in range(number):
            name = next(self._names) if place else cercle
            point = self.land.inside(block, place, number)
            yield Division(f"{iri}-{name.key}", name, f"{code}{place + 1:03}", block, (), point)

    @property
    def towns(self) -> Iterator[Division]:
        """The capital's region, then those that have a zone office."""
        count = self.size.zone_offices + 1
        for number in range(count):
            yield self.regions[number * len(self.regions) // count]


def write_country(country: Country, out: Callable[[str], Turtle]) -> bytes:
    """Write the files of a country and return the text of its page."""
    _write_divisions(country, out("divisions"))
    _write_geometries(country, out("geometries"))
    unicef, evidence = out("unicef"), out("evidence")
    key, name = country.key, country.name
    source = f"source:{key}-page"
    title = f"What the page on {name.english} says", f"Ce que dit la page sur le {name.french}"
    unicef.begin(f"{key}/unicef", *title, source)
    evidence.begin(
        f"{key}/evidence",
        f"Evidence of what the page on {name.english} says",
        f"Preuve de ce que dit la page sur le {name.french}",
        source,
    )
    text = Text(f"{key}-page")
    _Page(country, unicef, text, Claims(evidence, key, source)).write()
    for start, end in text.ranges:
        _write_passage(evidence, source, f"{text.source}-{start}-{end}", start, end)
    content = text.content
    title = both(f"A page on {name.english}", f"Une page sur le {name.french}")
    unicef.describe(
        source,
        ("a", "ul:Source"),
        ("skos:prefLabel", *title),
        ("dcterms:title", *title),
        ("dcterms:language", '"fr"'),
        ("dcterms:publisher", "organization:unicef"),
        ("ul:sha256", f'"{hashlib.sha256(content).hexdigest()}"^^xsd:hexBinary'),
        ("ul:codePoints", str(text.length)),
        ("ul:bytes", str(len(content))),
    )
    return content


def _write_passage(file: Turtle, source: str, key: str, start: int, end: int) -> None:
    file.describe(
        f"passage:{key}",
        ("a", "ul:Passage"),
        ("oa:hasSource", source),
        ("oa:hasSelector", f"selector:{key}"),
        ("dcterms:isPartOf", source),
    )
    file.describe(
        f"selector:{key}",
        ("a", "ul:Selector", "oa:TextPositionSelector"),
        ("oa:start", f'"{start}"^^xsd:nonNegativeInteger'),
        ("oa:end", f'"{end}"^^xsd:nonNegativeInteger'),
    )


@dataclass(slots=True)
class _Register:
    """Identifiers in other datasets, each of one thing only."""

    country: int
    last: int = -1

    def entry(self) -> str:
        """Return an identifier that nothing else has."""
        self.last += 1
        return str(_CODES_FROM + self.last * COUNTRIES + self.country)

    def geonames(self) -> tuple[str, tuple[str, str]]:
        """Return a code of GeoNames, and the statement of identity that goes with it."""
        entry = self.entry()
        link = ("owl:sameAs", f"<https://sws.geonames.org/{entry}/>")
        return f'"{entry}"^^ul:geonamesId', link

    def wikidata(self) -> tuple[str, tuple[str, str]]:
        """Return a code of Wikidata, and the statement of identity that goes with it."""
        entry = self.entry()
        return f'"Q{entry}"^^ul:wikidataId', ("owl:sameAs", f"wd:Q{entry}")


def _write_divisions(country: Country, file: Turtle) -> None:
    """Write the country, its regions, cercles and communes, how they changed, and its towns."""
    key, name, code = country.key, country.name, country.code
    source = f"source:{key}-divisions"
    file.begin(
        f"{key}/divisions",
        f"Divisions of {name.english}",
        f"Divisions du {name.french}",
        source,
    )
    title = both(f"A list of the divisions of {name.english}", f"Une liste des divisions du {name.french}")  # fmt: skip
    file.describe(
        source,
        ("a", "ul:Source"),
        ("skos:prefLabel", *title),
        ("dcterms:title", *title),
        ("dcat:version", '"1"'),
    )
    register = _Register(country.number)
    geonames, same = register.geonames()
    file.describe(
        country.iri,
        ("a", "ul:Country"),
        ("skos:prefLabel", *both(name.english, name.french)),
        (
            "skos:notation",
            f'"{code}"^^ul:iso3166-1-alpha-2',
            f'"{key.upper()}"^^ul:iso3166-1-alpha-3',
            f'"{country.number + 1:03}"^^ul:m49',
            f'"{code}"^^ul:hasc',
            geonames,
        ),
        same,
    )
    for number, region in enumerate(country.regions):
        _write_region(country, region, number, file, register)
        for cercle in region.parts:
            _write_cercle(country, region, cercle, file, register)
    _write_changes(country, file)
    for region in country.towns:
        longitude, latitude = region.parts[0].point
        geonames, same = register.geonames()
        file.describe(
            _town(country, region),
            ("a", "ul:Place"),
            ("skos:prefLabel", *both(region.name.english, region.name.french)),
            ("skos:notation", geonames),
            same,
            ("ul:inCountry", country.iri),
            ("ul:inRegion", region.iri),
            ("wgs84:lat", str(latitude)),
            ("wgs84:long", str(longitude)),
        )


def _town(country: Country, region: Division) -> str:
    return f"place:{country.key}-{region.name.key}"


def _write_region(
    country: Country, region: Division, number: int, file: Turtle, register: _Register
) -> None:
    name, code = region.name, country.code
    geonames, same = register.geonames()
    wikidata, also = register.wikidata()
    codes = [
        f'"{code}{region.code}"^^ul:pcode',
        f'"{code}-{base36(number + 1)}"^^ul:iso3166-2',
        f'"{code}.{region.code}"^^ul:geonamesAdmin1',
        f'"{register.entry()}"^^ul:woeid',
        geonames,
        wikidata,
    ]
    if number < COUNTRIES:
        codes.append(f'"{code}.{letters(number, 2)}"^^ul:hasc')
    if number < 99:
        codes.append(f'"{code}{number + 1:02}"^^ul:fips10-4')
    statements: list[tuple[str, ...]] = [
        ("a", "ul:Region"),
        ("skos:prefLabel", *both(f"{name.english} Region", f"Région de {name.french}"), f'"Região de {name.english}"@pt'),
        ("skos:altLabel", *both(name.english, name.french)),
        ("skos:hiddenLabel", f'"{name.key.upper()}"@en'),
        ("skos:scopeNote", *both("Meant as it is now.", "S’entend telle qu’elle est.")),
        ("skos:notation", *codes),
        same,
        also,
        ("ul:inCountry", country.iri),
    ]  # fmt: skip
    if region in country.towns:
        statements.append(("ul:regionCapital", _town(country, region)))
    if number % 2:
        statements.append(("ul:splitFrom", country.regions[number - 1].iri))
        statements.append(("ul:effectiveFrom", f'"{_changed_in(number)}-03-13"^^xsd:date'))
    file.describe(region.iri, *statements)


def _write_cercle(
    country: Country, region: Division, cercle: Division, file: Turtle, register: _Register
) -> None:
    """Write a cercle and its communes."""
    area = country.land.square_metres(cercle.block)
    geonames, same = register.geonames()
    codes = (f'"{register.entry()}B{country.number}"^^ul:geoBoundariesId', geonames)
    _describe_part(country, cercle, region, "Cercle", 2, area, file, codes, same)
    for commune in cercle.parts:
        _describe_part(country, commune, cercle, "Commune", 3, area / len(cercle.parts), file)


def _describe_part(
    country: Country,
    division: Division,
    above: Division,
    kind: str,  # in English and in French
    level: int,
    area: float,
    file: Turtle,
    codes: tuple[str, ...] = (),
    *same: tuple[str, str],
) -> None:
    """Write a division below the regions; ``codes`` are those beside the two that each has."""
    name, code = division.name, f"{country.code}{division.code}"
    longitude, latitude = division.point
    file.describe(
        division.iri,
        ("a", f"ul:{kind}"),
        ("skos:prefLabel", *both(f"{name.english} {kind}", f"{kind} de {name.french}")),
        ("skos:altLabel", *both(name.english, name.french)),
        (
            "skos:notation",
            f'"{code}"^^ul:pcode',
            f'"{country.code}{division.code[::-1]}"^^ul:pcode2015',
            *codes,
        ),
        *same,
        ("ul:adminLevel", str(level)),
        ("ul:partOf", above.iri),
        ("wgs84:lat", str(latitude)),
        ("wgs84:long", str(longitude)),
        ("geo:hasMetricArea", f"{area:.4e}"),
    )


def _changed_in(number: int) -> int:
    """Return the year in which a region came to be, with an odd number,
    out of the one before it.
    """
    return 2016 if number % 4 == 1 else 2020


def _write_changes(country: Country, file: Turtle) -> None:
    """Write the laws that created every second region,
    and what each region covered before and after.
    """
    key, regions = country.key, country.regions
    for remainder, year in ((1, 2016), (3, 2020)):
        created = [r.iri for n, r in enumerate(regions) if n % 4 == remainder]
        changed = [regions[n - 1].iri for n in range(remainder, len(regions), 4)]
        if created:
            file.describe(
                f"change:{key}-{year}-regions",
                ("a", "ul:TerritorialChange"),
                ("skos:prefLabel", *both(f"Regions of {country.name.english} created in {year}", f"Régions du {country.name.french} créées en {year}")),
                ("dcterms:date", f'"{year}-03-13"^^xsd:date'),
                ("ul:law", *both(f"Law {year}-006", f"Loi {year}-006")),
                ("ul:created", *created),
                ("ul:changed", *changed),
                ("dcterms:source", f"source:{key}-divisions"),
            )  # fmt: skip
    for number, region in enumerate(regions):
        is_alone = number % 2 == 0 and number + 1 == len(regions)
        year = _changed_in(number | 1)
        since: tuple[tuple[str, str], ...] = (("ul:validFrom", f'"{year}-03-13"^^xsd:date'),)
        _write_extent(file, region, str(year), region.parts, () if is_alone else since)
        if number % 2 == 0 and not is_alone:
            before = (*region.parts, *regions[number + 1].parts)
            until = (("ul:validUntil", f'"{year}-03-12"^^xsd:date'),)
            _write_extent(file, region, f"before-{year}", before, until)


def _write_extent(
    file: Turtle,
    region: Division,
    time: str,
    parts: Sequence[Division],
    dates: tuple[tuple[str, str], ...],
) -> None:
    words = time.replace("before-", "before ")
    french = f"avant {words[7:]}" if " " in words else time
    file.describe(
        f"extent:{region.iri.partition(':')[2]}-{time}",
        ("a", "ul:Extent"),
        ("skos:prefLabel", *both(f"Extent of {region.name.english} Region, {words}", f"Étendue de la Région de {region.name.french}, {french}")),
        ("ul:extentOf", region.iri),
        *dates,
        ("ul:composedOf", *(part.iri for part in parts)),
    )  # fmt: skip


def _write_geometries(country: Country, file: Turtle) -> None:
    """Write the outlines of the country, its regions and cercles, and where its towns lie."""
    name, land = country.name, country.land
    source = f"source:{country.key}-divisions"
    file.begin(
        f"{country.key}/geometries",
        f"Geometries of {name.english}",
        f"Géométries du {name.french}",
        source,
    )

    def outline(feature: str, english: str, french: str, block: Block) -> None:
        key = feature.replace(":", "-")
        _write_geometry(file, feature, "Polygon", land.outline(block), (english, french), source)
        file.describe(feature, ("geo:hasCentroid", f"geometry:{key}-centroid"))
        centre = _geometry("Point", [land.inside(block, 0, 1)], source)
        file.describe(
            f"geometry:{key}-centroid",
            *centre,
            ("skos:prefLabel", *both(f"Centroid of {english}", f"Centroïde : {french}")),
            ("prov:wasDerivedFrom", f"geometry:{key}"),
        )

    outline(country.iri, name.english, name.french, land.whole)
    for region in country.regions:
        name = region.name
        outline(region.iri, f"{name.english} Region", f"Région de {name.french}", region.block)
        for cercle in region.parts:
            _write_geometry(
                file,
                cercle.iri,
                "Polygon",
                land.outline(cercle.block),
                (f"{cercle.name.english} Cercle", f"Cercle de {cercle.name.french}"),
                source,
            )
    for region in country.towns:
        town, names = _town(country, region), (region.name.english, region.name.french)
        _write_geometry(file, town, "Point", [region.parts[0].point], names, source)


def _geometry(kind: str, points: list[Point], source: str) -> tuple[tuple[str, ...], ...]:
    return (
        ("a", "ul:Geometry", f"sf:{kind}"),
        ("geo:asWKT", f'"{well_known_text(kind, points)}"^^geo:wktLiteral'),
        ("geo:asGeoJSON", f"'{geojson(kind, points)}'^^geo:geoJSONLiteral"),
        ("dcterms:source", source),
        ("dcterms:license", _LICENCE),
    )


def _write_geometry(
    file: Turtle,
    feature: str,
    kind: str,
    points: list[Point],
    names: tuple[str, str],
    source: str,
) -> None:
    """Write that a thing has a geometry, and the geometry."""
    geometry = f"geometry:{feature.replace(':', '-')}"
    file.describe(feature, ("geo:hasGeometry", geometry), ("geo:hasDefaultGeometry", geometry))
    words = ("Location of", "Emplacement :") if kind == "Point" else ("Boundary of", "Limites :")
    labels = both(*(f"{word} {name}" for word, name in zip(words, names, strict=True)))
    vintage = () if kind == "Point" else (("ul:extentVintage", *both("2026", "2026")),)
    file.describe(geometry, *_geometry(kind, points, source), ("skos:prefLabel", *labels), *vintage)


### What the page of a country says ###

_OFFICE_SECTORS: Final = ("health", "nutrition", "education", "child-protection", "wash", "c4d")


@dataclass(slots=True)
class _Page:
    """The facts of a page, each written as statements, as words and as claims that rest on them."""

    country: Country
    file: Turtle
    text: Text
    claims: Claims

    def write(self) -> None:
        """Write all that the page says."""
        capital, *towns = self.country.towns
        self._write_organizations(capital)
        self._write_time()
        self._write_main_office(capital)
        for number, region in enumerate(towns):
            self._write_zone_office(number, region)

    def _fact(
        self,
        key: str,
        subject: str,
        predicate: str,
        value: str,
        passage: str,
        basis: str = "Stated",
    ) -> tuple[str, str]:
        """Write the claim of a fact and return the fact."""
        self.claims.add(key, subject, predicate, value, passage, basis)
        return (predicate, value)

    def _write_organizations(self, capital: Division) -> None:
        country, text = self.country, self.text
        name, key = country.name, country.key
        unit = f"organization:unicef-{key}"
        since = 1950 + country.number % 30
        fact = partial(self._fact, subject=unit)
        text.add("Où nous travaillons\n\n")
        active = text.say(f"L’UNICEF travaille au {name.french}")
        begun = text.say(f" depuis {since}")
        text.add(", ")
        whole = text.say("sans interruption")
        everywhere = text.say(", dans toutes les régions")
        text.add(". ")
        purpose = text.say("Il veut une vie meilleure pour les enfants")
        text.add(". ")
        count = text.say(f"Il a {country.size.zone_offices} bureaux de zone")
        text.add(f" et travaille avec le Gouvernement du {name.french}. ")
        seat = text.say(f"{capital.name.french} est la capitale du pays")
        text.add(".\n")
        aim = f"purpose:{key}-better-lives-of-children"
        note = both("Works in every part of the country.", "Présent dans toutes les parties du pays.")  # fmt: skip
        for language, value in zip(("en", "fr"), note, strict=True):
            self._fact(f"unicef-note-{language}", unit, "skos:scopeNote", value, everywhere)
        self.file.describe(
            unit,
            ("a", "ul:Organization", "org:OrganizationalUnit"),
            ("skos:prefLabel", *both(f"UNICEF in {name.english}", f"UNICEF au {name.french}")),
            ("skos:altLabel", *both(f"UNICEF {name.english}", f"UNICEF {name.french}")),
            ("skos:scopeNote", *note),
            fact("unicef-unit-of", predicate="org:unitOf", value="organization:unicef", passage=active),
            fact("unicef-active-in", predicate="ul:activeIn", value=country.iri, passage=active),
            fact("unicef-active-since", predicate="ul:activeSince", value=f'"{since}"^^xsd:gYear', passage=begun),
            fact("unicef-throughout", predicate="ul:activeThroughout", value=country.iri, passage=everywhere),
            fact("unicef-without-interruption", predicate="ul:activeWithoutInterruption", value="true", passage=whole),
            fact("unicef-has-purpose", predicate="ul:hasPurpose", value=aim, passage=purpose),
            fact("unicef-zone-offices", predicate="ul:zoneOfficeCount", value=str(country.size.zone_offices), passage=count),
        )  # fmt: skip
        self.file.describe(
            f"organization:government-of-{key}",
            ("a", "ul:Organization"),
            ("skos:prefLabel", *both(f"Government of {name.english}", f"Gouvernement du {name.french}")),
        )  # fmt: skip
        self.file.describe(
            country.iri,
            self._fact("capital", country.iri, "ul:capital", _town(country, capital), seat),
        )
        self.file.describe(
            aim,
            ("a", "ul:Purpose"),
            ("skos:prefLabel", *both(f"Better lives for children in {name.english}", f"Une vie meilleure pour les enfants du {name.french}")),
            ("skos:inScheme", "scheme:purposes"),
            ("skos:topConceptOf", "scheme:purposes"),
            self._fact("purpose-targets", aim, "ul:targetsGroup", "group:children", purpose),
        )  # fmt: skip

    def _write_time(self) -> None:
        key = self.country.key
        month = both("January 2016", "Janvier 2016")
        self.file.describe(
            f"instant:{key}-january-2016",
            ("a", "ul:Instant"),
            ("skos:prefLabel", *month),
            ("time:inXSDgYearMonth", '"2016-01"^^xsd:gYearMonth'),
        )
        name = self.country.name
        self.file.describe(
            f"interval:{key}-page-written",
            ("a", "ul:Interval"),
            ("skos:prefLabel", *both(f"When the page on {name.english} was written", f"Rédaction de la page sur le {name.french}")),
            ("time:hasBeginning", f"instant:{key}-january-2016"),
        )  # fmt: skip

    def _write_main_office(self, capital: Division) -> None:
        country, name = self.country, capital.name
        office = f"office:{country.key}-{name.key}"
        self.text.add("\n")
        there = self.text.say(f"Bureau principal de {name.french}")
        self.text.add("\n")
        self._describe_office(office, capital, "CountryOffice", there, [])

    def _describe_office(
        self,
        office: str,
        town: Division,
        kind: str,
        passage: str,
        facts: list[tuple[str, str]],
    ) -> None:
        """Write an office: what any has, and more facts."""
        country, name = self.country, town.name
        key = office.partition(":")[2].partition("-")[2]
        fact = partial(self._fact, subject=office, passage=passage)
        unit = f"organization:unicef-{country.key}"
        words = {
            "CountryOffice": ("main office", "Bureau principal"),
            "ZoneOffice": ("zone office", "Bureau de zone"),
        }
        english, french = words[kind]
        self.file.describe(
            office,
            fact(f"{key}-type", predicate="rdf:type", value=f"ul:{kind}"),
            ("skos:prefLabel", *both(f"{name.english} {english}", f"{french} de {name.french}")),
            ("skos:altLabel", *both(f"UNICEF {name.english}", f"UNICEF {name.french}")),
            fact(f"{key}-part-of", predicate="org:subOrganizationOf", value=unit),
            fact(f"{key}-located-in", predicate="ul:locatedIn", value=_town(country, town)),
            *facts,
        )

    def _write_zone_office(self, number: int, region: Division) -> None:
        """Write a zone office, with what it covers, does and sets out to achieve."""
        country, text = self.country, self.text
        key = f"{country.key}-{region.name.key}"
        office = f"office:{key}"
        own = region.name.key
        facts = []

        def state(name: str, predicate: str, value: str, passage: str) -> None:
            facts.append(self._fact(f"{own}-{name}", office, predicate, value, passage))

        text.add("\n")
        heading = text.say(f"Bureau de zone de {region.name.french}")
        text.add("\n\n")
        year, month = 1990 + (country.number * 7 + number * 11) % 35, number % 12 + 1
        if number % 5:
            state("opened-on", "ul:openedOn", f'"{year}"^^xsd:gYear', text.say(f"Ouvert en {year}"))
        else:
            passage = text.say(f"Ouvert le mois {month} de {year}")
            state("opened-on", "ul:openedOn", f'"{year}-{month:02}"^^xsd:gYearMonth', passage)
        text.add(", ")
        self._write_staff(region, office, 5 + (country.number + number * 7) % 26)
        government = f"organization:government-of-{country.key}"
        passage = text.say(" et travaille avec le Gouvernement")
        state("collaborates-with-government", "ul:collaboratesLocallyWith", government, passage)
        passage = text.say(" pour protéger les enfants touchés par la crise")
        aim = self._write_aim(passage) if number == 0 else f"purpose:{country.key}-protection"
        state("has-purpose", "ul:hasPurpose", aim, passage)
        text.add(". Il couvre ")
        self._write_coverage(number, region, state)
        text.add(". Il travaille dans :")
        for place in range(5 + number % 2):
            sector = _OFFICE_SECTORS[(number + place) % len(_OFFICE_SECTORS)]
            passage = text.say(f" {_SECTORS[sector][1].lower()}")
            state(f"works-in-{sector}", "ul:worksInSector", f"sector:{sector}", passage)
            text.add(",")
        text.add(" et veut :\n")
        for priority in range(number, country.size.priorities, country.size.zone_offices):
            iri, passage = self._write_priority(priority, region)
            state(f"has-{iri.partition(':')[2]}", "ul:hasPriority", iri, passage)
        self._describe_office(office, region, "ZoneOffice", heading, facts)

    def _write_coverage(
        self, number: int, region: Division, state: Callable[[str, str, str, str], None]
    ) -> None:
        """Write the regions that the page says an office covers;
        that of its name follows by a rule.
        """
        regions = self.country.regions
        covered = [region] if number % 5 == 0 else []
        if number % 2 == 0:
            covered.append(regions[(regions.index(region) + 1) % len(regions)])
        for each in covered:
            passage = self.text.say(each.name.french)
            state(f"covers-{each.name.key}", "ul:coversRegion", each.iri, passage)
            self.text.add(", ")
        self.text.add("son territoire")

    def _write_aim(self, passage: str) -> str:
        """Write the purpose that the zone offices of a country share, and return it."""
        name = self.country.name
        aim = f"purpose:{self.country.key}-protection"
        group = "group:children-crisis-affected"
        self.file.describe(
            aim,
            ("a", "ul:Purpose"),
            ("skos:prefLabel", *both(f"Protection for children in {name.english}", f"Protection pour les enfants du {name.french}")),
            ("skos:inScheme", "scheme:purposes"),
            ("skos:topConceptOf", "scheme:purposes"),
            self._fact("protection-targets", aim, "ul:targetsGroup", group, passage),
        )  # fmt: skip
        return aim

    def _write_staff(self, region: Division, office: str, people: int) -> None:
        """Write how many people an office has."""
        own, name = region.name.key, region.name
        observation = f"observation:staff-{self.country.key}-{own}"
        passage = self.text.say(f"il compte {people} personnes")
        note = both("The page counts people on the ground.", "La page compte des personnes présentes sur le terrain.")  # fmt: skip
        there = self.text.say(" sur le terrain")
        for language, value in zip(("en", "fr"), note, strict=True):
            self._fact(f"staff-{own}-note-{language}", observation, "skos:scopeNote", value, there)
        self.file.describe(
            observation,
            ("a", "ul:StaffObservation"),
            ("skos:prefLabel", *both(f"Staff of the {name.english} zone office", f"Effectif du bureau de zone de {name.french}")),
            ("skos:scopeNote", *note),
            ("sosa:hasFeatureOfInterest", office),
            self._fact(f"staff-{own}-result", observation, "sosa:hasSimpleResult", str(people), passage),
            ("sosa:observedProperty", "ul:StaffInOffice"),
            ("sosa:phenomenonTime", f"interval:{self.country.key}-page-written"),
        )  # fmt: skip

    def _write_priority(self, number: int, region: Division) -> tuple[str, str]:
        """Write a priority of an office, and return it with the passage that names it."""
        country, text = self.country, self.text
        rank = number // country.size.zone_offices
        action, acting = _ACTIONS[rank % len(_ACTIONS)]
        topic, topical, sector = _TOPICS[(number + rank // len(_ACTIONS)) % len(_TOPICS)]
        own = f"{region.name.key}-priority-{rank + 1}"
        priority = f"priority:{country.key}-{own}"
        english = f"{action} {topic} in {region.name.english}"
        french = f"{acting} {topical} à {region.name.french}"
        fact = partial(self._fact, subject=priority)
        text.add("- ")
        named = text.say(french)
        facts: list[tuple[str, ...]] = []
        if number % 4 != 3:
            facts.append(fact(f"{own}-in-sector-{sector}", predicate="ul:prioritySector", value=f"sector:{sector}", passage=named, basis="Classified"))  # fmt: skip
        if rank % 8 == 4:
            broader = priority.removesuffix(str(rank + 1)) + "1"
            facts.append(
                fact(f"{own}-below", predicate="skos:broader", value=broader, passage=named)
            )
        else:
            facts.append(("skos:topConceptOf", "scheme:priorities"))
        groups = [*_GROUPS][1:]
        for place in range(1 + (number % 2 == 0)):
            group = groups[(number // 2 * 3 + number % 2 * 2 + place) % len(groups)]
            passage = text.say(f" pour {_GROUPS[group][1].lower()}")
            facts.append(fact(f"{own}-targets-{group}", predicate="ul:targetsGroup", value=f"group:{group}", passage=passage))  # fmt: skip
        if number % 2:
            english_note, french_note = _NOTES[number // 2 % len(_NOTES)]
            passage = text.say(f" {french_note.lower().removesuffix('.')}")
            note = both(english_note, french_note)
            for language, value in zip(("en", "fr"), note, strict=True):
                fact(
                    f"{own}-note-{language}",
                    predicate="skos:scopeNote",
                    value=value,
                    passage=passage,
                )
            facts.append(("skos:scopeNote", *note))
        text.add("\n")
        self.file.describe(
            priority,
            ("a", "ul:Priority"),
            ("skos:prefLabel", *both(english, french)),
            ("skos:inScheme", "scheme:priorities"),
            *facts,
        )
        return priority, named


### The whole ###


def write(plan: Plan, folder: Path, damage: Damage, pages: Path | None = None) -> int:
    """Write a world to a new folder, and return how many statements its files have.

    The texts that claims rest on go to ``pages``, if it is given, as ``{key of the country}.txt``.
    """
    folder.mkdir(parents=True)
    statements = copy_packaged(folder)
    for number, size in enumerate(plan.sizes):
        country = Country(number, size)
        with ExitStack() as stack:
            written: list[Turtle] = []

            def out(name: str, inside: Path, stack: ExitStack, written: list[Turtle]) -> Turtle:
                inside.mkdir(exist_ok=True)
                path = inside / f"{name}.ttl"
                file = stack.enter_context(path.open("w", encoding="utf-8", newline="\n"))
                written.append(Turtle(file, damage))
                return written[-1]

            if number == 0:
                shared = partial(out, inside=folder, stack=stack, written=written)
                write_shared(shared, country)
            own = partial(out, inside=folder / country.key, stack=stack, written=written)
            text = write_country(country, own)
            if pages:
                pages.mkdir(parents=True, exist_ok=True)
                (pages / f"{country.key}.txt").write_bytes(text)
            statements += sum(file.statements for file in written)
    return statements


def statements_of(text: str) -> int:
    """Return a number of statements, written with k or M for thousands or millions.

    >>> statements_of("15k"), statements_of("1.46M"), statements_of("1200000")
    (15000, 1460000, 1200000)
    """
    factor = {"k": 1_000, "M": 1_000_000}.get(text[-1:], 1)
    return round(float(text.rstrip("kM")) * factor)


def main() -> int:
    """Write a world and say what it is."""
    parser = argparse.ArgumentParser(prog="python -m bench.world", description=__doc__)
    parser.add_argument(
        "--statements",
        type=statements_of,
        required=True,
        metavar="N",
        help="to publish, within a tenth: 15000, 450k, 1.46M",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="a folder that is not there yet"
    )
    parser.add_argument(
        "--countries",
        type=int,
        metavar="N",
        help=f"1 to {COUNTRIES}; default: such that each has a quarter of what Mali has",
    )
    parser.add_argument(
        "--damage", type=float, default=0.0, metavar="SHARE", help="of statements, 0 to 1"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="which are damaged")
    parser.add_argument(
        "--pages", type=Path, metavar="DIR", help="where to write the texts that claims rest on"
    )
    parser.add_argument("--replace", action="store_true", help="remove DIR if it is there")
    options = parser.parse_args()
    try:
        world = plan(options.statements, options.countries)
    except ValueError as reason:
        parser.error(str(reason))
    if options.replace:
        shutil.rmtree(options.out, ignore_errors=True)
    if options.out.exists():
        parser.error(f"{options.out} is there already (--replace)")
    written = write(world, options.out, Damage(options.damage, options.seed), options.pages)
    size = world.sizes[0]
    print(
        f"{options.out}: {len(world.sizes):,} countries of {size.regions} regions, {size.cercles}"
        f" cercles and {size.communes:,} communes; {written:,} statements written,"
        f" about {world.statements:,} to be published"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
