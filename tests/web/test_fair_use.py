"""Limits per client, who the client is, and the ID and the log of a request."""

from __future__ import annotations

import json
import logging
import shutil
import socket
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest
from limits.errors import StorageError
from limits.storage import MemoryStorage

from unicef_linked.web import create_app
from unicef_linked.web.middleware import fair_use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask.testing import FlaskClient
    from tests.conftest import Server

    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store.embedded import Embedded

PUBLIC = "9.9.9.9"
REDIS: Final = shutil.which("redis-server")


@pytest.fixture
def site(release: Release, store: Embedded, settings: Settings) -> Callable[..., FlaskClient]:
    """Return a client of an application with these settings; its address is a public one."""

    def site(**changes: Any) -> FlaskClient:
        client = create_app(replace(settings, **changes), release, store).test_client()
        client.environ_base["REMOTE_ADDR"] = PUBLIC
        return client

    return site


def test_a_client_over_its_limit_is_told_when_to_come_back(
    site: Callable[..., FlaskClient],
) -> None:
    client = site(rate_limit="3/hour")
    answers = [client.get("/doc/office/gao") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["RateLimit"].partition(";t=")[0] for answer in answers] == [
        '"all";r=2',
        '"all";r=1',
        '"all";r=0',
        '"all";r=0',
    ]
    refused = answers[-1]
    assert refused.headers["RateLimit-Policy"] == '"all";q=3;w=3600'
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert "RateLimit" in refused.headers["Access-Control-Expose-Headers"]
    assert refused.get_json(force=True)["type"].endswith("/too-many-requests")
    assert client.get("/healthz").status_code == 200


def test_what_is_computed_has_a_limit_of_its_own(site: Callable[..., FlaskClient]) -> None:
    client = site(rate_limit="100/hour", rate_limit_queries="2/hour")
    paths = ("/sparql?query=ASK{}", "/sparql//?query=ASK{}", "/search?q=gao", "/fragments.ttl")
    assert [client.get(path).status_code for path in paths] == [200, 200, 429, 429]
    assert client.get("/doc/office/gao").headers["RateLimit"].startswith('"all";r=')


UNNAMED: Final = '{"q": {"type": "Region", "properties": [{"pid": "partOf", "v": "mali"}]}}'


def batch(*names: str) -> dict[str, str]:
    """Return the form of a batch of queries."""
    queries = {f"q{number}": {"query": name} for number, name in enumerate(names)}
    return {"queries": json.dumps(queries)}


@pytest.mark.parametrize(
    ("path", "sent", "counted"),
    [
        pytest.param("/reconcile", {"data": batch("gao")}, 1, id="one query"),
        pytest.param("/reconcile", {"data": batch(*map(str, range(45)))}, 5, id="45 queries"),
        pytest.param("/reconcile", {"data": batch(*["gao"] * 45)}, 1, id="45 equal queries"),
        pytest.param("/reconcile", {"data": {"queries": UNNAMED}}, 3, id="properties alone"),
        pytest.param("/resolve", {"json": ["urn:x"] * 250}, 3, id="250 identifiers"),
        pytest.param(
            "/reconcile",
            {"data": {"extend": json.dumps({"ids": ["x"] * 2500, "properties": [{"id": "y"}]})}},
            3,
            id="2,500 cells",
        ),
    ],
)
def test_a_batch_counts_as_the_requests_that_it_saves(
    site: Callable[..., FlaskClient], path: str, sent: Any, counted: int
) -> None:
    client = site(rate_limit_queries="10/hour")
    first = client.post(path, **sent)
    assert first.status_code == 200
    assert first.headers["RateLimit"].startswith(f'"queries";r={10 - counted};')
    answers = [client.post("/reconcile", data=batch(f"{n}")) for n in range(11 - counted)]
    assert [answer.status_code for answer in answers] == [200] * (10 - counted) + [429]


def test_a_batch_over_its_limit_is_refused_with_what_is_left(
    site: Callable[..., FlaskClient],
) -> None:
    client = site(rate_limit_queries="10/hour")
    largest = batch(*map(str, range(500)))  # counts for more than there are: for all
    answers = [client.post("/reconcile", data=data) for data in (largest, batch("gao"))]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert [answer.headers["RateLimit"][:13] for answer in answers] == ['"queries";r=0'] * 2
    assert client.get("/doc/office/gao").status_code == 200


