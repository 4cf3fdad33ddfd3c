"""A table of 1,000 messy names of divisions, and what reconciliation makes of it.

``python -m bench.messy`` prints precision and recall by level. Each row is made of a division of a
release by ways in which tables differ: case, accents, words for the kind, punctuation, typing
errors, codes, the levels above in a column or in the cell, dates. Always the same for one release.
"""

from __future__ import annotations

import sys
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from pyoxigraph import Dataset, NamedNode

from unicef_linked.cli.releases import chosen_release
from unicef_linked.dataset.profile import profile_of
from unicef_linked.lookup.index import build
from unicef_linked.lookup.matching import Reconciler, ReconciliationQuery
from unicef_linked.lookup.normalization import fold
from unicef_linked.release import open_release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from unicef_linked.lookup.entity import Entity

ROWS: Final = {"Region": 200, "Cercle": 300, "Commune": 400}
"""Rows that mean a division, by its type."""

STRANGERS: Final = 100
"""Rows that mean none: another place, another level, a parent or a date that contradicts."""

_SEED: Final = 2026
_WORDS: Final = {
    "Region": ("Région de {}", "REGION DE {}", "{} Region", "{} (région)", "rég. {}"),
    "Cercle": ("Cercle de {}", "CERCLE {}", "{} (cercle)", "{} Cercle", "cercle : {}"),
    "Commune": ("Commune de {}", "Commune rurale de {}", "COMMUNE {}", "{} (commune)", "CR de {}"),
}
"""Ways to say of which kind a name is; “CR” is one that nobody has told the program."""

