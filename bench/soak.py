"""``python -m bench.soak``: mixed load, evil queries, clients that leave and processes that are killed, for a while.

Every answer that is whole is compared with the one given at the beginning. An answer may be missing: turned away (503), or
broken off when its process was killed. At the end the figures are printed; the exit status is 1 where an answer was wrong,
an answer was lost without a kill, memory or open files grew, or the service did not stop in order.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
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
from typing import Final

import requests

from bench.processes import children, is_supervisor, memory
from unicef_linked.cli.releases import packaged_release

PATHS: Final = (
    "/doc/office/gao.ttl",
    "/doc/region/gao.html?lang=fr",
    "/doc/office.jsonld",
    "/dataset.ttl",
    "/search?q=gao",
    "/dump/dataset.nq",
    "/fragments.nq?page=1",
    "/sparql?format=csv&query=SELECT(COUNT(*)AS%20?n){?s?p?o}",
    "/sparql?format=csv&query=SELECT?s{?s?p?o}ORDER%20BY?s%20LIMIT%20500",
)
EVIL: Final = (
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?a ?f",
    "SELECT (GROUP_CONCAT(?c) AS ?x) { ?a ?b ?c . ?d ?e ?f }",
)
_AFTER_KILL: Final = 10.0
"""Answers that are missing so long (s) after a kill, or before, are counted as its own."""


@dataclass
class Soak:
    """One run: what is counted, and what has been killed when."""

    url: str
    main: int
    expected: dict[str, bytes] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    lost: list[tuple[float, str]] = field(default_factory=list)
    killed: list[float] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def ask(self, session: requests.Session, path: str) -> None:
        """Ask for an answer, and compare it with the first one."""
        began = time.monotonic()
        try:
            answer = session.get(self.url + path, timeout=60)
        except requests.RequestException as error:
            self.lost.append((time.monotonic(), f"{path}: {type(error).__name__}"))
            return
        if answer.status_code in {429, 503}:
            self.counts["turned away"] += 1
        elif answer.status_code != 200:
            self.lost.append((time.monotonic(), f"{path}: {answer.status_code}"))
        elif answer.content != self.expected.setdefault(path, answer.content):
            self.counts["wrong"] += 1
            print(f"wrong: {path}", flush=True)
        else:
            self.counts["right"] += 1
            self.times.append(time.monotonic() - began)

    def load(self) -> None:
        """Ask for all kinds of things, until it is over."""
        with requests.Session() as session:
            while not self.over.is_set():
                self.ask(session, random.choice(PATHS))

    def evil(self) -> None:
        """Ask the worst of queries; leave half of them."""
        while not self.over.is_set():
            with suppress(requests.RequestException):
                data = {"query": random.choice(EVIL), "timeout": "2"}
                timeout = random.choice((0.5, 30))
                requests.post(f"{self.url}/sparql", data=data, timeout=timeout)
            self.counts["evil"] += 1

    def kill(self) -> None:
        """Kill a process of any kind now and then; the main process alone is spared."""
        while not self.over.wait(random.uniform(4, 12)):
            supervisors = [pid for pid in children(self.main) if is_supervisor(pid)]
            others = [pid for pid in children(self.main) if pid not in supervisors]
            queries = [pid for parent in supervisors for pid in children(parent)]
            kind, pids = random.choice(
                (("query process", queries),) * 6
                + (("web worker", others), ("supervisor", supervisors))
            )
            if pids:
                with suppress(ProcessLookupError):
                    self.killed.append(time.monotonic())
                    os.kill(random.choice(pids), signal.SIGKILL)
                    self.counts[f"killed: {kind}"] += 1

    def unexplained(self) -> list[str]:
        """Return the answers that were lost though nothing was killed about that time."""
        return [
            what
            for when, what in self.lost
            if all(abs(when - kill) > _AFTER_KILL for kill in self.killed)
        ]


def usage(main: int) -> tuple[float, int]:
    """Return the proportional memory (MiB) and the open files of a service, of its lasting processes."""
    used, files = 0.0, 0
    for pid in (main, *children(main)):
        used += memory(pid).pss
        with suppress(OSError):
            files += sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return used, files


def start(log: Path) -> tuple[subprocess.Popen[str], str]:
    """Start a service; return it and its address."""
    release = packaged_release().path
    command = [sys.executable, "-m", "unicef_linked", "serve", "--port", "0", "--workers", "2"]
    process = subprocess.Popen(
        [*command, "--release", str(release)],
        stdout=subprocess.PIPE,
        stderr=log.open("wb"),
        text=True,
        cwd="/",
    )
    assert process.stdout
    line = process.stdout.readline()
    match = re.search(r"http://[^/\s]+", line)
    assert match, line
    return process, match[0]


def main() -> int:
    """Run for as long as is asked, and print what came."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        process, url = start(log)
        soak = Soak(url, process.pid)
        with requests.Session() as session:
            for path in PATHS:
                soak.ask(session, path)
        threads = [threading.Thread(target=soak.load) for _ in range(3)]
        threads += [threading.Thread(target=soak.evil), threading.Thread(target=soak.kill)]
        for thread in threads:
            thread.start()
        samples: list[tuple[float, int]] = []
        end = time.monotonic() + options.minutes * 60
        while time.monotonic() < end and process.poll() is None:
            time.sleep(min(5, options.minutes * 6))
            samples.append(usage(process.pid))
        soak.over.set()
        for thread in threads:
            thread.join()
        process.terminate()
        status = process.wait(timeout=60)
        return report(soak, samples, status, log.read_text(errors="replace"))


def report(soak: Soak, samples: list[tuple[float, int]], status: int, log: str) -> int:
    """Print the figures; return 1 where one is not as it should be."""
    part = max(1, len(samples) // 4)
    begin, last = samples[part : 2 * part] or samples, samples[-part:]
    used = [statistics.median(sample[0] for sample in each) for each in (begin, last)]
    files = [statistics.median(sample[1] for sample in each) for each in (begin, last)]
    unexplained = soak.unexplained()
    for name, number in sorted(soak.counts.items()):
        print(f"{name}: {number}")
    times = sorted(soak.times)
    print(f"p50 {times[len(times) // 2]:.3f} s, p99 {times[len(times) * 99 // 100]:.3f} s")
    print(f"lost about a kill: {len(soak.lost) - len(unexplained)}, otherwise: {len(unexplained)}")
    print(f"memory: {used[0]:.0f} MiB in the second quarter, {used[1]:.0f} in the last")
    print(f"open files: {files[0]:.0f} in the second quarter, {files[1]:.0f} in the last")
    print(f"lines of the log: {log.count(chr(10))}, with a traceback: {log.count('Traceback')}")
    print(f"exit status: {status}")
    faults = [
        soak.counts["wrong"] > 0 and "an answer was wrong",
        bool(unexplained) and f"answers were lost: {unexplained[:5]}",
        used[1] > 1.2 * used[0] + 20 and "memory grew",
        files[1] > 1.2 * files[0] + 20 and "open files grew",
        status != 0 and "it did not stop in order",
    ]
    for fault in filter(None, faults):
        print(f"fault: {fault}")
    return int(any(faults))


if __name__ == "__main__":
    sys.exit(main())
