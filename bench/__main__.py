"""``python -m bench [SECTION …]``: measure, and print a table for each section."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench import isolation, storm, throughput
from bench.load import CONNECTIONS, Failed
from bench.running import Run, say
from bench.servers import NotRunning
from unicef_linked.cli.releases import packaged_release

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.report import Report

SECTIONS: Final[dict[str, Callable[[Run], Report]]] = {
    "queries": throughput.queries,
    "cache": throughput.cache,
    "documents": throughput.documents,
    "isolation": isolation.isolation,
    "storm": storm.storm,
}


def main() -> int:
    """Run the sections and return 0; 1 where a target is missed,
    2 where a section could not be measured.
    """
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help=f"{', '.join(SECTIONS)}; default: all"
    )
    parser.add_argument(
        "--release", type=Path, metavar="DIR", help="a release; default: the packaged dataset"
    )
    parser.add_argument(
        "--seconds", type=float, default=4.0, metavar="S", help="how long one measurement takes"
    )
    parser.add_argument(
        "--rounds", type=int, default=4, metavar="N", help="how often each is taken, in turn"
    )
    parser.add_argument(
        "--connections",
        type=int,
        default=CONNECTIONS,
        metavar="N",
        help="how many ask at once; fewer where a query takes a second, or some are turned away",
    )
    options = parser.parse_args()
    if unknown := set(options.sections) - set(SECTIONS):
        parser.error(
            f"there is no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}"
        )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no server stays behind
    release = (options.release or packaged_release().path).resolve()
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    print(
        f"{cores} cores, load {load:.1f} before the run, Python {platform.python_version()}; release {release.name}\n"
    )
    status = 0
    for name in options.sections or SECTIONS:
        say(f"bench: {name} …")
        with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as stack:
            run = Run(
                release,
                Path(folder),
                options.seconds,
                options.rounds,
                options.connections,
                stack,
            )
            try:
                report = SECTIONS[name](run)
            except (NotRunning, Failed, ValueError) as reason:
                print(f"## {name}\n\n- could not be measured: {reason}\n", flush=True)
                status = 2
                continue
        print(report, "\n", sep="", flush=True)
        if any(line.verdict == "MISSED" for line in report.lines):
            status = max(status, 1)
    return status


sys.exit(main())
