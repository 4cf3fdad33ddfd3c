"""The cache in front of an application: RFC 9110 on conditions (13), codings (8.4),
HEAD (9.3.2) and Vary (12.5.5).
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import brotli
import pytest
from werkzeug.test import Client

from unicef_linked.web.middleware.cache import ResponseCache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from werkzeug.test import TestResponse

TEXT = b"Bamako, Gao, Kayes, Mopti, Sikasso, Tombouctou. " * 100
BASE = {
    "Content-Type": "text/turtle; charset=utf-8",
    "ETag": '"abc"',
    "Cache-Control": "public, max-age=300",
    "Vary": "Accept, Accept-Encoding",
    "Content-Location": "/doc/x.ttl",
    "Access-Control-Allow-Origin": "*",
}


@dataclass
class Application:
    """A WSGI application that counts how often it is asked."""

    body: bytes = TEXT
    status: str = "200 OK"
    headers: dict[str, str] = field(default_factory=dict)
    streams: bool = False
    asked: int = 0
    closed: int = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.asked += 1
        assert environ["REQUEST_METHOD"] != "HEAD", "the cache turns HEAD into GET"
        headers = {name: value for name, value in {**BASE, **self.headers}.items() if value}
        if not self.streams:
            headers["Content-Length"] = str(len(self.body))
        start_response(self.status, list(headers.items()))
        return Chunks(self)


@dataclass
class Chunks:
    application: Application

    def __iter__(self) -> Iterator[bytes]:
        yield from (
            self.application.body[start : start + 1000]
            for start in range(0, len(self.application.body), 1000)
        )

    def close(self) -> None:
        self.application.closed += 1


def fronted(application: Application, budget: int = 1 << 20) -> Client:
    return Client(ResponseCache(application, budget))  # type: ignore[arg-type]


def ask(client: Client, method: str = "GET", path: str = "/", **headers: str) -> TestResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.open(path, method=method, headers=sent, buffered=True)


def test_a_second_request_is_answered_without_the_application() -> None:
    application = Application()
    client = fronted(application)
    first, second = ask(client), ask(client)
    assert (application.asked, application.closed) == (1, 1)
    assert first.data == second.data == TEXT
    assert list(first.headers) == list(second.headers)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"path": "/a"}, {"path": "/b"}, id="another path"),
        pytest.param({"path": "/?a=1"}, {"path": "/?a=2"}, id="another query string"),
        pytest.param({"Accept": "text/turtle"}, {"Accept": "text/html"}, id="another Accept"),
        pytest.param(
            {"Accept_Language": "fr"}, {"Accept_Language": "en"}, id="another Accept-Language"
        ),
        pytest.param({"Accept_Encoding": "gzip"}, {}, id="another coding"),
        pytest.param({"Accept_Encoding": "gzip"}, {"Accept_Encoding": "br"}, id="two codings"),
        pytest.param(
            {"Accept_Encoding": "gzip"}, {"Accept_Encoding": "gzip, *;q=0"}, id="plain refused"
        ),
        pytest.param(
            {"Host": "a.example"},
            {"Host": "b.example"},
            id="another host: addresses in data depend on it",
        ),
    ],
)
def test_what_may_change_the_answer_is_asked_apart(
    one: dict[str, str], other: dict[str, str]
) -> None:
    application = Application()
    client = fronted(application)
    for _ in range(2):  # what has a query string is kept from the second time on
        ask(client, **one)
        ask(client, **other)
    kept = application.asked
    assert kept == (4 if "?" in one.get("path", "") else 2)
    for _ in range(2):
        ask(client, **one)
        ask(client, **other)
    assert application.asked == kept


def test_a_question_is_kept_when_it_is_asked_again() -> None:
    """There is no end of questions: one that is asked once pushes nothing out."""
    application = Application()
    client = fronted(application)
    for number, asked in enumerate([1, 2, 2, 2]):
        ask(client, path="/sparql?query=ASK%7B%7D")
        assert application.asked == asked, number


def test_head_gives_the_headers_of_get_and_no_body() -> None:
    for first, second in (("GET", "HEAD"), ("HEAD", "GET")):
        client = fronted(Application())
        answers = {method: ask(client, method) for method in (first, second)}
        assert list(answers["HEAD"].headers) == list(answers["GET"].headers)
        assert answers["HEAD"].headers["Content-Length"] == str(len(TEXT))
        assert answers["HEAD"].data == b""


def test_head_of_an_answer_that_streams_ends_it_at_once() -> None:
    application = Application(streams=True)
    answer = ask(fronted(application), "HEAD")
    assert answer.data == b""
    assert application.closed == 1


@pytest.mark.parametrize(
    ("if_none_match", "status"),
    [
        pytest.param('"abc"', 304, id="the same tag"),
        pytest.param('W/"abc"', 304, id="weak comparison: a weak tag matches too (13.1.2)"),
        pytest.param('"x", "abc", "y"', 304, id="one of a list"),
        pytest.param("*", 304, id="any representation"),
        pytest.param('"abcd"', 200, id="a longer tag"),
        pytest.param('"ABC"', 200, id="tags have case (8.8.3)"),
        pytest.param('"abc-gzip"', 200, id="the tag of another coding"),
        pytest.param("abc", 200, id="no tag without quotes"),
        pytest.param("", 200, id="an empty field"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_client_that_has_it_already_is_told_so(
    method: str, if_none_match: str, status: int
) -> None:
    application = Application()
    client = fronted(application)
    for _ in ("from the application", "from the cache"):
        answer = ask(client, method, If_None_Match=if_none_match)
        assert answer.status_code == status
    assert application.asked == 1


def test_not_modified_has_no_body_and_repeats_what_the_standard_names() -> None:
    client = fronted(
        Application(headers={"Content-Language": "fr", "Link": '</x>; rel="canonical"'})
    )
    whole, short = ask(client), ask(client, If_None_Match='"abc"')
    assert short.data == b""
    for name in (
        "ETag",
        "Vary",
        "Cache-Control",
        "Content-Location",
        "Access-Control-Allow-Origin",
    ):
        assert short.headers[name] == whole.headers[name]
    assert "Link" not in short.headers  # the client has it already (RFC 9110, section 15.4.5)
    assert (
        "Content-Length" not in short.headers
        or short.headers["Content-Length"] == whole.headers["Content-Length"]
    )
    assert "Content-Type" not in short.headers


def test_a_condition_on_an_error_is_ignored() -> None:
    answer = ask(fronted(Application(status="404 NOT FOUND")), If_None_Match='"abc"')
    assert answer.status_code == 404


def test_a_redirect_is_kept_but_has_no_condition() -> None:
    application = Application(status="303 SEE OTHER", headers={"Location": "/y"})
    client = fronted(application)
    assert [ask(client, If_None_Match="*").status_code for _ in range(2)] == [303, 303]
    assert application.asked == 1


@pytest.mark.parametrize("size", [TEXT, TEXT * 400], ids=["kept", "too large to be kept"])
def test_not_modified_does_not_depend_on_what_is_kept(size: bytes) -> None:
    answer = ask(fronted(Application(body=size)), If_None_Match='"abc"')
    assert answer.status_code == 304
    assert answer.data == b""
    assert answer.headers["ETag"] == '"abc"'


UNPACK: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
}
every_coding = pytest.mark.parametrize("coding", sorted(UNPACK))


@every_coding
def test_a_coding_gives_the_same_bytes_under_another_strong_tag(coding: str) -> None:
    application = Application()
    client = fronted(application)
    plain, packed = ask(client), ask(client, Accept_Encoding=coding)
    assert packed.headers["Content-Encoding"] == coding
    assert UNPACK[coding](packed.data) == plain.data == TEXT
    assert packed.headers["Content-Length"] == str(len(packed.data))
    assert packed.headers["ETag"] == f'"abc-{coding}"'
    again = ask(client, Accept_Encoding=coding, If_None_Match=packed.headers["ETag"])
    assert (again.status_code, again.headers["ETag"]) == (304, packed.headers["ETag"])
    assert ask(client, If_None_Match=packed.headers["ETag"]).status_code == 200
    assert ask(client, Accept_Encoding=coding).data == packed.data
    assert application.asked == 2


@every_coding
@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param({}, b"short", id="a short text"),
        pytest.param({"Content-Type": "image/png"}, TEXT, id="an image"),
        pytest.param({}, TEXT * 400, id="an answer that streams"),
    ],
)
def test_what_gains_nothing_is_packed_where_the_client_refuses_it_plain(
    headers: dict[str, str], body: bytes, coding: str
) -> None:
    client = fronted(Application(headers=headers, body=body))
    answer = ask(client, Accept_Encoding=f"{coding}, identity;q=0")
    assert answer.headers["Content-Encoding"] == coding
    assert UNPACK[coding](answer.data) == body
    assert answer.headers["ETag"] == f'"abc-{coding}"'
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert answer.headers.get("Content-Length") in {None, str(len(answer.data))}
    plain = ask(client, Accept_Encoding=coding)
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["ETag"] == '"abc"'


def test_what_has_a_coding_already_gets_no_other() -> None:
    client = fronted(Application(headers={"Content-Encoding": "zstd"}))
    answer = ask(client, Accept_Encoding="gzip, identity;q=0")
    assert (answer.headers["Content-Encoding"], answer.data) == ("zstd", TEXT)


@pytest.mark.parametrize(
    ("headers", "body", "packed"),
    [
        pytest.param(
            {"Content-Type": "application/sparql-results+json"}, TEXT, True, id="JSON by its suffix"
        ),
        pytest.param({"Content-Type": "application/rdf+xml"}, TEXT, True, id="XML by its suffix"),
        pytest.param({"Content-Type": "application/n-quads"}, TEXT, True, id="N-Quads"),
        pytest.param({"Content-Type": "text/html; charset=utf-8"}, TEXT, True, id="text"),
        pytest.param(
            {"Content-Type": "application/gzip"}, TEXT, False, id="what is packed already"
        ),
        pytest.param({"Content-Type": "image/png"}, TEXT, False, id="an image"),
        pytest.param({}, b"short", False, id="too short to gain"),
    ],
)
def test_only_what_gains_by_it_is_packed(
    headers: dict[str, str], body: bytes, packed: bool
) -> None:
    answer = ask(fronted(Application(headers=headers, body=body)), Accept_Encoding="gzip")
    assert (answer.headers.get("Content-Encoding") == "gzip") is packed


@pytest.mark.parametrize("vary", ["", "Accept", "Accept, Accept-Encoding", "accept-encoding"])
@pytest.mark.parametrize("coding", ["br", "gzip", "identity"])
def test_an_answer_that_may_be_packed_says_that_it_varies_by_it(vary: str, coding: str) -> None:
    client = fronted(Application(headers={"Vary": vary}))
    for condition in ("", "*"):
        answer = ask(client, Accept_Encoding=coding, If_None_Match=condition)
        names = [
            name.strip().lower()
            for line in answer.headers.getlist("Vary")
            for name in line.split(",")
        ]
        assert names.count("accept-encoding") == 1
        assert ("accept" in names) == vary.startswith("Accept")


@pytest.mark.parametrize(
    "application",
    [
        pytest.param(Application(headers={"Cache-Control": "no-store"}), id="no-store"),
        pytest.param(Application(headers={"Cache-Control": ""}), id="nothing said"),
        pytest.param(Application(status="404 NOT FOUND"), id="an error"),
        pytest.param(Application(status="503 SERVICE UNAVAILABLE"), id="a failure"),
        pytest.param(Application(streams=True), id="an answer of unknown length"),
        pytest.param(Application(body=TEXT * 400), id="an answer over a mebibyte"),
    ],
)
def test_what_may_not_be_kept_is_asked_each_time(application: Application) -> None:
    client = fronted(application, 1 << 30)
    answers = [ask(client) for _ in range(3)]
    assert application.asked == 3
    assert application.closed == 3
    assert {answer.data for answer in answers} == {application.body}


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "PUT", "DELETE"])
def test_other_methods_pass(method: str) -> None:
    application = Application()
    client = fronted(application)
    assert [ask(client, method).status_code for _ in range(2)] == [200, 200]
    assert application.asked == 2


def test_an_answer_that_streams_passes_chunk_by_chunk() -> None:
    application = Application(streams=True)
    cache = ResponseCache(application, 1 << 20)  # type: ignore[arg-type]
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}
    chunks = cache(environ, lambda status, headers: None)  # type: ignore[arg-type, return-value]
    assert next(iter(chunks)) == TEXT[:1000]
    chunks.close()  # type: ignore[attr-defined]
    assert application.closed == 1


def test_the_budget_bounds_what_is_kept_and_the_least_recently_asked_goes_first() -> None:
    application = Application()
    client = fronted(application, budget=3 * (len(TEXT) + 2048))
    for path in ("/1", "/2", "/3", "/1", "/4"):
        ask(client, path=path)
    assert application.asked == 4
    for path in ("/1", "/3", "/4"):
        ask(client, path=path)
    assert application.asked == 4
    ask(client, path="/2")
    assert application.asked == 5


def test_an_answer_over_the_whole_budget_pushes_nothing_out() -> None:
    application = Application(body=b"small", headers={"Content-Type": "text/plain"})
    client = fronted(application, budget=3000)
    ask(client, path="/small")
    application.body = TEXT
    ask(client, path="/large")
    ask(client, path="/small")
    assert application.asked == 2


def test_no_budget_keeps_nothing_and_still_answers() -> None:
    application = Application()
    client = fronted(application, budget=0)
    assert [ask(client).data for _ in range(2)] == [TEXT, TEXT]
    assert application.asked == 2


def test_a_posted_query_is_kept_by_its_body_and_its_media_type() -> None:
    application = Application()
    client = Client(ResponseCache(application, 1 << 20))
    questions = [
        (b"ASK {}", "application/sparql-query"),
        (b"ASK { }", "application/sparql-query"),
        (b"ASK {}", "text/plain"),
    ]
    for asked in (3, 6, 6, 6):
        for body, media_type in questions:
            assert client.post("/sparql", data=body, content_type=media_type).data == TEXT
        assert application.asked == asked
    assert client.get("/sparql").data == TEXT
    assert application.asked == 7


def test_a_posted_query_is_never_answered_304_and_a_long_one_passes_by() -> None:
    """RFC 9110, section 13.1.2:
    If-None-Match on other methods than GET and HEAD is no question about a cache.
    """
    application = Application()
    client = Client(ResponseCache(application, 1 << 20))
    for _ in range(3):
        assert (
            client.post("/sparql", data=b"ASK {}", headers={"If-None-Match": '"abc"'}).status_code
            == 200
        )
    assert application.asked == 2
    for _ in range(3):
        client.post("/sparql", data=b"#" * 100_000)
    assert application.asked == 5


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        pytest.param("*", 200, id="there is one"),
        pytest.param("{etag}", 200, id="the one that there is"),
        pytest.param('"another", {etag}', 200, id="one of several"),
        pytest.param('"another"', 412, id="another"),
        pytest.param("W/{etag}", 412, id="compared strongly"),
    ],
)
def test_a_representation_that_is_no_longer_the_expected_one_is_not_sent(
    condition: str, status: int
) -> None:
    """RFC 9110, section 13.1.1."""
    client = fronted(Application())
    etag = ask(client).headers["ETag"]
    for _ in range(2):  # asked, and from the cache
        response = client.get("/", headers={"If-Match": condition.format(etag=etag)})
        assert response.status_code == status
        assert response.data == (TEXT if status == 200 else b"")
        assert response.headers["ETag"] == etag
