"""``python -m bench.soak``: mixed load, evil queries, slow clients, clients that leave,
and processes that are killed.

For two thirds of the time query processes alone are killed, so that the memory and the open files
of the others can be compared; in the last third every kind of process is, the main process too,
which is started again at its port as a supervisor would.

Every answer that is whole is compared with the one that was given at the beginning. What has no
answer is put down to a kill only if it was that process's own: its connection was one of the killed
web worker's, its query ran when a query process was killed (one for each), or nothing answered
while the main process was away. All else that is lost is a fault, and the exit status is 1.

The report is in Markdown, for ``docs/performance.md``.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from prettytable import PrettyTable, TableStyle

from bench.processes import children, is_supervisor
from bench.servers import free_port
from unicef_linked.cli.releases import packaged_release

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DOCUMENTS: Final = (
    "/doc/office/gao.ttl",
    "/doc/region/gao.html?lang=fr",
    "/doc/office.jsonld",
    "/dataset.ttl",
    "/search?q=gao",
    "/dump/dataset.nq",
    "/fragments.nq?page=1",
)
QUERIES: Final = (
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT ?s { ?s ?p ?o } ORDER BY ?s LIMIT 500",
    "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p ORDER BY ?p",
)
"""Each is asked with a number in a comment, so that it is evaluated, not taken from the cache."""
EVIL: Final = (
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?a ?f",
    "SELECT (GROUP_CONCAT(?c) AS ?x) { ?a ?b ?c . ?d ?e ?f }",
)
SLOW: Final = (
    b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nASK",
    b"GET /dump/dataset.nq HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHo",
    b"",
)
"""Half a body, a reader that does not read, half a header, silence."""
PAUSE: Final = 0.5
"""Pause of a client whose request was lost (s)."""
CLIENTS: Final = 3
"""Clients that ask one thing after the other."""
CALM: Final = 2 / 3
"""Share of the time in which query processes alone are killed."""
LASTING: Final = ("web worker", "supervisor", "main process")
"""Kinds of processes that last; in the storm these are killed too."""
AGAIN: Final = 65.0
"""Time between two kills of a kind that lasts (s):
after a minute a process begins a new count of restarts."""
SLACK: Final = 1.0
"""Tolerance between our clock and the moment of a kill (s)."""
RECOVERY: Final = 45.0
"""How long after its supervisor was killed queries may be turned away (s), on a busy machine."""
CLOSED_WITHIN: Final = 13.0
"""How long a slow client may be left (s): the 10 s of docs/run-the-service.md,
and the machine's own delays."""
GROWTH: Final = 1.2
"""Most that memory or open files may grow, as a ratio; ``ALWAYS`` more is let pass."""
ALWAYS: Final = 20


@dataclass(frozen=True, slots=True)
class Kill:
    """A process that was killed, and which connections were its own."""

    at: float  # s, monotonic clock
    kind: str
    ports: frozenset[int]  # of clients


@dataclass(frozen=True, slots=True)
class Loss:
    """A request that has no answer, or not all of it."""

    began: float  # s, monotonic clock
    ended: float
    port: int  # of the client; 0: it could not connect
    is_query: bool
    what: str


@dataclass(frozen=True, slots=True)
class Sample:
    """Proportional memory (MiB) and open files of the processes that last, by their kind."""

    memory: dict[str, float]
    files: dict[str, int]


class Client:
    """A connection that is kept, as far as the server keeps it."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    @property
    def port(self) -> int:
        """The client's port; 0 without a connection."""
        with suppress(OSError):
            return int(self._connection.sock.getsockname()[1]) if self._connection.sock else 0
        return 0

    def connect(self) -> None:
        """Connect, unless connected."""
        if self._connection.sock is None:
            self._connection.connect()

    def get(self, path: str) -> tuple[int, bytes]:
        """Return status and content."""
        self._connection.request("GET", path)
        response = self._connection.getresponse()
        return response.status, response.read()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@dataclass
