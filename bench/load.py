"""wrk as the load generator: a closed loop of connections that sends prepared requests, in turn."""

from __future__ import annotations

import itertools
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.servers import OURS, find

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.servers import Server

NONCE: Final = "NONCE"
"""Where a path differs from one request to the next, so that nothing can answer it from a cache."""
CONNECTIONS: Final = 16
"""Connections unless it is said: enough to keep two cores busy with short queries."""
_ENOUGH: Final = 5
"""Requests per connection below which a count says little:
what is under way at the end is not in it."""

_AT_REST: Final = b"unicef_linked_queries_unanswered 0.0"
_LONGEST_REST: Final = 15.0
"""Longest wait (s) for a server to be at rest: more than the deadline of a query."""

_SCRIPT: Final = """
local requests = {{ {requests} }}
local ready, turn, nonce = {{}}, 0, {nonce}
function init(args)
  for i, one in ipairs(requests) do ready[i] = wrk.format("GET", one[1], one[2]) end
end
function request()
  turn = turn % #ready + 1
  {differ}
end
function done(summary, latency, _)
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration, errors.status, broken,
    latency:percentile(50), latency:percentile(99)))
end
"""
_ALIKE: Final = "return ready[turn]"
_DIFFERENT: Final = f"""nonce = nonce + 1
  return (ready[turn]:gsub("{NONCE}", tostring(nonce), 1))"""
_nonces = itertools.count(
    1_000_000_000, 100_000_000
)  # a server keeps its cache from one measurement to the next


Request = tuple[str, "Mapping[str, str]"]
"""Path and headers."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run of wrk saw: requests a second, and percentiles of latency in milliseconds."""

    rate: float
    p50: float
    p99: float
    requests: int


class Failed(Exception):
    """Something was answered with an error, or a connection broke: then there is no figure."""


def measure(
    server: Server,
    requests: Sequence[Request],
    *,
    seconds: float,
    folder: Path,
    connections: int = CONNECTIONS,
) -> Measured:
    """Return how a server answers these requests, each in its turn.

    A server too slow for a good count in that time gets four times as long.
    Raises Failed unless each request was answered below 400.
    """
    _wait_until_at_rest(server)
    measured = _measure(server, requests, seconds, folder, connections)
    if measured.requests >= _ENOUGH * connections:
        return measured
    _wait_until_at_rest(server)
    return _measure(server, requests, 4 * seconds, folder, connections)


def _wait_until_at_rest(server: Server) -> None:
    """Wait until our server has ended what the measurement before left, or some seconds."""
    latest = time.monotonic() + _LONGEST_REST
    while server.name == OURS and time.monotonic() < latest:
        if _AT_REST in server.get("/metrics")[2]:
            return
        time.sleep(0.1)


def _measure(
    server: Server, requests: Sequence[Request], seconds: float, folder: Path, connections: int
) -> Measured:
    different = any(NONCE in path for path, _ in requests)
    script = folder / "wrk.lua"
    text = _SCRIPT.format(
        requests=",\n".join(
            f"{{ [==[{path}]==], {{ {_table(headers)} }} }}" for path, headers in requests
        ),
        nonce=next(_nonces),
        differ=_DIFFERENT if different else _ALIKE,
    )
    script.write_text(text, encoding="utf-8")
    command = [
        find("wrk", "apt-get install wrk"),
        "-t1",
        f"-c{connections}",
        f"-d{max(1, round(seconds))}s",
    ]
    command += ["--timeout", "30s", "-s", str(script), f"http://127.0.0.1:{server.port}/"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    line = next((line for line in said.stdout.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise Failed(f"wrk against {server.name}: {(said.stderr or said.stdout)[-300:]}")
    count, duration, refused, broken, p50, p99 = (int(word) for word in line.split()[1:])
    if refused or broken:
        raise Failed(
            f"{server.name}: of {count} requests {refused} got an error status, {broken} broke off"
        )
    return Measured(count / duration * 1e6, p50 / 1000, p99 / 1000, count)


def _table(headers: Mapping[str, str]) -> str:
    """Return headers as what stands in a Lua table."""
    return ", ".join(f"[ [==[{name}]==] ] = [==[{value}]==]" for name, value in headers.items())
