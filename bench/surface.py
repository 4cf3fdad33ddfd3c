"""Every answer of a running server as bytes, recorded and compared: shows what a change of the code changed.

    python -m bench.surface record http://127.0.0.1:8000 before/
    python -m bench.surface compare before/ after/

Serve the same release from both states of the code, with PUBLIC_URL set, or the addresses within
the data differ by the port. Each answer is a file: status, headers in order of their names, body.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTITIES: Final = 12
"""Documents of each type that are recorded; the sitemap lists all."""

ACCEPTS: Final = (
    "*/*",
    "text/html",
    "text/turtle",
    "application/rdf+xml",
    "application/ld+json",
    "application/trig",
    "application/n-quads",
    "application/json",
    "text/csv",
    "image/png",  # nothing has it: 406
)
LANGUAGES: Final = ("en", "fr")

MORE: Final = (
    "/search?q=menaka",
    "/resolve?iri=http://www.wikidata.org/entity/Q189746",
    "/resource?iri=urn:unknown",
    "/fragments?predicate=http://www.w3.org/1999/02/22-rdf-syntax-ns%23type&page=2",
    "/sparql?query=SELECT%20*%20%7B%20%3Fs%20a%20%3Fc%20%7D%20ORDER%20BY%20%3Fs%20%3Fc%20LIMIT%203",
    "/sparql?query=SELECT",
    "/reconcile?queries=%7B%22q0%22%3A%7B%22query%22%3A%22gao%22%7D%7D",
    "/doc/region?page=99",
    "/doc/region/unknown",
    "/nothing",
)
"""Addresses that no list has: searches, queries, mistakes."""

VARYING: Final = {"date", "server", "connection", "transfer-encoding"}
"""Headers of the server and the moment, not of the answer."""

LEFT_OUT: Final = {"/metrics"}
"""It counts the requests themselves."""


def addresses(url: str) -> Iterator[str]:
    """Yield each address once: operations without parameters, documents and lists by the sitemap, MORE."""
    paths = requests.get(f"{url}/openapi.json", timeout=60).json()["paths"]
    yield from sorted(path for path in paths if "{" not in path and path not in LEFT_OUT)
    sitemap = requests.get(f"{url}/sitemap.xml", timeout=60).text
    by_type: dict[str, list[str]] = {}
    for location in sorted(re.findall(r"<loc>([^<]+)</loc>", sitemap)):
        path = urlsplit(location).path
        if path.startswith("/doc/"):
            by_type.setdefault("/".join(path.split("/")[:3]), []).append(path)
    for name, documents in sorted(by_type.items()):
        yield name
        yield from [path for path in documents if path != name][:ENTITIES]
    yield from MORE


def record(url: str, folder: Path) -> int:
    """Write each answer to a file of the folder; return how many."""
    folder.mkdir(parents=True)
    number = 0
    for path in addresses(url):
        for accept in ACCEPTS:
            for language in LANGUAGES:
                headers = {"Accept": accept, "Accept-Language": language, "Accept-Encoding": "identity"}
                answer = requests.get(url + path, headers=headers, allow_redirects=False, timeout=60)
                name = hashlib.sha256(f"{path} {accept} {language}".encode()).hexdigest()[:24]
                (folder / name).write_bytes(_written(f"GET {path} ({accept}, {language})", answer))
                number += 1
    return number


def _written(request: str, answer: requests.Response) -> bytes:
    kept = sorted((name, value) for name, value in answer.headers.items() if name.lower() not in VARYING)
    lines = [request, str(answer.status_code), *(f"{name}: {value}" for name, value in kept)]
    return "\n".join([*lines, "", ""]).encode() + answer.content


def compare(before: Path, after: Path) -> int:
    """Print the difference of each answer that both have and that differs, and what one lacks; return how many."""
    names = sorted({path.name for path in (*before.iterdir(), *after.iterdir())})
    different = 0
    for name in names:
        contents = [(folder / name).read_bytes() if (folder / name).exists() else b"" for folder in (before, after)]
        if contents[0] == contents[1]:
            continue
        different += 1
        texts = [content.decode(errors="replace").splitlines() for content in contents]
        print("\n".join(difflib.unified_diff(*texts, *(f"{folder}/{name}" for folder in (before, after)), n=1)))
    print(f"{len(names)} answers, {different} differ")
    return different


def main() -> int:
    """Run the command; return 1 where answers differ, 2 for wrong arguments."""
    match sys.argv[1:]:
        case ["record", url, folder]:
            print(f"{record(url.rstrip('/'), Path(folder))} answers recorded in {folder}")
            return 0
        case ["compare", before, after]:
            return 1 if compare(Path(before), Path(after)) else 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