class Soak:
    """One run: the service, what is counted, and what has been killed when."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    expected: dict[str, bytes] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    times: dict[str, list[tuple[float, float]]] = field(default_factory=dict)  # of right answers
    losses: list[Loss] = field(default_factory=list)
    refused: list[Loss] = field(default_factory=list)  # 503 because no query process ran
    kills: list[Kill] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    is_storm: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    # Clients

    def ask(self, client: Client, path: str, key: str) -> None:
        """Ask for an answer, and compare it with the first one of this key."""
        began, port = time.monotonic(), 0
        is_query = path.startswith("/sparql")
        try:
            client.connect()
            port = client.port
            status, content = client.get(path)
        except (OSError, http.client.HTTPException) as error:
            client.close()
            what = f"{key}: {type(error).__name__}"
            self.losses.append(Loss(began, time.monotonic(), port, is_query, what))
            self.over.wait(PAUSE)
            return
        ended = time.monotonic()
        if status == 503:
            self._turned_away(Loss(began, ended, port, is_query, key), content)
        elif status != 200:
            self.losses.append(Loss(began, ended, port, is_query, f"{key}: {status}"))
        elif content != self.expected.setdefault(key, content):
            self.counts["answers that were wrong"] += 1
            self.faults.append(f"another answer than before: {key}")
        else:
            self.counts["answers that were right"] += 1
            kind = "query" if is_query else "document"
            self.times.setdefault(kind, []).append((began, ended))

    def _turned_away(self, request: Loss, content: bytes) -> None:
        problem = "?"
        with suppress(ValueError, KeyError, AttributeError):
            problem = json.loads(content)["type"].rpartition("/")[2]
        self.counts[f"turned away (503 {problem})"] += 1
        if problem == "no-query-process":
            self.refused.append(request)
        elif problem != "overloaded":
            self.faults.append(f"{request.what}: 503 {problem}")

    def load(self, seed: int) -> None:
        """Ask for all kinds of things, until it is over."""
        choice, client = random.Random(seed), Client(self.port)
        while not self.over.is_set():
            if choice.random() < 0.5:
                path = choice.choice(DOCUMENTS)
                self.ask(client, path, path)
            else:
                query = choice.choice(QUERIES)
                self.ask(client, query_path(query, choice.random()), query)
            if choice.random() < 0.02:
                client.close()
        client.close()

    def evil(self, seed: int) -> None:
        """Ask the worst of queries; leave half of them."""
        choice = random.Random(seed)
        while not self.over.is_set():
            form = urlencode({"query": choice.choice(EVIL), "timeout": "2"})
            leaves = choice.random() < 0.5
            timeout = 0.5 if leaves else 30.0
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            try:
                connection.request("POST", "/sparql", form, headers)
                response = connection.getresponse()
                if response.status == 503:
                    self.over.wait(0.1)
                response.read()
            except (OSError, http.client.HTTPException):
                self.over.wait(0.1)
            self.counts["evil queries, half of them left"] += 1
            connection.close()

    def slow(self, seed: int) -> None:
        """Send or read next to nothing, and wait until the server closes the connection."""
        choice = random.Random(seed)
        while not self.over.is_set():
            with suppress(OSError), socket.socket() as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                connection.connect(("127.0.0.1", self.port))
                sent = choice.choice(SLOW)
                connection.sendall(sent)
                began = time.monotonic()
                while is_established(connection) and not self.over.is_set():
                    time.sleep(0.2)
                    if time.monotonic() - began > CLOSED_WITHIN:
                        self.faults.append(f"a slow client was not closed: {sent[:20]!r}")
                        break
                self.counts["slow clients, closed within 13 s"] += 1
            self.over.wait(0.5)

    # Kills

    def kill(self, seed: int) -> None:
        """Kill a process now and then; in the storm of any kind."""
        choice = random.Random(seed)
        while not self.over.wait(choice.uniform(2, 8)):
            kinds = ["query process"]
            if self.is_storm.is_set():
                lately = {kill.kind for kill in self.kills if kill.at > time.monotonic() - AGAIN}
                kinds += [kind for kind in LASTING if kind not in lately]
            kind = choice.choice(kinds)
            pids = self.processes()[kind]
            if pids:
                self._kill(kind, choice.choice(pids))

    def _kill(self, kind: str, pid: int) -> None:
        ports = frozenset(clients_of(pid)) if kind == "web worker" else frozenset()
        with suppress(ProcessLookupError):
            self.kills.append(Kill(time.monotonic(), kind, ports))
            os.kill(pid, signal.SIGKILL)
            self.counts[f"killed: {kind}"] += 1
        if kind == "main process":
            self.process.wait()
            self._wait_for_the_port()
            self.process = start(self.folder, self.port)
            self.kills.append(Kill(time.monotonic(), "main process, back", frozenset()))

    def _wait_for_the_port(self) -> None:
        """Return when the web workers of a main process that was killed have ended."""
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            with suppress(OSError), socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", self.port))
                return
            time.sleep(0.2)
        self.faults.append("the port was held for 40 s after the main process was killed")

    def processes(self) -> dict[str, list[int]]:
        """Return the processes of the service, by kind."""
        main = self.process.pid
        started = children(main)
        supervisors = [pid for pid in started if is_supervisor(pid)]
        return {
            "main process": [main],
            "web worker": [pid for pid in started if pid not in supervisors],
            "supervisor": supervisors,
            "query process": [pid for parent in supervisors for pid in children(parent)],
        }

    def sample(self) -> Sample:
        """Return what the processes use now; query processes come and go, and are left out."""
        memory: dict[str, float] = {}
        files: dict[str, int] = {}
        for kind, pids in self.processes().items():
            if kind != "query process":
                uses = [usage(pid) for pid in pids]
                memory[kind] = sum(use[0] for use in uses)
                files[kind] = sum(use[1] for use in uses)
        return Sample(memory, files)

    # What came of it

    def causes(self) -> tuple[Counter[str], list[Loss]]:
        """Return what was lost, or refused for want of query processes, by the kill that caused it.

        Second: what no kill explains.
        """
        free = [kill for kill in self.kills if kill.kind == "query process"]
        causes = Counter[str]()
        unexplained = []
        for loss in self.losses:
            if cause := self._cause(loss, free):
                causes[cause] += 1
            else:
                unexplained.append(loss)
        for loss in self.refused:
            if self._is_refused_rightly(loss):
                causes["supervisor"] += 1
            else:
                unexplained.append(loss)
        return causes, unexplained

    def _cause(self, loss: Loss, free: list[Kill]) -> str:
        """Return which kind of process was killed to lose an answer; one for each query process."""
        for kill in self.kills:
            during = loss.began - SLACK <= kill.at <= loss.ended + SLACK
            if (
                kill.kind == "web worker"
                and loss.port in kill.ports
                and loss.ended > kill.at - SLACK
            ):
                return kill.kind
            if kill.kind == "supervisor" and during and loss.is_query:
                return kill.kind
            if during and loss.is_query and kill in free:
                free.remove(kill)
                return kill.kind
        return "main process" if self._is_away(loss) else ""

    def _is_away(self, loss: Loss) -> bool:
        """Tell whether the main process was killed and not back at some time of a request."""
        away = [kill.at for kill in self.kills if kill.kind == "main process"]
        back = [kill.at for kill in self.kills if kill.kind == "main process, back"]
        back += [float("inf")] * (len(away) - len(back))
        return any(
            start - SLACK <= loss.ended and loss.began <= end + SLACK
            for start, end in zip(away, back, strict=True)
        )

    def recoveries(self) -> dict[str, float]:
        """Return the longest time from a kill of each kind to the next right answer (s).

        That answer is to a query where query processes ended, else to a document.
        """
        longest: dict[str, float] = {}
        for kill in self.kills:
            if kill.kind in LASTING:
                answers = self.times.get("query" if kill.kind == "supervisor" else "document", [])
                later = [ended - kill.at for began, ended in answers if began > kill.at]
                if later:
                    longest[kill.kind] = max(longest.get(kill.kind, 0.0), min(later))
        return longest

    def _is_refused_rightly(self, loss: Loss) -> bool:
        kinds = {"supervisor", "main process", "main process, back"}
        return any(
            kill.at - SLACK <= loss.ended and loss.began <= kill.at + RECOVERY
            for kill in self.kills
            if kill.kind in kinds
        )


def query_path(query: str, number: float) -> str:
    """Return the address of a query that nobody has asked yet."""
    return f"/sparql?format=csv&query={quote(f'{query} # {number}')}"


def clients_of(pid: int) -> Iterable[int]:
    """Return the ports of the clients whose connections a process has (proc(5), /proc/net/tcp)."""
    own = set()
    with suppress(OSError):
        for name in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                own.add(str(name.readlink()))
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        columns = line.split()
        port = int(columns[2].rpartition(":")[2], 16)
        if port and f"socket:[{columns[9]}]" in own:  # 0: of a socket that listens
            yield port


def is_established(connection: socket.socket) -> bool:
    """Tell whether the server has not closed its end."""
    own_port = f":{connection.getsockname()[1]:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(row[2].endswith(own_port) and row[3] == "01" for row in rows)


def usage(pid: int) -> tuple[float, int]:
    """Return the proportional memory (MiB) and the open files of a process."""
    with suppress(OSError, TypeError):
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        memory = int(re.search(r"Pss:\s+(\d+)", rollup)[1]) / 1024  # type: ignore[index]
        return memory, sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return 0.0, 0


def start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start the service and return once it says that it is ready."""
    release = packaged_release().path
    command = [sys.executable, "-m", "unicef_linked", "serve", "--port", str(port)]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--workers", "2", "--release", str(release)],
            stdout=subprocess.PIPE,
            stderr=log,
            cwd="/",
            env={**os.environ, "TMPDIR": str(folder / "tmp")},
        )
    assert process.stdout
    line = process.stdout.readline()
    assert b"http://" in line, (line, (folder / "log").read_text())
    return process


