"""``unicef-linked links check`` against a host that misbehaves in every way;
nothing outside this machine is asked.
"""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import pyoxigraph as ox
import pytest

from unicef_linked.build import snapshot
from unicef_linked.cli import main
from unicef_linked.errors import UnusableInput
from unicef_linked.http_client import Politeness
from unicef_linked.links import Finding, Link, outgoing, read_state
from unicef_linked.links.checking import check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUICK: Final = Politeness(delay=0.0, timeout=10.0)
LATE: Final = 3.0
"""Seconds until the slow answer comes, unless the test ends before."""
TURTLE: Final = {"Content-Type": "text/turtle"}
JSON: Final = {"Content-Type": "application/json; charset=utf-8"}


class Host(ThreadingHTTPServer):
    """A host that answers by the path, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[float, str, str]] = []  # when, method, path
        self.busy, self.busiest = 0, 0
        self.counting, self.over = threading.Lock(), threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def times(self, path: str) -> int:
        """Return how often a path was asked."""
        return sum(asked == path for _, _, asked in self.asked)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that leave are what we test."""


class Handler(BaseHTTPRequestHandler):
    server: Host

    def log_message(self, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        host, path = self.server, unquote(self.path)
        with host.counting:
            host.asked.append((time.monotonic(), self.command, path))
            host.busy += 1
            host.busiest = max(host.busiest, host.busy)
            number = host.times(path)
        try:
            self.answer(path.strip("/"), number)
        finally:
            with host.counting:
                host.busy -= 1

    def send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def answer(self, path: str, number: int) -> None:
        name, *rest = path.split("/")
        if name in BODIES:
            body, headers = BODIES[name]
            self.send(200, body, **headers)
        elif (location := location_of(name, rest)) is not None:
            self.send(int(rest[0]) if name == "redirect" else 302, **location)
        elif name in OF_ITSELF:
            iri = f"<{self.server.url}/{path}>"
            self.send(200, OF_ITSELF[name].replace("<>", iri).encode(), **TURTLE)
        elif name in {"status", "head"}:
            self.send(int(rest[0]) if name == "status" or self.command == "HEAD" else 200)
        elif name == "hiccup":
            self.send(500 if number == 1 else 200)
        elif name in {"busy", "busy-for-ever"}:
            is_busy = number == 1 or name == "busy-for-ever"
            self.send(429, Retry_After=rest[0]) if is_busy else self.send(200)
        else:
            self.answer_badly(name)

    def answer_badly(self, name: str) -> None:
        if name == "slow":
            self.server.over.wait(LATE)
        elif name == "head-closes" and self.command == "GET":
            self.send(200)
        elif name in {"closes", "head-closes"}:
            self.connection.shutdown(socket.SHUT_RDWR)
        elif name == "half":
            self.send_response(200)
            self.send_header("Content-Type", "text/turtle")
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"<urn:a> ") if self.command == "GET" else None
            self.close_connection = True
        else:
            self.send(200, b"<!DOCTYPE html><p>Hello", Content_Type="text/html")


BODIES: Final = {
    "huge": (b"# nothing\n" * 600_000, TURTLE),
    "wrong-type": (b"<!DOCTYPE html><p>Hello", TURTLE),
    "silent": (b"<urn:other> <urn:p> 1 .", TURTLE),
    "entity": (b'{"entities": {"Q42": {"id": "Q42"}}}', JSON),
    "id": (b'{"geonameId": 2457161}', JSON),
    "no-json": (b"{", JSON),
    "any-json": (b'[{"name": "Gao"}]', JSON),
}
"""Content and headers of answers that are always the same."""


OF_ITSELF: Final = {
    "speaks": "<> <urn:p> 1 .",
    "merged": "<> <http://www.w3.org/2002/07/owl#sameAs> <urn:b> . <urn:b> <urn:p> 1 .",
}
"""Turtle that describes what was asked for, by the beginning of the path."""


