"""Checks of a deployment: what is wrong with it or will be, and what to do.

Each check is a function that yields findings. Checks of the machine are of the one that this runs
on, so ``unicef-linked doctor`` is run where the service runs, as its user and with its settings.
"""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

import requests

from unicef_linked.errors import LinkedDataError
from unicef_linked.http_client import reason
from unicef_linked.release.verification import verify
from unicef_linked.store.remote import Remote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from unicef_linked.config import Settings
    from unicef_linked.release import Release

Level = Literal["ok", "warning", "fault"]

_FILES: Final = 4096
"""Open files that a web worker needs for as many connections as it takes."""
_STATEMENT: Final = 4096
"""Memory that a statement takes in a web worker or in the supervisor (bytes), at most."""
_PROCESS: Final = 120 << 20
"""Memory that a web worker or the supervisor takes without a dataset (bytes)."""
_FREE: Final = 100 << 20
"""Free disk space for temporary files (bytes)."""
_TIMEOUT: Final = 10
"""Timeout of a request (s)."""
_CLOCK: Final = 60
"""How far the clock of this machine may be from that of the service (s)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; ``remedy`` says what to do where it is not well."""

    level: Level
    subject: str
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{self.level:<8} {self.subject}: {self.text}{remedy}"


def check_release(release: Release) -> Iterator[Finding]:
    """Check each part of a release, and when it was written."""
    faults = verify(release.path)
    for fault in faults:
        remedy = "build it again, or restore it from a copy"
        yield Finding("fault", "release", str(fault), remedy)
    if not faults:
        text = f"{release.manifest.name} is whole, {release.manifest.quads:,} statements"
        yield Finding("ok", "release", text)
    age = time.time() - (release.path / "manifest.json").stat().st_mtime
    if age < -_CLOCK:
        text = f"its files are {-age:.0f} seconds in the future"
        yield Finding("fault", "clock", text, "set the clock of this machine (NTP)")
    else:
        yield Finding("ok", "clock", f"the release was written {age / 86400:.0f} days ago")


def check_limits() -> Iterator[Finding]:
    """Check the limits of the process and its user."""
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files != resource.RLIM_INFINITY and files < _FILES:
        text = f"{files} open files are allowed"
        yield Finding("warning", "limits", text, f"allow {_FILES} (ulimit -n, LimitNOFILE=)")
    memory, _ = resource.getrlimit(resource.RLIMIT_AS)
    if memory != resource.RLIM_INFINITY:
        text = f"a process may have {memory >> 20} MiB of addresses"
        remedy = "limit memory by the cgroup (MemoryMax=), and leave ulimit -v unlimited"
        yield Finding("warning", "limits", text, remedy)
    if os.geteuid() == 0:
        remedy = "run the service as a user of its own (DynamicUser= in the unit)"
        yield Finding("warning", "user", "this is root", remedy)
    else:
        yield Finding("ok", "user", f"user {os.geteuid()} has no privileges")


def check_disk(release: Release) -> Iterator[Finding]:
    """Check the space for another release, and the folder for temporary files."""
    size = sum(path.stat().st_size for path in release.path.rglob("*") if path.is_file())
    free = shutil.disk_usage(release.path).free
    text = f"{free >> 20} MiB are free beside the release, which has {size >> 20}"
    if free < 2 * size:
        yield Finding("warning", "disk", text, "remove old releases before the next build")
    else:
        yield Finding("ok", "disk", text)
    folder = tempfile.gettempdir()
    try:
        with tempfile.TemporaryFile():
            pass
    except OSError as error:
        text = f"{folder} cannot be written: {error.strerror}"
        yield Finding("fault", "temporary files", text, "set TMPDIR to a folder that can")
        return
    if shutil.disk_usage(folder).free < _FREE:
        text = f"{folder} has less than {_FREE >> 20} MiB free"
        yield Finding("warning", "temporary files", text, "make room there, or set TMPDIR")
    else:
        yield Finding("ok", "temporary files", f"{folder} can be written")