@pytest.mark.parametrize(
    ("first", "second", "are_one"),
    [
        pytest.param(PUBLIC, "9.9.9.10", False, id="two addresses"),
        pytest.param("2620:fe::1", "2620:fe::2", True, id="one site"),
        pytest.param("2620:fe::1", "2620:fe:0:1::1", False, id="two sites"),
        pytest.param(f"::ffff:{PUBLIC}", PUBLIC, True, id="one address in two forms"),
        pytest.param("127.0.0.1", "127.0.0.1", False, id="this machine"),
        pytest.param("10.0.0.1", "10.0.0.1", False, id="a private network"),
    ],
)
def test_clients_are_told_apart(
    site: Callable[..., FlaskClient], first: str, second: str, are_one: bool
) -> None:
    client = site(rate_limit="1/hour")
    assert client.get("/", environ_base={"REMOTE_ADDR": first}).status_code == 200
    status = client.get("/", environ_base={"REMOTE_ADDR": second}).status_code
    assert status == (429 if are_one else 200)


@pytest.mark.parametrize(
    ("trusted", "forwarded", "limited"),
    [
        pytest.param((), "198.51.100.9", PUBLIC, id="nobody is trusted"),
        pytest.param((f"{PUBLIC}/32",), "198.51.100.9", "198.51.100.9", id="a trusted proxy"),
        pytest.param(
            (f"{PUBLIC}/32",), "192.0.2.1, 198.51.100.9", "198.51.100.9", id="a client that lies"
        ),
        pytest.param(
            (f"{PUBLIC}/32", "198.51.100.0/24"),
            "192.0.2.1, 198.51.100.9",
            "192.0.2.1",
            id="two proxies",
        ),
        pytest.param((f"{PUBLIC}/32",), "x, unknown", PUBLIC, id="no address"),
        pytest.param((f"{PUBLIC}/32",), "", PUBLIC, id="no header"),
    ],
)
def test_a_client_behind_a_proxy_is_who_a_trusted_proxy_says(
    site: Callable[..., FlaskClient],
    caplog: pytest.LogCaptureFixture,
    trusted: tuple[str, ...],
    forwarded: str,
    limited: str,
) -> None:
    client = site(trusted_proxies=trusted, access_log=1.0)
    with caplog.at_level(logging.INFO, "unicef_linked.access"):
        client.get("/healthz", headers={"X-Forwarded-For": forwarded})
    assert f'{limited} "GET /healthz" 200' in caplog.text


def test_requests_are_answered_though_they_cannot_be_counted(
    site: Callable[..., FlaskClient], caplog: pytest.LogCaptureFixture
) -> None:
    client = site(rate_limit="1/hour", rate_limit_storage="redis://127.0.0.1:1/0")
    assert [client.get("/healthz").status_code, client.get("/").status_code] == [200, 200]
    assert client.get("/").status_code == 200
    assert caplog.text.count("requests of clients are not counted") == 1


# Counted in Redis


