"""``python -m bench.surface record | compare``: prove that a change of the code changes no answer.

``record`` asks a running server for every operation of its /openapi.json in every format and
language, and writes down one line of JSON a request; ``compare`` prints each request that two
recordings answer differently. It knows the server by HTTP and by the command line only, so that it
can record any commit.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

import requests

from bench.servers import NotRunning, ours

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

PUBLIC: Final = "data.example.org"
"""The host of every request and of every address in an answer, whichever port the server has."""

LANGUAGES: Final = ("fr", "en")
SUFFIXES: Final = ("ttl", "nt", "rdf", "xml", "owl", "jsonld", "json", "trig", "nq", "html", "pdf")
"""Each that is answered, and one that is not."""

BROWSER: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ACCEPTS: Final = (
    None,
    "*/*",
    BROWSER,
    "application/json",
    "image/png",
    "text/turtle;q=0.3, application/ld+json;q=0.7",
)
"""Asked of every operation beside its own media types: nothing, anything, an alias,
what nobody offers, weights."""

PATIENCE: Final = 120.0
"""Seconds that an answer, or the drawing of the pictures, may take on a busy machine."""

DIFF_LINES: Final = 40
"""Lines of a difference that are printed."""

IGNORED: Final = frozenset({"date"})
"""Headers that are not recorded: the clock."""

FILE_TIMES: Final = frozenset({"expires", "last-modified"})
"""Headers of files, recorded without their value: when it was written, and the clock when asked."""

FILE_TAG: Final = re.compile(r'"\d+\.\d+-\d+-\d+"')
"""The tag of a static file, recorded without its value: Werkzeug makes it of time, size, path."""

SETS: Final = frozenset({"allow", "access-control-allow-methods"})
"""Headers that list methods; the order says nothing, and is that of a set, another each run."""

OF_THE_PROCESS: Final = "/metrics"
"""Counts the processor time, the memory and the answers of one process, which has a number;
see ``_without_figures``."""

ID: Final = "https://w3id.org/unicef-linked/id/"
GRAPH: Final = "https://w3id.org/unicef-linked/graph/mali/offices"
TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
LABEL: Final = "http://www.w3.org/2000/01/rdf-schema#label"

QUERIES: Final = (
    f"SELECT ?s ?label {{ ?s <{LABEL}> ?label }} ORDER BY ?s ?label LIMIT 20",
    "SELECT * { VALUES (?a ?b) { (1 'é\\n\"') (UNDEF <http://example.org/>) } }",
    "SELECT * { ?s a <http://example.org/Nothing> }",
    "ASK { ?s ?p ?o }",
    f"CONSTRUCT {{ <{ID}office/gao> ?p ?o }} WHERE {{ <{ID}office/gao> ?p ?o }}",
    f"DESCRIBE <{ID}region/gao>",
    "SELEKT ?s { ?s ?p ?o }",
    "SELECT ?s { ?s ?p ?o",
    "SELECT ?s { ?s ex:p ?o }",
    "DELETE WHERE { ?s ?p ?o }",
    "SELECT * { SERVICE <http://example.org/sparql> { ?s ?p ?o } }",
    "",
)
"""One of each form, and one of each fault."""


def _ask(path: str, *parameters: Mapping[str, str]) -> list[str]:
    return [f"{path}?{urlencode(given)}" for given in parameters]


MORE: Final[Mapping[str, list[str]]] = {
    "/doc/{type}/{key}": [
        "/doc/office/nobody",
        "/doc/nothing/gao",
        "/doc/office/gao?lang=en",
        "/doc/office/gao?lang=xx",
    ],
    "/doc/{type}": [
        *_ask("/doc/claim", *({"page": page} for page in ("1", "2", "99", "0", "-1", "x", ""))),
        "/doc/nothing",
    ],
    "/id/{type}/{key}": ["/id/region/gao", "/id/office/nobody", "/id/nothing/gao"],
    "/graph/{graph}": ["/graph/mali/regions", "/graph/nothing"],
    "/resource": [
        "/resource",
        *_ask(
            "/resource",
            {"iri": "http://www.wikidata.org/entity/Q912"},
            {"iri": LABEL},
            {"iri": "http://example.org/nothing"},
            {"iri": "not an iri"},
        ),
    ],
    "/sparql": [
        *_ask("/sparql", *({"query": query} for query in QUERIES)),
        *_ask(
            "/sparql",
            {"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "default-graph-uri": GRAPH},
            {"query": "SELECT ?g { GRAPH ?g {} } ORDER BY ?g", "named-graph-uri": GRAPH},
            {"query": "ASK {}", "default-graph-uri": "not an iri"},
            {"query": "ASK {}", "timeout": "x"},
            {"query": "ASK {}", "timeout": "-1"},
            *(
                {"query": QUERIES[0], "format": name}
                for name in ("json", "xml", "csv", "tsv", "turtle", "nothing")
            ),
            *(
                {"query": QUERIES[4], "format": name}
                for name in ("ttl", "nt", "rdf", "jsonld", "trig", "nq", "csv")
            ),
        ),
    ],
    "/fragments": _ask(
        "/fragments",
        {"subject": f"{ID}office/gao"},
        {"predicate": TYPE, "page": "2"},
        {"object": '"Gao"@fr'},
        {"graph": GRAPH, "predicate": TYPE},
        {"graph": "http://example.org/nothing"},
        {"subject": "http://example.org/nothing"},
        {"subject": '"a literal"'},
        {"page": "9999"},
        {"page": "x"},
    ),
    "/resolve": [
        "/resolve",
        *_ask(
            "/resolve",
            {"code": "ML07"},
            {"code": "ML07", "scheme": "pcode"},
            {"code": "ML07", "scheme": "nothing"},
            {"code": "nothing"},
            {"iri": "http://example.org/nothing"},
            {"iri": f"{ID}region/gao", "code": "ML07"},
        ),
    ],
    "/search": [
        "/search",
        *_ask(
            "/search",
            {"q": "gao"},
            {"q": "tombouktou"},
            {"q": "santé", "limit": "3", "offset": "2"},
            {"q": "gao", "type": "Region"},
            {"q": "gao", "type": "Nothing"},
            {"q": "zzzzzz"},
            {"q": ""},
            {"q": "gao", "limit": "0"},
            {"q": "gao", "limit": "x"},
        ),
    ],
    "/reconcile": [
        *_ask(
            "/reconcile",
            {
                "queries": '{"q0": {"query": "Gao", "type": "Region", "limit": 2}, "q1": {"query": "Unicef"}}'
            },
            {
                "extend": '{"ids": ["region/gao", "nothing"], "properties": [{"id": "coversRegion"}, {"id": "label"}]}'
            },
            {"queries": "{"},
            {"queries": "[]"},
            {"extend": "{}"},
        ),
    ],
    "/reconcile/suggest/{kind}": [
        *_ask("/reconcile/suggest/property", {"prefix": "co"}, {"prefix": ""}),
        *_ask("/reconcile/suggest/type", {"prefix": "re"}),
        *_ask(
            "/reconcile/suggest/entity",
            {"prefix": "gao"},
            {"prefix": "gao", "cursor": "1"},
            {"cursor": "x"},
        ),
        "/reconcile/suggest/nothing?prefix=a",
    ],
    "/reconcile/flyout/{kind}": [
        *_ask("/reconcile/flyout/entity", {"id": "office/gao"}, {"id": "nothing"}),
        *_ask("/reconcile/flyout/property", {"id": "coversRegion"}),
        *_ask("/reconcile/flyout/type", {"id": "Region"}),
        "/reconcile/flyout/entity",
    ],
    "/reconcile/preview": [
        "/reconcile/preview",
        *_ask("/reconcile/preview", {"id": "office/gao"}, {"id": "nothing"}),
    ],
    "/reconcile/properties": _ask(
        "/reconcile/properties", {"type": "Office"}, {"type": "Nothing"}, {"limit": "x"}
    ),
    "/export/{export}": ["/export/nothing.csv"],
    "/dump/{file}": ["/dump/nothing.nq", "/dump/..%2Fmanifest.json"],
    "/linkset/{document}": [
        "/linkset/doc/region/gao",
        "/linkset/ontology",
        "/linkset/doc/office/nobody",
    ],
    "/sitemap-{number}.xml": ["/sitemap-0.xml", "/sitemap-99.xml"],
    "/problem/{problem}": [
        *(
            f"/problem/{name}"
            for name in (
                "malformed-query",
                "not-acceptable",
                "query-timeout",
                "too-large",
                "nothing",
            )
        )
    ],
    "/metrics": [
        "/nothing",
        "/doc/",
        "/doc/office/",
        "/ontology/",
        "/docs/x",
        "/static/icon.svg",
        "/static/nothing",
    ],
}
"""Addresses beside the operation's own example, by its path;
those of ``/x`` are asked of ``/x.{suffix}`` too."""

FORM: Final = "application/x-www-form-urlencoded"
POSTS: Final = (
    *(("/sparql", "application/sparql-query", query) for query in QUERIES),
    *(("/sparql", FORM, urlencode({"query": query})) for query in QUERIES),
    ("/sparql", FORM, ""),
    ("/sparql", FORM, urlencode({"query": "ASK {}", "format": "xml"})),
    ("/sparql", "application/sparql-update", "CLEAR ALL"),
    ("/sparql", "text/plain", "ASK {}"),
    ("/sparql", "application/sparql-query", "ASK {} #" + "x" * 200_000),
    ("/reconcile", FORM, urlencode({"queries": '{"q0": {"query": "Tombouctou", "limit": 2}}'})),
    ("/reconcile", FORM, urlencode({"queries": "{"})),
    ("/reconcile", FORM, ""),
    (
        "/resolve",
        "application/json",
        f'["http://www.wikidata.org/entity/Q912", "{ID}region/gao", "nothing"]',
    ),
    ("/resolve", "application/json", "{"),
    ("/resolve", "text/plain", "x"),
)
"""Bodies beside the operation's own examples: path, media type, content."""