_ELSEWHERE: Final = (
    *("Ouagadougou", "Niamey", "Dakar", "Abidjan", "Conakry", "Nouakchott", "Tamanrasset"),
    *("Bobo-Dioulasso", "Agadez", "Tillabéri", "Korhogo", "Kankan", "Tambacounda", "Néma"),
    *("Paris", "Genève", "n/a", "inconnu", "total", "autre", "-"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a cell, the type of its column, what else the table says, and what is meant."""

    name: str
    type_name: str
    level: str  # of what is meant, or "none"
    way: str  # how the cell was written
    meant: str | None
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> ReconciliationQuery:
        """The query that a client sends for the row."""
        types = (self.type_name,) if self.type_name else ()
        stated = tuple((name, (text,)) for name, text in self.properties.items())
        return ReconciliationQuery(self.name, types, properties=stated)


@dataclass(frozen=True, slots=True)
class Score:
    """What came of the rows of a level."""

    rows: int
    matched: int  # with match: true
    right: int  # of these
    first: int  # rows whose first candidate is what is meant

    @property
    def precision(self) -> float:
        """Share of the matches that are right."""
        return self.right / self.matched if self.matched else 1.0

    @property
    def recall(self) -> float:
        """Share of the rows that have the right match."""
        return self.right / self.rows

    def formatted(self) -> str:
        """Return the cells of a row in Markdown."""
        shares = (self.precision, self.recall, self.first / self.rows)
        numbers = (f"{self.rows}", f"{self.matched}", *(f"{share:.2f}" for share in shares))
        return " | ".join(numbers)


class _Table:
    """Makes rows of the divisions that a reconciler knows."""

    def __init__(self, reconciler: Reconciler) -> None:
        self._random = Random(_SEED)
        self._reconciler, self._territory = reconciler, reconciler.index.territory
        self._divisions = {name: reconciler.types[name] for name in ROWS}
        self._names = {
            name: Counter(fold(text) for e in entities for text in _spellings(e))
            for name, entities in self._divisions.items()
        }
        self._iris = {e.iri: e for e in reconciler.index.entities.values()}

    def rows(self) -> Iterator[Row]:
        """Yield the rows, those of each level after another."""
        ways = (
            self._plain,
            self._without_accents,
            self._with_kind,
            self._mistyped,
            self._with_parent,
            self._hierarchy,
            self._code,
            self._punctuated,
        )
        for type_name, number in ROWS.items():
            entities = self._divisions[type_name]
            for n in range(number):
                entity = entities[n % len(entities)] if n < len(entities) else self._any(entities)
                yield ways[n % len(ways)](entity, type_name)
        for n in range(STRANGERS):
            yield self._stranger(n)

    def _any(self, entities: Sequence[Entity]) -> Entity:
        return entities[self._random.randrange(len(entities))]

    def _name(self, entity: Entity) -> str:
        """Return one of the names of a division without the word for its kind."""
        return self._random.choice(_spellings(entity))

    def _parent(self, entity: Entity) -> str:
        containers = self._territory.containers.get(entity.iri, ())
        return self._name(self._iris[containers[0]]) if containers else ""

    def _plain(self, entity: Entity, type_name: str) -> Row:
        name = self._name(entity)
        name = self._random.choice((name, name.upper(), name.lower(), f" {name}  "))
        return Row(name, type_name, type_name, "case and spaces", entity.id)

    def _without_accents(self, entity: Entity, type_name: str) -> Row:
        decomposed = unicodedata.normalize("NFKD", self._name(entity))
        name = "".join(c for c in decomposed if not unicodedata.combining(c)).upper()
        return Row(name, type_name, type_name, "without accents", entity.id)

    def _with_kind(self, entity: Entity, type_name: str) -> Row:
        name = self._random.choice(_WORDS[type_name]).format(self._name(entity))
        return Row(name, "", type_name, "the kind in the name, no type", entity.id)

    def _mistyped(self, entity: Entity, type_name: str) -> Row:
        """Return a row with a typing error that does not give another division's name."""
        while True:
            name = self._name(entity)
            place = self._random.randrange(1, max(2, len(name) - 1))
            letter = self._random.choice("aeioustnrlmk")
            name = self._random.choice(
                (
                    name[:place] + name[place + 1 :],
                    name[:place] + name[place : place + 1] * 2 + name[place + 1 :],
                    name[:place] + name[place : place + 2][::-1] + name[place + 2 :],
                    name[:place] + letter + name[place + 1 :],
                )
            )
            if fold(name) not in self._names[type_name]:
                return Row(name, type_name, type_name, "a typing error", entity.id)

    def _with_parent(self, entity: Entity, type_name: str) -> Row:
        properties = {"partOf": self._parent(entity)}
        return Row(
            self._name(entity), type_name, type_name, "a column of parents", entity.id, properties
        )

    def _hierarchy(self, entity: Entity, type_name: str) -> Row:
        separator = self._random.choice((" > ", ">", " → "))
        name = f"{self._parent(entity)}{separator}{self._name(entity)}"
        return Row(name, type_name, type_name, "the level above in the cell", entity.id)

    def _code(self, entity: Entity, type_name: str) -> Row:
        codes = [
            code for code in entity.codes if code.scheme.rpartition("#")[2].startswith("pcode")
        ]
        if not codes:
            return self._plain(entity, type_name)
        code = self._random.choice(codes)
        scheme = code.scheme.rpartition("#")[2]
        written = self._random.choice((f"{scheme}:{code.value}", f"{scheme}: {code.value.lower()}"))
        return Row(written, type_name, type_name, "a code with its list", entity.id)

    def _punctuated(self, entity: Entity, type_name: str) -> Row:
        name = self._name(entity)
        name = self._random.choice(
            (name.replace(" ", "-"), name.replace("-", " "), f"{name}.", f"« {name} », Mali")
        )
        return Row(name, type_name, type_name, "punctuation", entity.id)

    def _stranger(self, number: int) -> Row:
        """Return a row that means no division, or several."""
        ways = (
            self._elsewhere,
            self._of_another_level,
            self._in_another_division,
            self._before_it_was,
            self._of_several_levels,
        )
        return ways[number % len(ways)](number // len(ways))

    def _elsewhere(self, number: int) -> Row:
        name = _ELSEWHERE[number % len(_ELSEWHERE)]
        return Row(name, "Region", "none", "a place elsewhere", None)

    def _of_another_level(self, _number: int) -> Row:
        name = self._name_that(lambda name: fold(name) not in self._names["Region"])
        return Row(name, "Region", "none", "a commune in a column of regions", None)

    def _in_another_division(self, _number: int) -> Row:
        name, cercle = self._name_that(lambda _: True), self._any(self._divisions["Cercle"])
        if self._is_within(name, cercle):
            return self._in_another_division(_number)
        properties = {"partOf": self._name(cercle)}
        return Row(name, "Commune", "none", "a parent that contradicts", None, properties)

    def _before_it_was(self, number: int) -> Row:
        existence = self._territory.existence
        region = self._any([e for e in self._divisions["Region"] if e.iri in existence])
        year = int(existence[region.iri].first[:4]) - 1 - number % 4
        properties = {"date": str(year)}
        return Row(self._name(region), "Region", "none", "a date before it was", None, properties)

    def _of_several_levels(self, _number: int) -> Row:
        name = self._name_that(lambda name: fold(name) in self._names["Cercle"])
        return Row(name, "", "none", "a name of several levels, no type", None)

    def _name_that(self, fits: Callable[[str], bool]) -> str:
        """Return the name of a commune that has a property."""
        while True:
            name = self._name(self._any(self._divisions["Commune"]))
            if fits(name):
                return name

    def _is_within(self, name: str, cercle: Entity) -> bool:
        """Return whether a cercle, or one of the same name, has a commune of this name."""
        for commune in self._divisions["Commune"]:
            around = self._territory.surrounding(commune.iri)
            names = {fold(text) for iri in around for text in _spellings(self._iris[iri])}
            shares = not names.isdisjoint(map(fold, _spellings(cercle)))
            if shares and fold(name) in map(fold, _spellings(commune)):
                return True
        return False


def _spellings(entity: Entity) -> list[str]:
    """Return the names of a division in French and English, those without a word for its kind."""
    names = [
        label.text
        for label in entity.labels
        if not label.preferred and label.language in {"fr", "en"}
    ]
    return sorted(set(names)) or [entity.labels[0].text]


def messy_rows(reconciler: Reconciler) -> list[Row]:
    """Return the table."""
    return list(_Table(reconciler).rows())


def score(rows: Sequence[Row], reconciler: Reconciler) -> dict[str, Score]:
    """Return what reconciliation makes of the rows, by level."""
    levels: dict[str, list[tuple[bool, bool, bool]]] = {}
    for row in rows:
        candidates = reconciler.candidates(row.query)
        matches = [c.entity.id for c in candidates if c.match]
        first = candidates[0].entity.id if candidates else None
        outcome = (bool(matches), matches == [row.meant], first == row.meant)
        levels.setdefault(row.level, []).append(outcome)
    return {
        level: Score(
            len(outcomes),
            sum(matched for matched, _, _ in outcomes),
            sum(right for _, right, _ in outcomes),
            sum(first for _, _, first in outcomes),
        )
        for level, outcomes in levels.items()
    }


def main() -> None:
    """Print the scores of the packaged dataset, or of a release, by level."""
    folders = [text for text in sys.argv[1:] if text != "-v"]
    release = open_release(Path(folders[0])) if folders else chosen_release(None)
    quads, names = list(release.quads()), release.names
    published = Dataset(quads)
    reconciler = Reconciler(
        build(quads, names, profile_of(quads, names)),
        lambda iri: published.quads_for_subject(NamedNode(iri)),
    )
    rows = messy_rows(reconciler)
    print("| level | rows | matches | precision | recall | first candidate |")
    print("| --- | --- | --- | --- | --- | --- |")
    for level, result in score(rows, reconciler).items():
        print(f"| {level} | {result.formatted()} |")
    for row in rows if "-v" in sys.argv else ():
        matches = [c.entity.id for c in reconciler.candidates(row.query) if c.match]
        if matches != ([row.meant] if row.meant else []):
            print(row.way, repr(row.name), row.type_name, dict(row.properties), row.meant, matches)


if __name__ == "__main__":
    main()
