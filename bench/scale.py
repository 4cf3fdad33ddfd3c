"""``python -m bench.scale``: how build, start, pages and lookup grow with the dataset.

For each size a made-up world (``bench.world``) is built, served and asked; then one table for each
of these is printed, in Markdown. Its last column is the exponent: the slope of the logarithm of a
figure over that of the statements, so 1 where what is measured grows with the dataset, 0 where it
does not.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import itertools
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from prettytable import PrettyTable, TableStyle

from bench import servers
from bench.processes import Memory, children, is_supervisor, memory, processor_time, tree
from bench.running import say
from bench.world import Country, Damage, Plan, plan, statements_of, write
from unicef_linked.exports.files import add_exports
from unicef_linked.lookup.kept import add_index
from unicef_linked.release import open_release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.servers import Server
    from unicef_linked.build.stages import Reached

SIZES: Final = "15k,45k,150k,450k"

### Build ###


@dataclass(slots=True)
class _Stopwatch:
    """Figures of the stages of a build, each until the next begins."""

    stage: str = "starting Python"
    began: tuple[float, float] = (0.0, 0.0)
    figures: dict[str, dict[str, float]] = field(default_factory=dict)

    def reach(self, reached: Reached) -> None:
        """Note the figures of a stage when another begins."""
        if reached.name != self.stage:
            self.settle(reached.name)

    def settle(self, following: str = "") -> None:
        """Note the figures of the stage that ends now."""
        now = _now()
        self.figures[self.stage] = {
            "wall": now[0] - self.began[0],
            "cpu": now[1] - self.began[1],
            "peak": _peak_since_reset(),
        }
        self.stage, self.began = following, now


def _now() -> tuple[float, float]:
    """Return the time, and the processor time of this process and of those below it that have
    ended.
    """
    return time.monotonic(), sum(os.times()[:4])


def _peak_since_reset() -> float:
    """Return the most memory (MiB) that this process had since it was asked last (proc(5),
    clear_refs).
    """
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return peak


def build_by_stages(data: Path, out: Path, *, validated: bool) -> dict[str, dict[str, float]]:
    """Build a release and return wall time, processor time and memory of each stage."""
    watch = _Stopwatch(began=(time.monotonic(), 0.0))
    module = importlib.import_module("unicef_linked.build")
    if not validated:
        module.preparation.check = lambda *_, **__: module.make_report(())
    packaged = module.Content.packaged()
    content = module.Content((data,), packaged.shapes, packaged.ontology, packaged.rules)
    module.build(
        content, out, progress=watch.reach, add=add_index, add_exports=add_exports
    )  # as the command does
    watch.settle()
    return watch.figures


def measure_build(data: Path, out: Path, *, validated: bool) -> dict[str, dict[str, float]]:
    """Return the figures of a build in a process of its own."""
    command = [sys.executable, "-m", "bench.scale", "--build", str(data), str(out)]
    command += [] if validated else ["--unvalidated"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    most = 0.0
    over = threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(5):  # to read the memory of large processes takes long
            most = max(most, sum(memory(pid).pss for pid in tree(process.pid)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    over.set()
    watcher.join()
    if process.returncode:
        raise RuntimeError(f"the build of {data} failed: {process.returncode}")
    stages: dict[str, dict[str, float]] = json.loads(output)
    stages["total"] = {
        "wall": sum(stage["wall"] for stage in stages.values()),
        "cpu": sum(stage["cpu"] for stage in stages.values()),
        "peak": max(most, *(stage["peak"] for stage in stages.values())),
    }
    return stages


### Pages ###


@dataclass(frozen=True, slots=True)
class Request:
    """A request that differs each time it is sent, so that no cache answers it."""

    name: str
    make: Callable[[int], tuple[str, str, bytes | None]]  # path, media type, body


_LABEL: Final = "http://www.w3.org/2000/01/rdf-schema%23label"
_HTML: Final = "text/html"
_TURTLE: Final = "text/turtle"
_JSON: Final = "application/json"
_CSV: Final = "text/csv"


def _fixed(path: str, media_type: str = _HTML) -> Request:
    """Return a request for one path, with another parameter each time."""
    sign = "&" if "?" in path else "?"

    def make(number: int) -> tuple[str, str, bytes | None]:
        return f"{path}{sign}n={number}", media_type, None

    shown = {_TURTLE: ", Turtle", _CSV: ", CSV"}.get(media_type, "")
    return Request(path + shown, make)


@dataclass(frozen=True, slots=True)
class _World:
    """The world that is asked about: its countries, made again when they are needed."""

    plan: Plan
    made: dict[int, Country] = field(default_factory=dict)

    def country(self, number: int) -> Country:
        """Return one of the countries, far from the one before."""
        number = number * 7 % len(self.plan.sizes)
        if number not in self.made:
            self.made[number] = Country(number, self.plan.sizes[number])
        return self.made[number]

    def requests(self) -> list[Request]:
        """Return what is asked of a server."""
        first = self.country(0)
        pages = ["/", "/quality", "/pictures", "/ontology", "/dataset", "/shapes", "/doc/region"]
        things = ["/doc/sector/health", "/doc/scheme/priorities", f"/doc/country/{first.key}"]
        rest = [
            _fixed("/doc/claim?page=2", _TURTLE),
            _fixed("/doc/office?page=2"),
            _fixed("/export/3w.csv", _CSV),
            _fixed("/export/offices.geojson", "application/geo+json"),
            _fixed("/graph/derived/labels-fr", _TURTLE),
            _fixed(f"/graph/{first.key}/divisions", _TURTLE),
            _fixed("/sitemap.xml", "application/xml"),
            _fixed(f"/fragments?predicate={_LABEL}", _TURTLE),
            _fixed(f"/fragments?predicate={_LABEL}&page=30", _TURTLE),
        ]
        return [
            *map(_fixed, (*pages, *things)),
            Request("/doc/region/{key}", partial(self._thing, "region", _HTML)),
            Request("/doc/office/{key}", partial(self._thing, "office", _HTML)),
            Request("/doc/division/{key}", partial(self._thing, "division", _HTML)),
            Request("/doc/region/{key}, Turtle", partial(self._thing, "region", _TURTLE)),
            *rest,
            Request("/search?q={beginning}", self._search),
            Request("/search?q={name}", self._search_name),
            Request("/reconcile/suggest/entity", self._suggest),
            Request("/reconcile, 10 regions", partial(self._reconcile, 10, "Region")),
            Request("/reconcile, 50 regions", partial(self._reconcile, 50, "Region")),
            Request("/reconcile, 50 of any type", partial(self._reconcile, 50, "")),
            Request("/resolve?code={P-code}", self._resolve_code),
            Request("/resolve?lat=&lon=", self._resolve_point),
            Request("/sparql, one thing", self._ask_thing),
            Request("/sparql, count all", self._ask_all),
        ]

    def _thing(self, kind: str, media_type: str, number: int) -> tuple[str, str, bytes | None]:
        country = self.country(number)
        towns = list(country.towns)
        region = towns[number % len(towns)]
        if kind == "division":
            key = region.parts[number % len(region.parts)].iri.partition(":")[2]
        else:
            key = region.iri.partition(":")[2]
        return f"/doc/{kind}/{key}?n={number}", media_type, None

    def _name(self, number: int) -> str:
        """Return the French name of a cercle or region."""
        regions = self.country(number).regions
        region = regions[number % len(regions)]
        return region.parts[number % len(region.parts)].name.french

    def _search(self, number: int) -> tuple[str, str, bytes | None]:
        beginning = self._name(number)[: 2 + number % 4]
        return f"/search?q={quote(beginning)}&n={number}", _HTML, None

    def _search_name(self, number: int) -> tuple[str, str, bytes | None]:
        return f"/search?q={quote(self._name(number))}&n={number}", _HTML, None

    def _suggest(self, number: int) -> tuple[str, str, bytes | None]:
        beginning = self._name(number)[: 2 + number % 4]
        return f"/reconcile/suggest/entity?prefix={quote(beginning)}&n={number}", _JSON, None

    def _reconcile(self, size: int, type_name: str, number: int) -> tuple[str, str, bytes | None]:
        queries = {}
        for place in range(size):
            name = self._name(number * size + place)
            typing_error = name[:2] + name[3:] if place % 3 == 0 else name
            query = {"query": typing_error}
            queries[f"q{place}"] = {**query, "type": type_name} if type_name else query
        return f"/reconcile?n={number}", _JSON, urlencode({"queries": json.dumps(queries)}).encode()

    def _resolve_code(self, number: int) -> tuple[str, str, bytes | None]:
        country = self.country(number)
        code = country.regions[number % len(country.regions)].code
        return f"/resolve?code={country.code}{code}&n={number}", _HTML, None

    def _resolve_point(self, number: int) -> tuple[str, str, bytes | None]:
        regions = self.country(number).regions
        longitude, latitude = regions[number % len(regions)].parts[0].point
        return f"/resolve?lat={latitude}&lon={longitude}&n={number}", _HTML, None

    def _ask_thing(self, number: int) -> tuple[str, str, bytes | None]:
        region = self.country(number).regions[0].iri.partition(":")[2]
        iri = f"https://w3id.org/unicef-linked/id/region/{region}"
        query = f"SELECT * {{ <{iri}> ?p ?o }} # {number}"
        return f"/sparql?query={quote(query)}", _JSON, None

    def _ask_all(self, number: int) -> tuple[str, str, bytes | None]:
        query = f"SELECT (COUNT(*) AS ?n) {{ ?s ?p ?o }} # {number}"
        return f"/sparql?query={quote(query)}", _JSON, None


@dataclass(slots=True)
class Clock:
    """How long requests are measured."""

    repeats: int
    seconds: float  # after which no more repeats of one request are begun
    patience: float  # for one answer
    numbers: Iterator[int] = field(default_factory=partial(itertools.count, 1))

    def measure(self, server: Server, request: Request) -> dict[str, float] | str:
        """Return the figures of a request (ms, and KiB of the answer), or why there are none."""
        times: list[float] = []
        spent: list[float] = []
        size = 0
        begun = time.monotonic()
        while len(times) <= self.repeats:
            if len(times) > 2 and time.monotonic() - begun > self.seconds:
                break
            path, media_type, body = request.make(next(self.numbers))
            headers = {"Accept": media_type, "Accept-Language": "fr"}
            if body:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            before, start = processor_time(server.pid), time.monotonic()
            try:
                status, _, content = server.request(
                    "POST" if body else "GET",
                    path,
                    body=body,
                    headers=headers,
                    timeout=self.patience,
                )
            except (OSError, HTTPException) as error:
                return f"no answer in {self.patience:g} s ({type(error).__name__})"
            if status not in {200, 404} or (status == 404 and "page=" not in path):
                return f"{status}"
            times.append((time.monotonic() - start) * 1000)
            spent.append((processor_time(server.pid) - before) * 1000)
            size = len(content)
        later, later_spent = sorted(times[1:]), spent[1:]
        return {
            "first": times[0],
            "p50": later[len(later) // 2],
            "p95": later[min(len(later) - 1, math.ceil(len(later) * 0.95) - 1)],
            "cpu": sum(later_spent) / len(later_spent),
            "size": size / 1024,
        }


### Start and memory ###


def _memory_by_role(server: Server) -> dict[str, Memory]:
    """Return the memory of the main process, of the web workers and of the query processes."""
    roles = {"main": memory(server.pid), "web workers": Memory(), "query processes": Memory()}
    for pid in children(server.pid):
        for each in tree(pid):
            role = "query processes" if is_supervisor(pid) else "web workers"
            roles[role] += memory(each)
    return roles


def _memory_figures(server: Server, when: str) -> dict[str, float]:
    roles = _memory_by_role(server)
    figures = {f"PSS MiB {when}": sum(role.pss for role in roles.values())}
    for role, used in roles.items():
        figures[f"{role}, PSS MiB {when}"] = used.pss
    figures[f"web workers, private MiB {when}"] = roles["web workers"].private
    return figures


def measure_service(
    release: Path, engine: str, world: _World, clock: Clock, folder: Path, asks: bool
) -> dict[str, Any]:
    """Return the figures of a start, of the requests, and of the memory before and after them."""
    figures: dict[str, Any] = {}
    kinds = ("first start", "start") if engine == "disk" else ("start",)
    for kind in kinds:
        began = time.monotonic()
        with servers.ours(
            release, folder, workers=1, engine=engine, patience=clock.patience
        ) as server:
            figures[f"{kind}, wall s"] = time.monotonic() - began
            figures[f"{kind}, cpu s"] = processor_time(server.pid)
            if kind != kinds[-1]:
                continue
            figures |= _memory_figures(server, "at start")
            pages = {}
            for request in world.requests() if asks else ():
                pages[request.name] = clock.measure(server, request)
                say(f"    {engine}: {request.name}: {_shown(pages[request.name])}")
            if asks:
                figures |= _memory_figures(server, "once used")
                figures["pages"] = pages
    return figures


### Tables ###


def exponent(points: Sequence[tuple[float, float]]) -> float | None:
    """Return the slope of the logarithms of points, by least squares; None for fewer than two.

    >>> exponent([(10, 5), (100, 50), (1000, 500)])
    1.0
    """
    logs = [(math.log(x), math.log(y)) for x, y in points if x > 0 and y > 0]
    if len(logs) < 2:
        return None
    mean_x = sum(x for x, _ in logs) / len(logs)
    mean_y = sum(y for _, y in logs) / len(logs)
    spread = sum((x - mean_x) ** 2 for x, _ in logs)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in logs)
    return round(slope / spread, 2) if spread else None


@dataclass(frozen=True, slots=True)
class Table:
    """What was measured: by row and by number of statements,
    with the figure that the exponent is of.
    """

    title: str
    sizes: Sequence[int]
    rows: dict[str, list[tuple[str, float | None]]]  # shown, and the figure

    def __str__(self) -> str:
        table = PrettyTable(["", *(f"{size:,}" for size in self.sizes), "exponent"])
        table.set_style(TableStyle.MARKDOWN)
        table.align = "r"
        table.align[""] = "l"
        for name, cells in self.rows.items():
            points = [
                (float(size), figure)
                for size, (_, figure) in zip(self.sizes, cells, strict=True)
                if figure is not None
            ]
            slope = exponent(points)
            table.add_row([name, *(shown for shown, _ in cells), "" if slope is None else slope])
        return f"### {self.title}\n\n{table.get_string()}\n"


_LEAST_TIME: Final = 0.5
"""Milliseconds of processor time below which a difference says nothing:
the kernel counts in hundredths of seconds."""


def _shown(figures: Any) -> str:
    if not isinstance(figures, dict):
        return str(figures)
    return (
        f"{figures['p50']:,.0f} / {figures['p95']:,.0f} ({figures['first']:,.0f});"
        f" {figures['cpu']:,.1f}"
    )


def tables(results: Sequence[dict[str, Any]]) -> Iterator[Table]:
    """Yield the tables of what was measured, the smallest world first."""
    sizes = [result["statements"] for result in results]
    if any("build" in result for result in results):
        yield _build_table(sizes, [result.get("build", {}) for result in results])
    engines = dict.fromkeys(engine for result in results for engine in result.get("serve", {}))
    for engine in engines:
        served = [result.get("serve", {}).get(engine, {}) for result in results]
        names = dict.fromkeys(name for figures in served for name in figures if name != "pages")
        yield Table(
            f"Start and memory, engine {engine}, one web worker",
            sizes,
            {name: [_cell(figures.get(name)) for figures in served] for name in names},
        )
        pages = [figures.get("pages", {}) for figures in served]
        rows = {}
        for name in dict.fromkeys(name for page in pages for name in page):
            cells = []
            for page in pages:
                figures = page.get(name, "")
                of = max(figures["cpu"], _LEAST_TIME) if isinstance(figures, dict) else None
                cells.append((_shown(figures), of))
            rows[name] = cells
        if rows:
            yield Table(
                f"Answers, engine {engine}: wall time p50 / p95 (first), ms; processor time, ms,"
                " whose exponent this is",
                sizes,
                rows,
            )


def _build_table(sizes: Sequence[int], builds: Sequence[dict[str, Any]]) -> Table:
    rows: dict[str, list[tuple[str, float | None]]] = {}
    for stage in dict.fromkeys(stage for build in builds for stage in build):
        rows[stage] = []
        for figures in (build.get(stage) for build in builds):
            if figures is None:
                rows[stage].append(("", None))
                continue
            shown = f"{figures['cpu']:,.2f} ({figures['wall']:,.1f}) {figures['peak']:,.0f}"
            rows[stage].append((shown, max(figures["cpu"], 0.01)))
    most = [build["total"]["peak"] if build else None for build in builds]
    rows["total, MiB at most"] = [_cell(peak) for peak in most]
    return Table(
        "Build: processor time s (wall time s) MiB at most; the exponent is that of processor time",
        sizes,
        rows,
    )


def _cell(figure: float | None) -> tuple[str, float | None]:
    return ("", None) if figure is None else (f"{figure:,.1f}", figure)


### The command ###


def measure(size: int, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of one size; world and release are used again where they are there."""
    world, result = plan(size), dict[str, Any]()
    data, release = folder / f"{size}", folder / f"{size}-release"
    if not data.exists():
        write(world, data, Damage())
    if "build" in options.parts or not release.exists():
        say(f"  build of about {world.statements:,} statements")
        for older in folder.glob(f"{release.name}*"):
            older.unlink() if older.is_symlink() else shutil.rmtree(older)
        result["build"] = measure_build(data, release, validated=not options.unvalidated)
    result["statements"] = open_release(release).manifest.quads
    result["serve"] = {}
    clock = Clock(options.repeats, options.seconds, options.patience)
    for engine in options.engines.split(",") if options.parts & {"serve", "pages"} else ():
        say(f"  engine {engine}")
        result["serve"][engine] = measure_service(
            release, engine, _World(world), clock, folder, "pages" in options.parts
        )
    return result