@dataclass(frozen=True, slots=True)
class Question:
    """One request; its fields together are the key of its answer."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered; ``body`` is the SHA-256 of the bytes."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


# What is asked


def questions(
    description: Mapping[str, Any], sitemap: str, listed: Iterable[str]
) -> Iterator[Question]:
    """Yield each request once: what is described, what ``MORE`` and ``POSTS`` add,
    what the server lists.
    """
    seen: set[Question] = set()
    documents = _documents(sitemap)
    more = {**MORE}
    more["/doc/{type}/{key}"] = [*more["/doc/{type}/{key}"], *documents]
    more["/doc/{type}"] = [
        *more["/doc/{type}"],
        *sorted({path.rpartition("/")[0] for path in documents}),
    ]
    for address in listed:
        template = "/export/{export}" if address.startswith("/export/") else "/dump/{file}"
        more[template] = [*more[template], address]
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            asked = (
                _gets(path, operation, more) if method == "get" else _posts(path, method, operation)
            )
            for question in asked:
                if question not in seen:
                    seen.add(question)
                    yield question


def _documents(sitemap: str) -> list[str]:
    """Return the first and the last document of each type."""
    found: dict[str, list[str]] = {}
    for path, kind in re.findall(r"<loc>[^<]*?(/doc/([^/<]+)/[^/<]+)</loc>", sitemap):
        found.setdefault(kind, []).append(path)
    return [path for paths in found.values() for path in dict.fromkeys((paths[0], paths[-1]))]


def _gets(
    path: str, operation: Mapping[str, Any], more: Mapping[str, list[str]]
) -> Iterator[Question]:
    suffixed = path.endswith(".{suffix}")
    template = path.removesuffix(".{suffix}")
    plain = list(dict.fromkeys([*_examples(template, operation), *more.get(template, ())]))
    addresses = (
        [_with_suffix(one, suffix) for one, suffix in product(plain, SUFFIXES)]
        if suffixed
        else plain
    )
    accepts = (None,) if suffixed else tuple(dict.fromkeys([*ACCEPTS, *_media_types(operation)]))
    for address, accept, language in product(addresses, accepts, LANGUAGES):
        yield Question("GET", address, _headers(accept, language))
    first = addresses[0]
    yield Question("GET", first, _headers(None, None))
    yield Question("GET", first, _headers("text/html", None))
    yield Question("GET", first, (*_headers(None, None), ("Accept-Encoding", "gzip")))
    yield Question("GET", first, (*_headers(None, None), ("If-None-Match", "*")))
    for method in ("HEAD", "OPTIONS", "DELETE", "PUT"):
        yield Question(method, first, _headers(None, None))


def _posts(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[Question]:
    described = operation.get("requestBody", {}).get("content", {})
    bodies = [
        (
            media_type,
            example if isinstance(example := content["example"], str) else json.dumps(example),
        )
        for media_type, content in described.items()
    ]
    bodies += [(media_type, body) for where, media_type, body in POSTS if where == path]
    accepts = tuple(dict.fromkeys([*ACCEPTS, *_media_types(operation)]))
    for (media_type, body), accept, language in product(bodies, accepts, LANGUAGES):
        headers = (*_headers(accept, language), ("Content-Type", media_type))
        yield Question(method.upper(), path, headers, body)


def _examples(template: str, operation: Mapping[str, Any]) -> list[str]:
    """Return the address that the description's examples give: with what must be given,
    and with everything.
    """
    path = template
    must: dict[str, str] = {}
    may: dict[str, str] = {}
    for parameter in operation.get("parameters", ()):
        name, example = parameter["name"], str(parameter["example"])
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", quote(example))
        elif name != "lang":  # Accept-Language says it
            may[name] = example
            must |= {name: example} if parameter["required"] else {}
    return [f"{path}?{urlencode(given)}" if given else path for given in (must, may)]


def _with_suffix(address: str, suffix: str) -> str:
    path, mark, query = address.partition("?")
    return f"{path}.{suffix}{mark}{query}"


def _media_types(operation: Mapping[str, Any]) -> list[str]:
    return [
        media_type
        for answer in operation["responses"].values()
        for media_type in answer.get("content", ())
    ]


def _headers(accept: str | None, language: str | None) -> tuple[tuple[str, str], ...]:
    given = (("Accept", accept), ("Accept-Language", language))
    return tuple((name, value) for name, value in given if value is not None)


# Asking it


class Recorder:
    """Asks one server, one request after another over one connection,
    as ``Host: data.example.org``.
    """

    def __init__(self, url: str, bodies: Path | None = None) -> None:
        self._url, self._bodies = url.rstrip("/"), bodies
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy
        self._session.headers.clear()  # else requests adds Accept and Accept-Encoding of its own

    def ask(self, question: Question) -> tuple[Answer, bytes]:
        """Return the answer and its body, without content coding."""
        headers: dict[str, str | None] = {
            "Host": PUBLIC,
            "User-Agent": "bench",
            "Accept-Encoding": "identity",
        }
        response = self._session.request(
            question.method,
            self._url + question.path,
            headers={**headers, **dict(question.headers)},
            data=question.body.encode() or None,
            allow_redirects=False,
            timeout=PATIENCE,
        )
        found = [(name.lower(), value) for name, value in response.raw.headers.items()]
        content, ignored = response.content, IGNORED
        if question.path == OF_THE_PROCESS:
            content, ignored = _without_figures(content), IGNORED | {"content-length", "etag"}
        kept = tuple(
            sorted((name, _steady(name, value)) for name, value in found if name not in ignored)
        )
        return Answer(response.status_code, kept, hashlib.sha256(content).hexdigest()), content

    def get(self, path: str, accept: str | None = None) -> bytes:
        """Return the body of what must be there."""
        answer, content = self.ask(Question("GET", path, _headers(accept, None)))
        if answer.status != 200:
            raise NotRunning(f"{self._url}{path} answers {answer.status}; is it a server of ours?")
        return content

    def settle(self) -> None:
        """Wait until the pictures are drawn: until then pages that show them say ``no-store``."""
        deadline = time.monotonic() + PATIENCE
        for language in LANGUAGES:
            question = Question("GET", "/pictures", _headers("text/html", language))
            while ("cache-control", "no-store") in (
                answer := self.ask(question)[0]
            ).headers and answer.status == 200:
                if time.monotonic() > deadline:
                    raise NotRunning(
                        f"the pictures are not drawn after {PATIENCE:.0f} s; record when less else runs"
                    )
                time.sleep(0.2)

    def listed(self) -> list[str]:
        """Return the address of each file that the lists of exports and dumps name."""
        lists = [
            (where, json.loads(self.get(where, "application/json")))
            for where in ("/export/", "/dump/")
        ]
        return [where + file["name"] for where, answer in lists for file in answer["files"]]

    def record(self, out: Path) -> Counter[int]:
        """Write one line a request, and return how many answers had which status."""
        self.settle()
        description, sitemap = (
            json.loads(self.get("/openapi.json")),
            self.get("/sitemap.xml").decode(),
        )
        statuses: Counter[int] = Counter()
        with out.open("w", encoding="utf-8") as file:
            for question in questions(description, sitemap, self.listed()):
                answer, content = self.ask(question)
                statuses[answer.status] += 1
                line = {"request": _fields(question), "answer": _fields(answer)}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                if self._bodies and not (path := self._bodies / answer.body).exists():
                    path.write_bytes(content)
        return statuses


def _fields(one: Question | Answer) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}


def _steady(name: str, value: str) -> str:
    """Return what a header says, but for what differs between two runs of the same code.

    >>> _steady("allow", "OPTIONS, GET"), _steady("etag", '"17d7-x"'), _steady("etag", '"1.5-3-2"')
    ('GET, OPTIONS', '"17d7-x"', '…')
    """
    if name in SETS:
        return ", ".join(sorted(value.split(", ")))
    masked = name in FILE_TIMES or (name == "etag" and FILE_TAG.fullmatch(value))
    return "…" if masked else value


def _without_figures(content: bytes) -> bytes:
    """Return of metrics what each is and the figures of the release, in order of the alphabet.

    All other figures count or time what this process did, and come in the order of its files.
    """
    kept = ("#", "unicef_linked_info{", "unicef_linked_statements ")
    lines = sorted(
        line for line in content.decode().splitlines(keepends=True) if line.startswith(kept)
    )
    return "".join(lines).encode()


# Starting a server


@contextmanager
def serving(source: Path, release: Path | None) -> Iterator[str]:
    """Serve what a source tree publishes, by its own code, and yield the address;
    a release stands in for its build.
    """
    environment = _environment(source)
    with tempfile.TemporaryDirectory(prefix="surface-") as name:
        folder = Path(name)
        _check_source(source, environment, folder)
        if release is None:
            release = folder / "release"
            command = [sys.executable, "-m", "unicef_linked", "build", "--out", str(release)]
            built = subprocess.run(
                command, env=environment, cwd=folder, capture_output=True, text=True, check=False
            )
            if built.returncode:
                raise NotRunning(
                    f"{source} does not build its dataset: {built.stderr.strip()[-500:]}"
                )
        with ours(release.resolve(), folder, workers=1, environment=environment) as server:
            yield f"http://127.0.0.1:{server.port}"


def _environment(source: Path) -> dict[str, str]:
    """Return the environment of the server: one address, one query process,
    a timeout that a busy machine does not reach.
    """
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("UNICEF_LINKED_")
    }
    return {
        **kept,
        "PYTHONPATH": str(source.resolve() / "src"),
        "PUBLIC_URL": f"https://{PUBLIC}",
        "UNICEF_LINKED_QUERY_WORKERS": "1",
        "UNICEF_LINKED_QUERY_TIMEOUT": "30",
    }


def _check_source(source: Path, environment: Mapping[str, str], folder: Path) -> None:
    """Raise NotRunning unless this Python takes our code from that tree:
    an installed one would be compared with itself.
    """
    command = [sys.executable, "-c", "import unicef_linked; print(unicef_linked.__file__)"]
    found = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    if not Path(found.stdout.strip()).is_relative_to(source.resolve()):
        raise NotRunning(
            f"{source} has no src/unicef_linked that runs: {(found.stdout + found.stderr).strip()[-300:]}"
        )
    if not (source / "src" / "unicef_linked" / "web" / "static" / "built").is_dir():
        raise NotRunning(
            f"{source} has no bundled scripts; install it, or copy web/static/built there"
        )


# Comparing


def load(path: Path) -> dict[Question, Answer]:
    """Return a recording."""
    recording = {}
    with path.open(encoding="utf-8") as file:
        for line in file:
            one = json.loads(line)
            question, answer = one["request"], one["answer"]
            question["headers"] = tuple(map(tuple, question["headers"]))
            answer["headers"] = tuple(map(tuple, answer["headers"]))
            recording[Question(**question)] = Answer(**answer)
    return recording


def differences(
    before: Mapping[Question, Answer], after: Mapping[Question, Answer], bodies: Sequence[Path] = ()
) -> Iterator[str]:
    """Yield a text for each request that is not answered alike;
    a difference of two bodies is shown once.
    """
    shown: set[tuple[str, str]] = set()
    for question in dict.fromkeys([*before, *after]):
        old, new = before.get(question), after.get(question)
        if old == new:
            continue
        lines = [_named(question)]
        if old is None or new is None:
            lines.append(f"  only in {'the first' if new is None else 'the second'}")
        else:
            lines += _changes(old, new)
            if old.body != new.body:
                lines += _body_change(old, new, bodies, shown)
        yield "\n".join(lines)


def _named(question: Question) -> str:
    headers = "".join(f"  {name}: {value}" for name, value in question.headers)
    body = f"  {question.body[:80]!r}" if question.body else ""
    return f"{question.method} {question.path}{headers}{body}"


def _changes(old: Answer, new: Answer) -> list[str]:
    lines = [f"  status {old.status} → {new.status}"] if old.status != new.status else []
    gone, come = (
        Counter(old.headers) - Counter(new.headers),
        Counter(new.headers) - Counter(old.headers),
    )
    lines += [f"  - {name}: {value}" for name, value in sorted(gone.elements())]
    return lines + [f"  + {name}: {value}" for name, value in sorted(come.elements())]


def _body_change(
    old: Answer, new: Answer, bodies: Sequence[Path], shown: set[tuple[str, str]]
) -> list[str]:
    pair = (old.body, new.body)
    if not bodies or pair in shown:
        return [f"  body {old.body[:12]} → {new.body[:12]}{', as above' if pair in shown else ''}"]
    shown.add(pair)
    was, now = _text(bodies[0] / old.body), _text(bodies[1] / new.body)
    if was is None or now is None:
        return [f"  body {old.body[:12]} → {new.body[:12]}, not both text"]
    found = list(difflib.unified_diff(was, now, old.body[:12], new.body[:12], n=1, lineterm=""))
    left = [f"    … {len(found) - DIFF_LINES} lines more"] if len(found) > DIFF_LINES else []
    return [f"    {line[:300]}" for line in found[:DIFF_LINES]] + left


def _text(path: Path) -> list[str] | None:
    """Return the lines of a body, those of JSON indented; None where it is no text."""
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError:
        return None
    if text.startswith(("{", "[")):
        with suppress(ValueError):
            text = json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    return text.splitlines()


# The two commands


def _record(options: argparse.Namespace) -> int:
    if options.bodies:
        options.bodies.mkdir(parents=True, exist_ok=True)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    if options.url:
        statuses = Recorder(options.url, options.bodies).record(options.out)
    else:
        with serving(options.source, options.release) as url:
            statuses = Recorder(url, options.bodies).record(options.out)
    told = ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))
    print(
        f"{statuses.total()} answers in {time.monotonic() - begun:.0f} s ({told}) → {options.out}"
    )
    return 0


def _compare(options: argparse.Namespace) -> int:
    before, after = load(options.before), load(options.after)
    if not before or not after:
        raise NotRunning("a recording is empty; nothing can be said")
    count = 0
    for difference in differences(before, after, options.bodies or ()):
        count += 1
        print(difference)
    print(f"{count} of {len(before.keys() | after.keys())} requests are answered differently")
    return 1 if count else 0


def main() -> int:
    """Return 0; 1 where two recordings differ, 2 where something could not be recorded or read."""
    parser = argparse.ArgumentParser(prog="python -m bench.surface", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    record = commands.add_parser(
        "record", help="ask for everything and write down what is answered"
    )
    record.add_argument("out", type=Path, metavar="OUT.jsonl")
    where = record.add_mutually_exclusive_group()
    where.add_argument(
        "--source",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="serve this source tree; default: .",
    )
    where.add_argument("--url", metavar="URL", help="ask a server that runs already")
    record.add_argument(
        "--release",
        type=Path,
        metavar="DIR",
        help="serve this release; default: the source's, built",
    )
    record.add_argument(
        "--bodies", type=Path, metavar="DIR", help="keep each body, in a file named by its SHA-256"
    )
    record.set_defaults(run=_record)
    compare = commands.add_parser("compare", help="print what is answered differently")
    compare.add_argument("before", type=Path, metavar="A.jsonl")
    compare.add_argument("after", type=Path, metavar="B.jsonl")
    compare.add_argument(
        "--bodies", type=Path, nargs=2, metavar=("DIR_A", "DIR_B"), help="show how bodies differ"
    )
    compare.set_defaults(run=_compare)
    options = parser.parse_args()
    try:
        status: int = options.run(options)
    except (NotRunning, OSError, ValueError) as reason:
        print(f"bench.surface: {reason}", file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