def location_of(name: str, rest: list[str]) -> dict[str, str] | None:
    """Return the header of a redirection; None of what is none."""
    match name:
        case "redirect":
            return {"Location": "/" + "/".join(rest[1:])}
        case "mail":
            return {"Location": "mailto:a@example.org"}
        case "no-location":
            return {}
        case "circle":
            return {"Location": f"/circle/{'right' if rest == ['left'] else 'left'}"}
        case "endless":
            return {"Location": f"/endless/{int(rest[0]) + 1}"}
    return None


@pytest.fixture
def host() -> Iterator[Host]:
    """The host, for one test."""
    server = Host()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def link(url: str, *, identifier: bool = False) -> Link:
    """Return a link to an address, as an identifier where its data is to be compared."""
    return Link(url, (url,), (url,) if identifier else ())


@pytest.mark.parametrize(
    ("path", "state", "status", "target", "words"),
    [
        pytest.param("page", "ok", 200, None, "", id="a page"),
        pytest.param("status/204", "ok", 204, None, "", id="no content is an answer"),
        pytest.param("status/404", "dead", 404, None, "Not Found", id="not found"),
        pytest.param("status/410", "dead", 410, None, "Gone", id="gone"),
        pytest.param("status/500", "dead", 500, None, "", id="an error that stays"),
        pytest.param(
            "status/401", "unsure", 401, None, "does not let us", id="a door is not a grave"
        ),
        pytest.param("status/403", "unsure", 403, None, "does not let us", id="nor is a guard"),
        pytest.param("redirect/301/page", "moved", 200, "/page", "for good", id="moved"),
        pytest.param("redirect/301/redirect/308/page", "moved", 200, "/page", "", id="moved twice"),
        pytest.param(
            "redirect/302/redirect/301/page", "moved", 200, "/page", "", id="moved after all"
        ),
        pytest.param("redirect/303/page", "ok", 200, "/page", "", id="a thing and its document"),
        pytest.param("redirect/307/page", "ok", 200, "/page", "", id="elsewhere for now"),
        pytest.param(
            "redirect/301/status/404", "dead", 404, "/status/404", "", id="moved to nowhere"
        ),
        pytest.param("circle/left", "dead", 302, "/circle/left", "circle", id="a circle"),
        pytest.param(
            "endless/0", "dead", 302, "/endless/10", "more than 10", id="redirects without end"
        ),
        pytest.param("mail", "dead", 302, "mailto:a@example.org", "no http", id="leaves the web"),
        pytest.param("no-location", "dead", 302, None, "", id="a redirect to nothing"),
        pytest.param("hiccup", "ok", 200, None, "", id="an error that passes"),
        pytest.param("busy/0", "ok", 200, None, "", id="busy for a moment"),
        pytest.param(
            "busy/Fri, 31 Dec 1999 23:59:59 GMT", "ok", 200, None, "", id="busy until a date"
        ),
        pytest.param("busy-for-ever/0", "unsure", 429, None, "", id="busy again and again"),
        pytest.param(
            "busy-for-ever/86400",
            "unsure",
            429,
            None,
            "",
            id="busy until tomorrow is not waited for",
        ),
        pytest.param("head/405", "ok", 200, None, "", id="HEAD not allowed"),
        pytest.param("head/501", "ok", 200, None, "", id="HEAD not known"),
        pytest.param("head/403", "ok", 200, None, "", id="HEAD forbidden"),
        pytest.param("head/404", "ok", 200, None, "", id="HEAD not routed"),
        pytest.param("head-closes", "ok", 200, None, "", id="closes the connection on HEAD"),
        pytest.param(
            "closes", "dead", None, None, "closed the connection", id="closes the connection"
        ),
        pytest.param("slow", "dead", None, None, "timed out", id="never answers in time"),
    ],
)
def test_a_link_is_found_to_be(
    host: Host, path: str, state: str, status: int | None, target: str | None, words: str
) -> None:
    url = f"{host.url}/{path.replace(' ', '%20')}"
    [found] = check([link(url)], replace(QUICK, timeout=0.3) if path == "slow" else QUICK)
    expected = target and (target if ":" in target else host.url + target)
    assert (found.url, found.state, found.status, found.target) == (url, state, status, expected)
    assert words in found.detail