def main() -> int:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument(
        "--sizes", default=SIZES, metavar="N,…", help=f"statements; default: {SIZES}"
    )
    parser.add_argument(
        "--parts",
        default="build,serve,pages",
        metavar="PART,…",
        help="build, serve (start and memory), pages; default: all",
    )
    parser.add_argument(
        "--engines", default="memory,disk", metavar="ENGINE,…", help="default: memory,disk"
    )
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="where worlds and releases are, and stay"
    )
    parser.add_argument(
        "--repeats", type=int, default=20, metavar="N", help="of each request, at most"
    )
    parser.add_argument(
        "--seconds", type=float, default=15.0, metavar="S", help="for the repeats of a request"
    )
    parser.add_argument(
        "--patience", type=float, default=300.0, metavar="S", help="for a start or one answer"
    )
    parser.add_argument(
        "--unvalidated", action="store_true", help="build without SHACL, to reach the rest sooner"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures here too")
    parser.add_argument("--build", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.build:
        with contextlib.redirect_stdout(sys.stderr):
            figures = build_by_stages(*options.build, validated=not options.unvalidated)
        print(json.dumps(figures))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no server stays behind
    options.parts = set(options.parts.split(","))
    results: list[dict[str, Any]] = []
    with contextlib.ExitStack() as stack:
        folder = options.folder or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="scale-"))
        )
        folder.mkdir(parents=True, exist_ok=True)
        for size in sorted(map(statements_of, options.sizes.split(","))):
            say(f"{size:,} statements, load {os.getloadavg()[0]:.1f}")
            results.append(measure(size, folder.resolve(), options))
            if options.json:
                options.json.write_text(json.dumps(results, indent=1))
    for table in tables(results):
        print(table, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
