"""What /openapi.json promises is what the server does, by schemathesis; pages are HTML, by Nu."""

from __future__ import annotations

import json
import shutil
import subprocess
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import requests
from tests.clients.conftest import HERE, PYTHON

if TYPE_CHECKING:
    from tests.conftest import Server

JAR: Final = HERE / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
JVM: Final = ("-Xss4m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""A deep stack; for a short run neither the optimising compiler nor threads for garbage pay."""

PAGES: Final = (
    "/",
    "/doc/office/gao",
    "/doc/region/gao",
    "/doc/region/taoudenit",
    "/doc/priority/community-resilience",
    "/doc/group/nomadic-children",
    "/doc/source/where-we-work-mali-fr",
    "/doc/observation/staff-gao",
    "/doc/claim/gao-staff-count",
    "/doc/passage/2262-2287",
    "/doc/region",
    "/doc/question?page=2",
    "/graph/mali/offices",
    "/graph/derived/statistics",
    "/resource?iri=http://www.wikidata.org/entity/Q912",
    "/dataset",
    "/ontology",
    "/shapes",
    "/quality",
    "/sparql",
    "/sparql?query=ASK%20%7B%20%3Fs%20%3Fp%20%22%3C%2Ftextarea%3E%22%20%7D",
    "/search?q=gao",
    "/search?q=%3Cb%3E%22%26",
    "/resolve?iri=http://www.wikidata.org/entity/Q912",
    "/resolve?code=ML07",
    "/resolve",
    "/fragments",
    "/fragments?page=3",
    "/fragments?subject=x",
    "/pictures",
    "/reconcile/preview?id=region/gao",
    "/dump/",
    "/export/",
    "/docs",
    "/problem/bad-parameter",
    "/problem/query-timeout",
    "/doc/region?page=x",
    "/sparql?timeout=x",
    "/nowhere",
)
"""One page of each template, with what is rare on it: problems, empty lists, markup in values."""


def test_schemathesis_finds_no_answer_that_openapi_does_not_promise(
    server: Server, tmp_path: Path
) -> None:
    program, settings = PYTHON.with_name("schemathesis"), HERE / "schemathesis.toml"
    command = [program, "--config-file", settings, "run", f"{server.url}/openapi.json"]
    done = subprocess.run(
        # Each example query is described like /query/{question}, with parameters of its own.
        [
            *command,
            "--exclude-path-regex",
            "^/query/[a-z]",
            "--max-examples",
            "5",
            "--seed",
            "1",
            "--phases",
            "coverage,fuzzing",
        ],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,  # it keeps a folder of its own
    )
    assert done.returncode == 0, done.stdout[-8000:]


@pytest.mark.skipif(not shutil.which("java"), reason="the Nu HTML checker is a program in Java")
def test_pages_are_valid_html(server: Server, tmp_path: Path) -> None:
    pages = {}
    for number, (path, language) in enumerate(product(PAGES, ("en", "fr"))):
        headers = {"Accept": "text/html", "Accept-Language": language}
        page = requests.get(server.url + path, headers=headers, timeout=30)
        assert page.headers["Content-Type"].startswith("text/html"), path
        (tmp_path / f"{number}.html").write_bytes(page.content)
        pages[f"{number}.html"] = f"{path} in {language}"
    command = ["java", *JVM, "-jar", str(JAR), "--format", "json", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    faults = []
    for message in json.loads(done.stderr)["messages"]:
        if message["type"] == "error" or message.get("subType") == "warning":
            page_name = pages[Path(message["url"]).name]
            faults.append(f"{page_name}: {message['message']}: {message.get('extract')}")
    assert faults == []
