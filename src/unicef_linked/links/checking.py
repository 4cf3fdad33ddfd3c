"""Check outgoing links over HTTP, and report those that moved or are dead.

One request at a time to a host, with a pause after it; several hosts in parallel. Findings are
appended to a file line by line, so that an interrupted check can be resumed.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Final
from urllib.parse import urldefrag, urljoin

import prettytable
import requests

from unicef_linked import __version__
from unicef_linked.comparison import can_be_compared, compare, without_scheme
from unicef_linked.errors import UnusableInput
from unicef_linked.http_client import PoliteClient, RequestFailed, media_type_of
from unicef_linked.links import SETTLED, STATES, Finding, Link, read_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import IO

    from unicef_linked.http_client import Politeness, Reply

_ACCEPT: Final = (
    "application/ld+json, text/turtle;q=0.9, application/rdf+xml;q=0.9, "
    "application/n-triples;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.3"
)
_PERMANENT: Final = (301, 308)
_REDIRECT: Final = (301, 302, 303, 307, 308)
_REFUSED: Final = (401, 403, 407, 429, 451)
"""Statuses that do not tell whether the resource exists."""
_MAX_REDIRECTS: Final = 10
_PARALLEL_HOSTS: Final = 8
"""Hosts that are requested in parallel (threads)."""


def check(
    links: Iterable[Link],
    politeness: Politeness,
    state: Path | None = None,
    report: Callable[[Finding], None] = lambda _: None,
) -> list[Finding]:
    """Check the links not SETTLED in ``state``; return all findings in the order of ``links``.

    Each new finding is written to ``state``, then passed to ``report``. Raises UnusableInput when
    ``state`` cannot be read or written.
    """
    links = list(links)
    earlier = read_state(state) if state else {}
    findings = {url: finding for url, finding in earlier.items() if finding.state in SETTLED}
    by_host: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        if link.url not in findings:
            by_host[link.host].append(link)
    recording = threading.Lock()

    with _state_file(state, earlier) as file, requests.Session() as session:

        def record(finding: Finding) -> None:
            with recording:
                findings[finding.url] = finding
                if file:
                    file.write(_line(finding))
                    file.flush()
                report(finding)

        checker = _Checker(session, politeness, record)
        pool = ThreadPoolExecutor(_PARALLEL_HOSTS)
        try:
            for task in [pool.submit(checker.check_all, queue) for queue in by_host.values()]:
                task.result()
        finally:
            checker.stop()
            pool.shutdown(cancel_futures=True)
    return [findings[link.url] for link in links]


@contextmanager
def _state_file(path: Path | None, findings: Mapping[str, Finding]) -> Iterator[IO[str] | None]:
    """Open a state file to append to, after its lines are complete and each URL is there once."""
    if path is None:
        yield None
        return
    try:
        partial = path.with_name(f".{path.name}.partial")
        partial.write_text("".join(map(_line, findings.values())), encoding="utf-8")
        partial.replace(path)
        file = path.open("a", encoding="utf-8")
    except OSError as error:
        raise UnusableInput(
            f"{path} cannot be written: {error.strerror}; give --state another file"
        ) from None
    with file:
        yield file


def _line(finding: Finding) -> str:
    """Return a line of a state file."""
    return json.dumps(asdict(finding), ensure_ascii=False) + "\n"


class _Checker:
    """Checks links over HTTP; used by several threads."""

    def __init__(
        self, session: requests.Session, politeness: Politeness, record: Callable[[Finding], None]
    ) -> None:
        session.headers.update(
            {"User-Agent": f"unicef-linked/{__version__} (link check)", "Accept": _ACCEPT}
        )
        self._stopped, self._record = threading.Event(), record
        self._client = PoliteClient(session, politeness, self._stopped)

    def stop(self) -> None:
        """End all threads soon: nothing more is recorded."""
        self._stopped.set()

    def check_all(self, links: Iterable[Link]) -> None:
        """Check links and record the findings, one after the other."""
        for link in links:
            if self._stopped.is_set():
                return
            finding = self._check(link)
            if not self._stopped.is_set():
                self._record(finding)

    def _check(self, link: Link) -> Finding:
        """Follow a link's redirects to their end."""
        url, moved = link.url, False
        visited = {url}
        for _ in range(_MAX_REDIRECTS):
            try:
                reply = self._client.fetch(url, _is_data if link.identifiers else _is_nothing)
            except RequestFailed as failure:
                return Finding(link.url, "dead", None, _elsewhere(url, link), str(failure))
            status = reply.status
            if status not in _REDIRECT or "Location" not in reply.headers:
                return _judge(link, url, reply, moved=moved)
            target = urldefrag(urljoin(url, _location(reply))).url
            if not target.startswith(("http://", "https://")):
                return Finding(
                    link.url, "dead", status, target, "it leads to what is no http(s) address"
                )
            # http to https does not count as moved.
            moved = moved or (
                status in _PERMANENT and without_scheme(target) != without_scheme(url)
            )
            url = target
            if url in visited:
                return Finding(link.url, "dead", status, url, "its redirects go round in a circle")
            visited.add(url)
        detail = f"it redirects more than {_MAX_REDIRECTS} times"
        return Finding(link.url, "dead", status, url, detail)


