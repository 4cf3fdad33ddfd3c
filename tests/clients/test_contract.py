"""What /openapi.json promises is what the server does, tried by schemathesis; and pages are HTML, by the Nu checker."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

import pytest
import requests
from tests.clients.conftest import HERE, PYTHON

if TYPE_CHECKING:
    from tests.conftest import Server

JAR: Final = HERE / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
PAGES: Final = (
    "/",
    "/doc/office/gao",
    "/doc/region/gao",
    "/doc/source/where-we-work-mali-fr",
    "/doc/region",
    "/graph/mali/offices",
    "/dataset",
    "/ontology",
    "/shapes",
    "/quality",
    "/sparql",
    "/search?q=gao",
    "/resolve?iri=ML07",
    "/fragments",
    "/pictures",
    "/dump/",
    "/export/",
    "/docs",
    "/nowhere",
)


def test_schemathesis_finds_no_answer_that_openapi_does_not_promise(server: Server) -> None:
    program = PYTHON.with_name("schemathesis")
    command = [program, "run", f"{server.url}/openapi.json", "--max-examples", "5", "--seed", "1"]
    done = subprocess.run(
        [*command, "--phases", "coverage,fuzzing", "--no-color"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-8000:]


@pytest.mark.skipif(not shutil.which("java"), reason="the Nu HTML checker is a program in Java")
@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_are_valid_html(
    server: Server, tmp_path_factory: pytest.TempPathFactory, language: str
) -> None:
    folder = tmp_path_factory.mktemp("pages")
    for path in PAGES:
        headers = {"Accept": "text/html", "Accept-Language": language}
        page = requests.get(server.url + path, headers=headers, timeout=30)
        name = path.strip("/").replace("/", "_").replace("?", "_") or "home"
        (folder / f"{name}.html").write_bytes(page.content)
    command = ["java", "-jar", str(JAR), "--format", "json", "--errors-only", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    messages = json.loads(done.stderr)["messages"]
    assert [f"{message['url']}: {message['message']}" for message in messages] == []
