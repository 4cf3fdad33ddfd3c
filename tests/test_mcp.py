"""``unicef-linked mcp``: the tools as the official SDK's own client sees them."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import anyio
import pyoxigraph as ox
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from unicef_linked import mcp as mcp_server
from unicef_linked.build import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mcp.server import MCPServer
    from mcp.types import CallToolResult

    from unicef_linked.config import Settings
    from unicef_linked.release import Release

BASE: Final = "https://w3id.org/unicef-linked/"


@pytest.fixture(scope="module")
def tools(release: Release, settings: Settings) -> Iterator[MCPServer]:
    """The server, in this process."""
    with mcp_server.running(release, settings) as server:
        yield server


def call(tools: MCPServer, name: str, **given: Any) -> CallToolResult:
    """Call a tool as a client does."""

    async def ask() -> CallToolResult:
        async with Client(tools) as client:
            return await client.call_tool(name, given)

    return anyio.run(ask)


def text(result: CallToolResult) -> str:
    """Return what a tool says."""
    return "".join(part.text for part in result.content)  # type: ignore[union-attr]


def test_every_tool_only_reads_and_says_what_it_takes(tools: MCPServer) -> None:
    async def ask() -> Any:
        async with Client(tools) as client:
            return await client.list_tools()

    found = {tool.name: tool for tool in anyio.run(ask).tools}
    assert sorted(found) == ["describe", "resolve", "search", "sparql"]
    for tool in found.values():
        assert tool.annotations.read_only_hint
        assert all(
            f"{name}:" in tool.description
            for name in tool.input_schema["required"]
            if name != "query"
        )


@pytest.mark.parametrize(
    ("query", "kind", "first"),
    [
        ("Tombouctou region", "", "region/tombouctou"),
        ("gao", "Place", "place/gao"),
        ("Ménaka", "Region", "region/menaka"),
    ],
)
def test_search_finds_entities_by_name(tools: MCPServer, query: str, kind: str, first: str) -> None:
    found = call(tools, "search", query=query, type=kind).structured_content["result"]
    assert found[0]["id"] == first
    assert found[0]["iri"] == f"{BASE}id/{first}"


@pytest.mark.parametrize(
    ("identifier", "scheme", "ids"),
    [
        ("https://www.wikidata.org/wiki/Q332392", "", {"region/gao"}),
        ("ML07", "pcode", {"region/gao"}),
        ("ML07", "", {"region/gao", "region/koulikoro"}),
        ("nothing", "", set()),
    ],
)
def test_resolve_reads_anybodys_identifier(
    tools: MCPServer, identifier: str, scheme: str, ids: set[str]
) -> None:
    found = call(tools, "resolve", identifier=identifier, scheme=scheme).structured_content[
        "result"
    ]
    assert {reading["id"] for reading in found} == ids


@pytest.mark.parametrize(
    "identifier",
    [
        "region/gao",
        f"{BASE}id/region/gao",
        "region:gao",
        "ul:ZoneOffice",
        f"{BASE}ontology#ZoneOffice",
    ],
)
def test_describe_says_what_is_known_as_turtle(tools: MCPServer, identifier: str) -> None:
    triples = {
        q.triple
        for q in ox.parse(
            text(call(tools, "describe", identifier=identifier)), format=ox.RdfFormat.TURTLE
        )
    }
    local = "ontology#ZoneOffice" if "Zone" in identifier else "id/region/gao"
    assert sum(triple.subject == ox.NamedNode(BASE + local) for triple in triples) > 3


def test_sparql_answers_in_the_terms_of_turtle(tools: MCPServer) -> None:
    query = f"SELECT ?o ?n {{ ?o a <{BASE}ontology#ZoneOffice> ; <{BASE}ontology#staffCount> ?n }} ORDER BY ?o LIMIT 1"
    assert (
        text(call(tools, "sparql", query=query))
        .splitlines()[1]
        .startswith(f"<{BASE}id/office/gao>\t")
    )
    graph = text(call(tools, "sparql", query="CONSTRUCT { <urn:a> <urn:b> true } {}"))
    assert [line for line in graph.splitlines() if "xsd:" not in line] == [
        "<urn:a> <urn:b> true ."
    ], "no idle prefixes"


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        pytest.param(
            "sparql", {"query": "SELECT * { ?s foo:bar ?o }"}, "foo", id="a malformed query"
        ),
        pytest.param("sparql", {"query": "DROP ALL"}, "read", id="an update"),
        pytest.param(
            "sparql", {"query": "SELECT * { ?a ?b ?c . ?d ?e ?f }"}, "LIMIT", id="a long answer"
        ),
        pytest.param(
            "describe", {"identifier": "region/nowhere"}, "nothing is published", id="nobody"
        ),
        pytest.param("describe", {"identifier": "<a b>"}, "nothing is published", id="no IRI"),
        pytest.param("resolve", {"identifier": "1", "scheme": "x"}, "pcode", id="no scheme"),
    ],
)
def test_what_goes_wrong_is_told_to_the_model(
    tools: MCPServer, name: str, given: dict[str, str], words: str
) -> None:
    result = call(tools, name, **given)
    assert result.is_error
    assert words in text(result)


def test_the_tools_are_those_of_any_dataset(tmp_path: Path, settings: Settings) -> None:
    heron = "https://birds.example/id/heron"
    data = tmp_path / "birds.ttl"
    data.write_text(
        f"""@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        <{heron}> a skos:Concept ; skos:prefLabel "Heron"@en, "Héron"@fr ;
          skos:altLabel "haikara" ; skos:notation "B12" .""",
        encoding="utf-8",
    )
    birds = snapshot([data], tmp_path / "release")
    with mcp_server.running(birds, settings) as tools:
        for name, given in (
            ("search", {"query": "haikara"}),
            ("resolve", {"identifier": "B12"}),
            ("describe", {"identifier": heron}),
            ("sparql", {"query": "SELECT ?s { ?s ?p 'B12' }"}),
        ):
            said = text(call(tools, name, **given))
            assert "heron" in said, name


def test_the_command_speaks_over_standard_input_and_output(release: Release) -> None:
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "unicef_linked", "mcp", "--release", str(release.path)]
    )

    async def ask() -> CallToolResult:
        async with Client(stdio_client(command)) as client:
            return await client.call_tool("sparql", {"query": "ASK { ?s ?p ?o }"})

    assert text(anyio.run(partial(ask))).strip() == "true"


def test_without_the_extra_the_command_says_how_to_install_it(release: Release) -> None:
    code = "import sys; sys.modules['mcp.server'] = None; from unicef_linked.cli import main; sys.exit(main(['mcp']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert (
        done.stderr
        == "unicef-linked: this command needs the extra mcp; install it: pip install 'unicef-linked[mcp]'\n"
    )


def test_the_tools_run_without_flask() -> None:
    code = "import sys; sys.modules['flask'] = None; import unicef_linked.mcp"
    subprocess.run([sys.executable, "-c", code], check=True)
