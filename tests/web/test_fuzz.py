"""Thousands of broken queries: each gets an answer or is told what is wrong with it,
and the next one is answered.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

    from unicef_linked.store.embedded import Embedded

ROUNDS: Final = 4
MUTANTS: Final = 1000  # in each
PIECES: Final = (
    *(
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "<",
        ">",
        '"',
        "'",
        '"""',
        "\\",
        "\\u0041",
        "\\U00110000",
        "#",
        "\n",
        "\r",
        "\t",
        "\0",
    ),
    *(
        "?x",
        "$x",
        "?",
        "_:b",
        "a",
        ".",
        ";",
        ",",
        "|",
        "/",
        "^",
        "*",
        "+",
        "!",
        "@fr",
        "^^xsd:integer",
        "1e400",
        "-0.0",
        "é",
        "\U0001f600",
    ),
    *(
        "SELECT",
        "ASK",
        "DESCRIBE *",
        "CONSTRUCT",
        "WHERE",
        "FILTER",
        "OPTIONAL",
        "UNION",
        "MINUS",
        "BIND(",
        "VALUES ?x {",
        "GRAPH ?g",
    ),
    *(
        "SERVICE",
        "INSERT DATA",
        "FROM <urn:x>",
        "GROUP BY",
        "HAVING",
        "ORDER BY",
        "LIMIT -1",
        "OFFSET 99999999999999999999",
        "<<",
        ">>",
    ),
    *(
        "REGEX(?o, '(')",
        "SUM(?x)",
        "CONCAT(",
        "IRI('')",
        "EXISTS",
        "NOT IN ()",
        "(1/0 AS ?z)",
        "BASE <x>",
        "PREFIX : <>",
        "LANG(?x)",
    ),
)


def mutants(queries: list[str], generator: random.Random) -> Iterator[str]:
    """Yield one broken query after another, made of the examples that the data publishes."""
    while True:
        text = generator.choice(queries)
        for _ in range(generator.randint(1, 6)):
            here, there = sorted(generator.randrange(len(text) + 1) for _ in range(2))
            match generator.randrange(6):
                case 0:
                    text = text[:here] + generator.choice(PIECES) + text[here:]
                case 1:
                    text = text[:here] + text[min(there, here + 12) :]
                case 2:
                    text = text[:there] + text[here:there] + text[there:]
                case 3:
                    other = generator.choice(queries)
                    text = text[:here] + other[generator.randrange(len(other)) :]
                case 4:
                    text = (
                        text[:here]
                        + generator.choice(PIECES) * generator.choice([1, 2, 200])
                        + text[there:]
                    )
                case _:
                    text = (
                        text[:here]
                        + chr(
                            generator.choice(
                                [generator.randrange(32, 127), generator.randrange(0xD7FF)]
                            )
                        )
                        + text[here + 1 :]
                    )
        yield text


@pytest.fixture(scope="module")
def examples(store: Embedded) -> list[str]:
    """The texts of the published example queries."""
    rows = store.select("SELECT ?text { ?e <http://www.w3.org/ns/shacl#select> ?text } ORDER BY ?e")
    found = [row["text"].value for row in rows]  # type: ignore[union-attr]
    assert len(found) > 40
    return found


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_thousand_broken_queries(client: FlaskClient, examples: list[str], seed: int) -> None:
    generator = random.Random(seed)
    seen: dict[int, int] = {}
    for number, text in zip(range(MUTANTS), mutants(examples, generator), strict=False):
        accept = generator.choice(
            ["*/*", "application/sparql-results+json", "text/turtle", "text/csv;q=0.5, */*;q=0.1"]
        )
        response = client.post(
            "/sparql",
            data={"query": text, "timeout": "0.5"},
            headers={"Accept": accept},
            buffered=True,
        )
        seen[response.status_code] = seen.get(response.status_code, 0) + 1
        assert response.status_code in {200, 400, 403, 406, 503}, text
        if response.status_code >= 400:
            assert response.get_json()["detail"], text
        if number % 100 == 0:
            assert client.get(
                "/sparql?query=ASK{}", headers={"Accept": "application/json"}
            ).get_json()["boolean"]
    assert seen[200] > MUTANTS / 100
    assert seen[400] > MUTANTS / 10
