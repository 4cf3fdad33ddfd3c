"""The service below a path of its host: every address of ours is below it, and leads somewhere."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import pytest

from unicef_linked.web import create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store.embedded import Embedded

PUBLIC: Final = "https://data.example.org/un/mali"
ROOT: Final = "/un/mali"
PAGES: Final = (
    "/",
    "/doc/office/gao",
    "/doc/office",
    "/doc/question?page=2",
    "/ontology",
    "/shapes",
    "/dataset",
    "/pictures",
    "/quality",
    "/dump/",
    "/export/",
    "/sparql",
    "/search?q=gao",
    "/resolve?scheme=pcode&code=ML07",
    "/fragments",
    "/docs",
    "/problem/query-timeout",
)
HTML: Final = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def client(release: Release, store: Embedded, settings: Settings) -> FlaskClient:
    """A client of an application that the public finds below a path."""
    return create_app(replace(settings, public_url=PUBLIC), release, store).test_client()


def addresses_in(page: str, headers: dict[str, str]) -> set[str]:
    """Return the addresses of this server in an answer."""
    found = set(re.findall(r'\s(?:xlink:href|href|src|action)="(/[^"]*)"', page))
    found |= set(re.findall(r"<(/[^>]*)>", headers.get("Link", "")))
    found |= {headers[name] for name in ("Location", "Content-Location") if name in headers}
    own = {url.partition("#")[0] for url in re.findall(rf'"({PUBLIC}[^"]*)"', page)}
    return found | {urlsplit(url).path for url in own}


@pytest.mark.parametrize("path", PAGES)
def test_each_address_in_a_page_is_below_the_path_and_leads_somewhere(
    client: FlaskClient, path: str
) -> None:
    answer = client.get(f"{ROOT}{path}", headers=HTML)
    found = addresses_in(answer.text, dict(answer.headers))
    assert len(found) > 5
    assert [address for address in found if not address.startswith(f"{ROOT}/")] in ([], [ROOT])
    for address in sorted(found)[:: max(1, len(found) // 20)]:
        target = address.replace("&amp;", "&").partition("#")[0]
        if "/static/built/" not in target:  # made when the project is installed
            # The form of /resolve is incomplete without its fields.
            with client.get(target) as linked:
                assert linked.status_code in {200, 303, 308, 400}, target


@pytest.mark.parametrize("given", [f"{ROOT}/doc/office/gao", "/doc/office/gao"])
def test_a_proxy_may_leave_the_path_or_take_it_off(client: FlaskClient, given: str) -> None:
    answer = client.get(given, headers={"Accept": "text/turtle"})
    assert answer.status_code == 200
    assert answer.headers["Content-Location"] == f"{ROOT}/doc/office/gao.ttl"
    assert f"<{ROOT}/id/office/gao>" in answer.headers["Link"]
    assert len(answer.data) == int(answer.headers["Content-Length"])


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/id/office/gao", f"{ROOT}/doc/office/gao"),
        ("/dump", f"{ROOT}/dump/"),
        ("/.well-known/void", f"{ROOT}/dataset"),
    ],
)
def test_a_redirection_stays_below_the_path(client: FlaskClient, path: str, location: str) -> None:
    assert client.get(f"{ROOT}{path}").headers["Location"].partition("?")[0] == location


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/dataset.ttl", f"<{PUBLIC}/dump/dataset.nq>"),
        ("/reconcile", f'"{PUBLIC}/reconcile"'),
        ("/openapi.json", f'"url": "{PUBLIC}"'),
        ("/sitemap.xml", f"<loc>{PUBLIC}/doc/office/gao</loc>"),
        ("/robots.txt", f"Disallow: {ROOT}/search"),
        ("/nowhere", f'"instance": "{ROOT}/nowhere"'),
        ("/sparql?query=ASK", f'"instance": "{ROOT}/sparql"'),
    ],
)
def test_addresses_in_data_are_below_the_path(client: FlaskClient, path: str, text: str) -> None:
    assert text in client.get(f"{ROOT}{path}", headers={"Accept": "*/*"}).text


def test_relative_iris_of_a_query_are_resolved_against_the_public_endpoint(
    client: FlaskClient,
) -> None:
    answer = client.get(f"{ROOT}/sparql?query=SELECT(<x>AS?x){{}}&format=csv")
    assert answer.text.split()[1] == f"{PUBLIC}/x"


def test_a_path_that_only_begins_alike_is_another(client: FlaskClient) -> None:
    assert client.get(f"{ROOT}x/doc/office/gao").status_code == 404
