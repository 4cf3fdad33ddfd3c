"""``python -m bench.names``: looking names up among many, on one core.

A copy of the packaged release gets made-up divisions, each with a code, names in French and
English and what it lies in. Printed are the times to make and to open the index, of searches as
one types, of batches of 50 names as tables have them, and the memory that the process got.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, serialize

from unicef_linked.cli.releases import chosen_release
from unicef_linked.dataset.past import Past
from unicef_linked.lookup.answers import result_to_json
from unicef_linked.lookup.entities import EntityLookup
from unicef_linked.lookup.matching import ReconciliationQuery
from unicef_linked.rdf.iris import RDF, SKOS
from unicef_linked.release import Release, open_release
from unicef_linked.store.archived import Archived

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from unicef_linked.rdf.iris import Names

_SEED: Final = 2026
_SYLLABLES: Final = [
    "ba",
    "be",
    "bi",
    "bo",
    "bou",
    "da",
    "de",
    "di",
    "dia",
    "djé",
    "dou",
    "fa",
    "gao",
    "gué",
    "ka",
    "ké",
    "ki",
    "kon",
    "kou",
    "la",
    "lo",
    "ma",
    "mé",
    "mi",
    "mo",
    "na",
    "ni",
    "nio",
    "ra",
    "sa",
    "sé",
    "si",
    "sou",
    "ta",
    "té",
    "ti",
    "to",
    "tou",
    "wa",
    "ya",
    "yo",
    "zan",
]
_LEVELS: Final = (("Region", "region", "Région de {}"), ("Cercle", "cercle", "Cercle de {}"))
_COMMUNE: Final = ("Commune", "division", "Commune de {}")
_PER_LEVEL: Final = 20
"""Cercles of a region, communes of a cercle."""

_BATCH: Final = 50


@dataclass(frozen=True, slots=True)
class Place:
    """A made-up division."""

    name: str
    type_name: str
    parent: str


def made_up(number: int, names: Names) -> Iterator[tuple[Place, list[Quad]]]:
    """Yield divisions with what is stated of them."""
    random = Random(_SEED)
    parents: list[tuple[str, str]] = []
    for n in range(number):
        level = 0 if n % (_PER_LEVEL**2) == 0 else 1 if n % _PER_LEVEL == 0 else 2
        type_name, path, phrase = _LEVELS[level] if level < len(_LEVELS) else _COMMUNE
        words = [
            "".join(random.choices(_SYLLABLES, k=random.randint(2, 4))).capitalize()
            for _ in range(random.choice((1, 1, 1, 2)))
        ]
        name, iri = "-".join(words), names.entity(path, f"made-up-{n}")
        parents = parents[:level]
        graph = NamedNode(names.graph("made-up"))
        stated: list[tuple[str, NamedNode | Literal]] = [
            (f"{RDF}type", NamedNode(names.term(type_name))),
            (f"{RDF}type", NamedNode(names.term("Division"))),
            (f"{SKOS}prefLabel", Literal(phrase.format(name), language="fr")),
            (f"{SKOS}prefLabel", Literal(f"{name} {type_name}", language="en")),
            (f"{SKOS}altLabel", Literal(name, language="fr")),
            (f"{SKOS}notation", Literal(f"XX{n:06}", datatype=NamedNode(names.term("pcode")))),
        ]
        if parents:
            stated.append((names.term("partOf"), NamedNode(parents[-1][0])))
        quads = [Quad(NamedNode(iri), NamedNode(p), value, graph) for p, value in stated]
        yield Place(name, type_name, parents[-1][1] if parents else ""), quads
        if level < len(_LEVELS):
            parents.append((iri, name))


def write_release(folder: Path, release: Release, number: int) -> list[Place]:
    """Write a copy of a release with made-up divisions; return these."""
    (folder / "dumps").mkdir(parents=True)
    shutil.copy(release.path / "manifest.json", folder)
    lines = release.dataset.read_bytes().splitlines()
    places = []
    for place, quads in made_up(number, release.names):
        lines += (serialize(quads, format=RdfFormat.N_QUADS) or b"").splitlines()
        places.append(place)
    (folder / "dumps" / "dataset.nq").write_bytes(b"\n".join(sorted(lines)) + b"\n")
    return places


def messy(place: Place, random: Random) -> ReconciliationQuery:
    """Return a query as a table asks for a division: three in ten names are mistyped."""
    name = place.name
    types: tuple[str, ...] = (place.type_name,)
    way = random.randrange(10)
    if way < 3:
        spot = random.randrange(1, len(name) - 1)
        name = name[:spot] + random.choice("aeioustnrlmk") + name[spot + random.randint(0, 1) :]
    elif way < 5:
        name, types = f"{place.type_name} de {name}", ()
    elif way < 7:
        return ReconciliationQuery(
            name, types, properties=(("partOf", (place.parent,)),) if place.parent else ()
        )
    elif way < 9:
        name = name.upper()
    else:
        types = ()
    return ReconciliationQuery(name, types)


def _measure(title: str, calls: list[Callable[[], object]]) -> None:
    times = []
    for call in calls:
        start = process_time()
        call()
        times.append(1000 * (process_time() - start))
    times.sort()
    median, late = times[len(times) // 2], times[int(0.95 * len(times))]
    print(f"{title}: p50 {median:.1f} ms, p95 {late:.1f} ms, worst {times[-1]:.1f} ms")


def _memory() -> tuple[float, float]:
    """Return the private and the proportional memory of this process, in MB."""
    sizes = {"Private_Dirty": 0.0, "Private_Clean": 0.0, "Pss": 0.0}
    for line in Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]:
        name, value, *_ = line.split()
        if name.rstrip(":") in sizes:
            sizes[name.rstrip(":")] += int(value) / 1024
    return sizes["Private_Dirty"], sizes["Pss"]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--things", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where the release is kept for a second run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary) / "release"
        source = chosen_release(None)
        if folder.exists():
            places = [place for place, _ in made_up(options.things, source.names)]
        else:
            places = write_release(folder, source, options.things)
        # By its manifest it is the packaged release, of which an index is kept already.
        os.environ["XDG_CACHE_HOME"] = str(folder.with_name(f"{folder.name}-cache"))
        _report(open_release(folder), places)


def _report(release: Release, places: list[Place]) -> None:
    random, store = Random(_SEED), Archived(release)
    gc.collect()
    before = _memory()
    start = perf_counter()
    child = os.fork()  # so that its memory is not counted
    if not child:
        _ = EntityLookup(Past.of(release), store).index
        os._exit(0)
    os.waitpid(child, 0)
    print(f"index: made or there in {perf_counter() - start:.1f} s")
    start = perf_counter()
    lookup = EntityLookup(Past.of(release), store)
    total = len(lookup.index.entities)
    print(f"opened in {1000 * (perf_counter() - start):.0f} ms: {total:,} entities")
    prefixes = []
    for place in random.sample(places, 200):
        text = random.choice((place.name, f"{place.type_name} de {place.name}"))
        prefixes += [text[: n + 1] for n in range(min(len(text), 12))]

    def type_in(prefix: str) -> str:
        matches = lookup.search(prefix)
        shown = [
            result_to_json(lookup, entity, score, prefix, ["fr"])
            for entity, score in matches.page(0, 10)
        ]
        return json.dumps([matches.total, matches.types, shown])

    _measure(f"{len(prefixes):,} searches", [partial(type_in, prefix) for prefix in prefixes])
    reconciler = lookup.reconciler

    def match(batch: list[ReconciliationQuery]) -> list[object]:
        return [reconciler.candidates(query) for query in batch]

    batches = [[messy(p, random) for p in random.sample(places, _BATCH)] for _ in range(60)]
    _measure(
        f"{len(batches)} batches of {_BATCH}",
        [partial(match, batch) for batch in batches],
    )
    gc.collect()
    print(
        "memory got, MB: private {:.0f}, PSS {:.0f}".format(
            *(now - then for now, then in zip(_memory(), before, strict=True))
        )
    )


if __name__ == "__main__":
    main()