@pytest.mark.parametrize(
    ("path", "state", "words"),
    [
        pytest.param("speaks/gao", "ok", "", id="RDF that speaks of it"),
        pytest.param("redirect/303/page", "ok", "", id="a page has nothing to compare"),
        pytest.param("silent", "differs", "says nothing of", id="RDF that does not"),
        pytest.param("merged", "differs", "another now", id="RDF that says it was merged"),
        pytest.param("entity/Q42", "ok", "", id="JSON of Wikidata"),
        pytest.param(
            "entity/Q41", "differs", "it says Q42, not Q41", id="JSON of Wikidata about another"
        ),
        pytest.param("id/2457161/", "ok", "", id="JSON with an id"),
        pytest.param("any-json", "ok", "", id="JSON that says of nothing what it is"),
        pytest.param("no-json", "differs", "no JSON", id="no JSON"),
        pytest.param(
            "wrong-type",
            "differs",
            "cannot be read as text/turtle",
            id="a page that says it is Turtle",
        ),
        pytest.param("huge", "ok", "", id="too large to compare"),
        pytest.param("half", "dead", "", id="breaks off"),
    ],
)
def test_an_identifier_is_compared_with_what_its_target_says(
    host: Host, path: str, state: str, words: str
) -> None:
    [found] = check([link(f"{host.url}/{path}", identifier=True)], QUICK)
    assert found.state == state, found
    assert words in found.detail


def test_what_is_no_identifier_is_not_compared(host: Host) -> None:
    [found] = check([link(f"{host.url}/silent")], QUICK)
    assert found.state == "ok"
    assert [method for _, method, _ in host.asked] == ["HEAD"]


def test_a_host_without_tls_or_without_a_server_is_dead(host: Host) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        tls, refused = check(
            [link(f"https://127.0.0.1:{host.server_port}/page"), link(nobody)], QUICK
        )
    assert (tls.state, tls.detail) == ("dead", "no TLS answer")
    assert (refused.state, refused.detail) == ("dead", "connection refused")


def test_a_host_is_asked_one_request_at_a_time_with_a_pause_between(host: Host) -> None:
    links = [link(f"{host.url}/{path}") for path in ("a", "b", "redirect/303/c", "head/405")]
    check(links, replace(QUICK, delay=0.1))
    moments = [moment for moment, _, _ in host.asked]
    assert len(moments) == 6
    assert all(later - earlier >= 0.09 for earlier, later in itertools.pairwise(moments))
    assert host.busiest == 1


def test_a_host_is_left_alone_for_as_long_as_it_asks(host: Host) -> None:
    check([link(f"{host.url}/busy/1")], QUICK)
    first, second = (moment for moment, _, _ in host.asked)
    assert second - first >= 0.9