@pytest.fixture(scope="module")
def redis(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis server of the tests: its address and its process."""
    if not REDIS:
        pytest.skip("redis-server is not installed; make test installs it")
    folder = tmp_path_factory.mktemp("redis")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        REDIS,
        "--bind",
        "127.0.0.1",
        "--port",
        str(port),
        "--dir",
        str(folder),
        "--save",
        "",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        while b"Ready to accept connections" not in (line := process.stdout.readline()):
            assert line, "redis-server does not start"
        yield f"redis://127.0.0.1:{port}/0", process
        process.kill()


@pytest.mark.parametrize("count", [1, 3], ids=["one limit", "several limits"])
def test_applications_count_together(
    site: Callable[..., FlaskClient], redis: tuple[str, object], count: int
) -> None:
    limits = ";".join(["2/hour", "500/hour", "900/day"][:count])
    clients = [site(rate_limit=limits, rate_limit_storage=redis[0]) for _ in range(2)]
    address = {"REMOTE_ADDR": f"9.9.8.{count}"}
    answers = [client.get("/", environ_base=address).status_code for client in clients * 2]
    assert answers == [200, 200, 429, 429]


def test_servers_count_together_and_go_on_without_redis(
    serve: Callable[..., Server],
    release: Release,
    redis: tuple[str, subprocess.Popen[bytes]],
    tmp_path: Path,
) -> None:
    url, process = redis
    environment = {
        "UNICEF_LINKED_RATE_LIMIT": "5/hour",
        "UNICEF_LINKED_RATE_LIMIT_STORAGE": url,
        "UNICEF_LINKED_TRUSTED_PROXIES": "127.0.0.1",
    }
    arguments = ("--release", str(release.path), "--workers", "1")
    logs = [tmp_path / "first", tmp_path / "second"]
    servers = [serve(*arguments, environment=environment, log=log) for log in logs]

    def statuses(path: str) -> list[int]:
        headers = {"X-Forwarded-For": PUBLIC}
        return [server.get(path, headers=headers).status_code for server in servers * 4]

    assert statuses("/doc/office/gao.ttl") == [200] * 5 + [429] * 3
    process.kill()
    process.wait()
    assert statuses("/doc/office/gao.ttl") == [200] * 8
    assert statuses("/readyz") == [200] * 8
    for log in logs:
        assert log.read_text().count("requests of clients are not counted") == 1


def test_a_storage_that_comes_back_counts_again(
    site: Callable[..., FlaskClient],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(fair_use, "_WITHOUT_STORAGE", 0)
    client, fails = site(rate_limit="2/hour"), True
    incr = MemoryStorage.incr

    def flaky(*arguments: Any, **options: Any) -> int:
        if fails:
            raise StorageError(OSError("connection refused"))
        return incr(*arguments, **options)

    monkeypatch.setattr(MemoryStorage, "incr", flaky)
    with caplog.at_level(logging.INFO, "unicef_linked.web.middleware.fair_use"):
        assert [client.get("/").status_code for _ in range(3)] == [200] * 3
        fails = False
        assert [client.get("/").status_code for _ in range(3)] == [200, 200, 429]
    lines = [record.getMessage() for record in caplog.records if "counted" in record.getMessage()]
    assert lines == [
        "requests of clients are not counted: connection refused",
        "requests of clients are counted again",
    ]


# The ID of a request


@pytest.mark.parametrize(
    ("trusted", "given", "is_taken"),
    [
        ((), "0af7651916cd43dd8448eb211c80319c", False),
        ((f"{PUBLIC}/32",), "0af7651916cd43dd8448eb211c80319c", True),
        ((f"{PUBLIC}/32",), "<script>alert(1)</script>", False),
    ],
    ids=["from a stranger", "from a trusted proxy", "not an ID"],
)
def test_a_request_has_an_id_in_its_answer_and_in_its_problem(
    site: Callable[..., FlaskClient], trusted: tuple[str, ...], given: str, is_taken: bool
) -> None:
    client = site(trusted_proxies=trusted)
    answer = client.get("/nowhere", headers={"X-Request-Id": given})
    request_id = answer.headers["X-Request-Id"]
    assert (request_id == given) == is_taken
    assert answer.get_json(force=True)["request_id"] == request_id
    page = client.get("/nowhere", headers={"Accept": "text/html"})
    assert page.headers["X-Request-Id"] in page.text


@pytest.mark.parametrize(
    ("share", "path", "lines"),
    [(0.0, "/doc/office/gao", 0), (1.0, "/doc/office/gao?page=1", 1), (1.0, "/nowhere", 1)],
)
def test_requests_are_logged_as_far_as_the_setting_says(
    site: Callable[..., FlaskClient],
    caplog: pytest.LogCaptureFixture,
    share: float,
    path: str,
    lines: int,
) -> None:
    with caplog.at_level(logging.INFO, "unicef_linked.access"):
        answer = site(access_log=share).get(path)
    records = [record for record in caplog.records if record.name == "unicef_linked.access"]
    assert len(records) == lines
    for record in records:
        fields = record.__dict__["fields"]
        assert fields["status"] == answer.status_code
        assert fields["client"] == PUBLIC