def main() -> int:
    """Run for as long as is asked, and print what came."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tmp").mkdir()
        port = free_port()
        soak = Soak(port, folder, start(folder, port))
        calm = run(soak, options.minutes * 60, options.seed)
        soak.process.terminate()
        status = soak.process.wait(timeout=60)
        left = sorted(path.name for path in (folder / "tmp").iterdir())
        log = (folder / "log").read_text(errors="replace")
        return report(soak, calm, options.minutes, status, left, log)


def run(soak: Soak, seconds: float, seed: int) -> list[Sample]:
    """Let everybody at the service; return what it used in the calm."""
    client = Client(soak.port)
    for path in DOCUMENTS:
        soak.ask(client, path, path)
    for query in QUERIES:
        soak.ask(client, query_path(query, 0), query)
    client.close()
    work = [(soak.load, number) for number in range(CLIENTS)]
    work += [(soak.evil, 0), (soak.slow, 0), (soak.slow, 1), (soak.kill, 0)]
    threads = [threading.Thread(target=do, args=(seed * 100 + number,)) for do, number in work]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    samples: list[Sample] = []
    while (elapsed := time.monotonic() - began) < seconds:
        time.sleep(min(5.0, seconds / 60))
        if elapsed < CALM * seconds:
            samples.append(soak.sample())
        else:
            soak.is_storm.set()
    soak.over.set()
    for thread in threads:
        thread.join()
    return samples


def report(
    soak: Soak,
    samples: Sequence[Sample],
    minutes: float,
    status: int,
    left: Sequence[str],
    log: str,
) -> int:
    """Print the figures; return 1 where one is not as it should be."""
    causes, unexplained = soak.causes()
    faults = soak.faults + [f"lost without a kill: {loss.what}" for loss in unexplained]
    counts = table("what", "number")
    counts.add_rows([[name, f"{number:,}"] for name, number in sorted(soak.counts.items())])
    for kind, number in sorted(causes.items()):
        counts.add_row([f"missing or refused, by the kill of a {kind}", f"{number:,}"])
    counts.add_row(["missing otherwise", f"{len(unexplained):,}"])
    counts.add_row(["lines of the log", f"{log.count(chr(10)):,}"])
    counts.add_row(["of these, with a traceback", f"{log.count('Traceback'):,}"])
    times = table("answers under all this", "p50 (s)", "p99 (s)", "longest (s)")
    for kind, measured in sorted(soak.times.items()):
        ordered = sorted(ended - began for began, ended in measured)
        shown = [ordered[len(ordered) * share // 100] for share in (50, 99)]
        times.add_row([kind, *(f"{value:.3f}" for value in (*shown, ordered[-1]))])
    recoveries = table("a right answer after a kill of", "longest (s)")
    recoveries.add_rows([[kind, f"{s:.1f}"] for kind, s in soak.recoveries().items()])
    uses, growth = compare_uses(samples)
    faults += growth
    # A main process that was killed cannot remove its two folders.
    if len(left) > 2 * soak.counts["killed: main process"]:
        faults.append(f"left behind: {', '.join(left)}")
    if status:
        faults.append(f"it did not stop in order: {status}")
    if "Traceback" in log:
        faults.append("the log has a traceback:\n" + log[log.index("Traceback") :][:3000])
    print(f"## {minutes:g} minutes\n")
    for each in (counts, times, recoveries, uses):
        print(f"{each.get_string()}\n")
    for fault, number in Counter(faults).items():
        print(f"- fault: {fault}" + (f" ({number} times)" if number > 1 else ""))
    if not faults:
        print("- no fault")
    return int(bool(faults))


def compare_uses(samples: Sequence[Sample]) -> tuple[PrettyTable, list[str]]:
    """Return what the processes used early and late, and what has grown too much."""
    uses, faults = table("while query processes are killed", "2nd quarter", "last quarter"), []
    part = max(1, len(samples) // 4)
    halves = (samples[part : 2 * part] or samples, samples[-part:])
    for unit, of in (("memory (MiB)", "memory"), ("open files", "files")):
        for kind in samples[0].memory:
            before, after = (
                statistics.median(getattr(sample, of)[kind] for sample in half) for half in halves
            )
            uses.add_row([f"{kind}: {unit}", f"{before:,.0f}", f"{after:,.0f}"])
            if after > GROWTH * before + ALWAYS:
                faults.append(f"{kind}: {unit} grew")
    return uses, faults


def table(*columns: str) -> PrettyTable:
    """Return an empty table in Markdown; all but the first column are figures."""
    made = PrettyTable(columns)
    made.set_style(TableStyle.MARKDOWN)
    made.align = "r"
    made.align[columns[0]] = "l"
    return made


if __name__ == "__main__":
    sys.exit(main())