def test_a_check_goes_on_where_it_was(host: Host, tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    links = [
        link(f"{host.url}/{path}") for path in ("a", "redirect/301/a", "status/404", "status/403")
    ]
    first = check(links, QUICK, state)
    assert set(read_state(state)) == {found.url for found in first}
    with state.open("a") as file:
        file.write('{"url": "http://127.0.0.1/torn')
    host.asked.clear()
    new: list[Finding] = []
    again = check([*links, link(f"{host.url}/b")], QUICK, state, new.append)
    assert again[:2] == first[:2]
    assert {found.url.removeprefix(host.url) for found in new} == {
        "/status/404",
        "/status/403",
        "/b",
    }
    assert host.times("/a") == 0
    assert len(read_state(state)) == 5


def test_a_check_that_is_interrupted_keeps_what_it_found(host: Host, tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"

    def stop(_: Finding) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check([link(f"{host.url}/{n}") for n in range(5)], QUICK, state, stop)
    assert list(read_state(state)) == [f"{host.url}/0"]


def test_another_file_is_not_taken_for_a_state(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes\n")
    with pytest.raises(UnusableInput, match=r"notes\.txt:1 .* --state"):
        check([], QUICK, path)
    assert path.read_text() == "my notes\n"


def test_outgoing_links_are_the_addresses_that_statements_lead_to() -> None:
    text = """
    PREFIX owl: <http://www.w3.org/2002/07/owl#>
    <https://example.org/a> a <http://other.org/Class> ; <urn:p> <https://example.org/b>, <http://other.org/x#1>, <urn:x> ;
      owl:sameAs <http://other.org/x#2>, <http://data.other.org:8080/y> ."""
    quads = list(ox.parse(text, format=ox.RdfFormat.TURTLE))
    x = Link(
        "http://other.org/x",
        ("http://other.org/x#1", "http://other.org/x#2"),
        ("http://other.org/x#2",),
    )
    y = Link(
        "http://data.other.org:8080/y",
        ("http://data.other.org:8080/y",),
        ("http://data.other.org:8080/y",),
    )
    base = "https://example.org/"
    assert outgoing(quads, base) == [y, x]
    assert (
        outgoing(quads, base, "data.other.org")
        == outgoing(quads, base, "data.other.org:8080")
        == [y]
    )
    assert outgoing(quads, base, "OTHER.org") == [x]
    assert outgoing(quads, base, "rother.org") == []


# The command


@pytest.mark.parametrize(
    ("path", "status"),
    [("page", 0), ("status/403", 0), ("status/404", 1), ("redirect/301/page", 1)],
)
def test_the_command_tells_by_its_status_whether_all_is_well(
    host: Host, tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str, status: int
) -> None:
    (tmp_path / "a.ttl").write_text(f"<urn:a> <urn:p> <{host.url}/{path}>, <{host.url}/b> .")
    release = snapshot([tmp_path / "a.ttl"], tmp_path / "release")
    command = [
        "links",
        "check",
        "--release",
        str(release.path),
        "--delay",
        "0",
        "--state",
        str(tmp_path / "state"),
    ]
    assert main([*command, "--host", "127.0.0.1"]) == status
    out, err = capsys.readouterr()
    assert out.rstrip().splitlines()[-2].split()[1:5] == ["all", "|", "2", "|"]
    assert (f"{host.url}/{path} (" in out) == (path != "page")
    assert "2 of at most 2" in err
    assert main([*command, "--format", "json"]) == status
    report = json.loads(capsys.readouterr().out)
    assert report["total"]["ok"] == (2 if path == "page" else 1)
    assert {found["url"] for found in report["links"]} == {f"{host.url}/{path}", f"{host.url}/b"}


def test_the_command_refuses_what_it_cannot_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.ttl").write_text("<urn:a> <urn:p> <http://127.0.0.1:1/> .")
    release = str(snapshot([tmp_path / "a.ttl"], tmp_path / "release").path)
    for more, words in [
        (["--host", "example.org"], "no link of the release leads to example.org"),
        (["--state", str(tmp_path)], "cannot be"),
        (["--release", str(tmp_path)], "is not a release"),
    ]:
        assert main(["links", "check", "--release", release, *more]) == 2
        assert words in capsys.readouterr().err


def test_no_network_at_all_is_not_taken_for_dead_links(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as one, socket.socket() as two:
        ports = []
        for unused in (one, two):
            unused.bind(("127.0.0.1", 0))
            ports.append(unused.getsockname()[1])
        (tmp_path / "a.ttl").write_text(
            "".join(f"<urn:a> <urn:p> <http://127.0.0.1:{port}/> ." for port in ports)
        )
        release = str(snapshot([tmp_path / "a.ttl"], tmp_path / "release").path)
        assert main(["links", "check", "--release", release, "--delay", "0"]) == 2
    assert "reaches the network" in capsys.readouterr().err