def _judge(link: Link, url: str, reply: Reply, *, moved: bool) -> Finding:
    """Return the finding for the last reply, which is of ``url``."""
    status, target = reply.status, _elsewhere(url, link)
    if status in _REFUSED or (status == 503 and "Retry-After" in reply.headers):
        return Finding(link.url, "unsure", status, target, "the host does not let us see it")
    if not 200 <= status < 300:
        return Finding(link.url, "dead", status, target, reply.reason)
    if reply.content is not None:
        kind = media_type_of(reply.headers)
        if difference := compare(link.identifiers, reply.content, kind, url):
            return Finding(link.url, "differs", status, target, difference)
    if moved:
        return Finding(link.url, "moved", status, target, "it is redirected for good")
    return Finding(link.url, "ok", status, target)


def _location(reply: Reply) -> str:
    """Return a redirect's target; ``http.client`` decodes it as Latin-1, servers send UTF-8."""
    location = reply.headers["Location"].strip()
    with suppress(UnicodeError):
        return location.encode("latin-1").decode("utf-8")
    return location


def _elsewhere(url: str, link: Link) -> str | None:
    return url if url != link.url else None


def _is_nothing(_: Mapping[str, str]) -> bool:
    """Tell that a content is not to be compared."""
    return False


def _is_data(headers: Mapping[str, str]) -> bool:
    """Tell whether a content can be compared."""
    return can_be_compared(media_type_of(headers))


def write(findings: Sequence[Finding], links: Sequence[Link], style: str) -> str:
    """Return a report as ``json``, or as ``text``: links that are not ok, and a table of hosts."""
    counts: dict[str, dict[str, int]] = {}
    iris = {link.url: link.iris for link in links}
    for link, finding in zip(links, findings, strict=True):
        row = counts.setdefault(link.host, dict.fromkeys(STATES, 0))
        row[finding.state] += 1
    total = {state: sum(row[state] for row in counts.values()) for state in STATES}
    if style == "json":
        body = [asdict(finding) | {"iris": iris[finding.url]} for finding in findings]
        return json.dumps(
            {"total": total, "hosts": counts, "links": body}, ensure_ascii=False, indent=2
        )
    lines = []
    for finding in sorted(findings, key=lambda f: (STATES.index(f.state), f.url)):
        if finding.state != "ok":
            parts = [
                str(finding.status or ""),
                finding.detail,
                f"now {finding.target}" if finding.target else "",
            ]
            lines.append(f"{finding.state}: {finding.url} ({'; '.join(filter(None, parts))})")
    table = prettytable.PrettyTable(["host", "links", *STATES], align="r")
    table.align["host"] = "l"
    rows = [[host, sum(row.values()), *row.values()] for host, row in sorted(counts.items())]
    for number, cells in enumerate(rows, start=1):
        table.add_row(cells, divider=number == len(rows))
    table.add_row(["all", sum(total.values()), *total.values()])
    return "\n".join([*lines, str(table)])