def check_memory(
    release: Release, settings: Settings, web_workers: int, engine: str = "memory"
) -> Iterator[Finding]:
    """Check the memory of the machine or its cgroup against what processes may need.

    In memory there are two copies of the dataset: of the web workers, and of the query processes.
    """
    available = _available_memory()
    dataset = 2 * release.manifest.quads * _STATEMENT if engine == "memory" else 0
    fixed = dataset + web_workers * (_PROCESS + (settings.cache_size << 20)) + 2 * _PROCESS
    queries = 2 * settings.workers * (settings.query_memory << 20)
    text = (
        f"{available >> 20} MiB; {fixed >> 20} for {web_workers} web workers and the dataset, "
        f"and up to {queries >> 20} for queries"
    )
    if available < fixed:
        remedy = "give more memory, or serve with fewer --workers or --engine disk"
        yield Finding("fault", "memory", text, remedy)
    elif available < fixed + queries:
        most = max(1, (available - fixed) // (2 * settings.workers) >> 20)
        remedy = f"set UNICEF_LINKED_QUERY_MEMORY={most}, or UNICEF_LINKED_QUERY_WORKERS lower"
        yield Finding("warning", "memory", text, remedy)
    else:
        yield Finding("ok", "memory", text)


def _available_memory() -> int:
    """Return the memory that the service may have (bytes): of its cgroup, else of the machine."""
    fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    total = int(fields["MemTotal"].split()[0]) << 10
    own = Path("/proc/self/cgroup").read_text().rpartition("::")[2].strip()
    for folder in (Path(f"/sys/fs/cgroup{own}"), Path("/sys/fs/cgroup")):
        try:
            limit = (folder / "memory.max").read_text().strip()
        except OSError:
            continue
        if limit.isdecimal():
            return min(total, int(limit))
    return total


def check_processors(settings: Settings) -> Iterator[Finding]:
    """Check the number of query processes against the processors."""
    cores = len(os.sched_getaffinity(0))
    text = f"{cores} processors, {settings.workers} query processes"
    if settings.workers > 2 * cores:
        yield Finding("warning", "processors", text, "set UNICEF_LINKED_QUERY_WORKERS lower")
    else:
        yield Finding("ok", "processors", text)


def check_engine(url: str, release: Release, settings: Settings) -> Iterator[Finding]:
    """Check that an engine elsewhere answers, and holds the release."""
    with closing(Remote(url, release, settings)) as remote:
        try:
            remote.verify()
        except LinkedDataError as error:
            yield Finding("fault", "engine", str(error))
            return
    yield Finding("ok", "engine", "it answers and holds the release")


def check_service(url: str, settings: Settings) -> Iterator[Finding]:
    """Check a running service as the public sees it: readiness, and what a proxy does to it."""
    base = url.rstrip("/")
    try:
        ready = _get(f"{base}/readyz")
        document = _get(f"{base}/dataset.nt")
    except requests.RequestException as error:
        text = f"{base} cannot be asked: {reason(error)}"
        yield Finding("fault", "service", text, "start it, or give the address that it has")
        return
    if ready.status_code != 200:
        text = f"{base}/readyz answers {ready.status_code}: {ready.text[:300]}"
        yield Finding("fault", "service", text, "see the log of the service")
        return
    yield Finding("ok", "service", f"{base} is ready")
    yield from _check_address(base, document, settings)
    yield from _check_headers(document)
    yield from _check_clock(ready)


def _get(url: str) -> requests.Response:
    return requests.get(url, timeout=_TIMEOUT, allow_redirects=False)


def _check_address(base: str, document: requests.Response, settings: Settings) -> Iterator[Finding]:
    public = (settings.public_url or base).rstrip("/")
    if f"<{public}/sparql>" not in document.text:
        text = f"addresses in data do not begin with {public}"
        yield Finding("fault", "public address", text, f"set PUBLIC_URL={public} and restart")
    elif urlsplit(public).scheme == "http" and urlsplit(public).hostname not in _LOCAL:
        text = f"{public} is not encrypted"
        yield Finding("warning", "public address", text, "end TLS in the proxy, and set PUBLIC_URL")
    else:
        yield Finding("ok", "public address", f"addresses in data begin with {public}")


_LOCAL: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def _check_headers(document: requests.Response) -> Iterator[Finding]:
    wanted = {"ETag", "Vary", "Cache-Control", "Access-Control-Allow-Origin", "X-Request-Id"}
    if missing := sorted(name for name in wanted if name not in document.headers):
        text = f"answers come without {', '.join(missing)}"
        yield Finding("fault", "proxy", text, "let the proxy pass on all headers")
    elif document.headers["ETag"].startswith("W/"):
        remedy = "leave compression to the service (gzip off)"
        yield Finding("warning", "proxy", "it makes entity tags weak", remedy)
    else:
        yield Finding("ok", "proxy", "headers arrive as they were sent")


def _check_clock(ready: requests.Response) -> Iterator[Finding]:
    from email.utils import parsedate_to_datetime

    try:
        away = parsedate_to_datetime(ready.headers["Date"]).timestamp() - time.time()
    except (KeyError, ValueError):
        return
    if abs(away) > _CLOCK:
        text = f"the service is {away:+.0f} seconds away from this machine"
        yield Finding("warning", "clock", text, "set both clocks (NTP)")


def worst(findings: Iterable[Finding]) -> Level:
    """Return the worst level of some findings.

    >>> worst([Finding("ok", "a", ""), Finding("warning", "b", "")])
    'warning'
    """
    levels = {finding.level for finding in findings}
    return next((level for level in _WORST_FIRST if level in levels), "ok")


_WORST_FIRST: Final[tuple[Level, ...]] = ("fault", "warning", "ok")
