"""wrk as the load generator: a closed loop of connections that sends prepared requests, in turn."""

from __future__ import annotations

import itertools
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.servers import find

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.servers import Server

NONCE: Final = "NONCE"
"""Where a path differs from one request to the next, so that nothing can answer it from a cache."""
CONNECTIONS: Final = 16

_SCRIPT: Final = """
local paths = {{ {paths} }}
local headers = {{ {headers} }}
local ready, turn, nonce = {{}}, 0, {nonce}
function init(args)
  for i, path in ipairs(paths) do ready[i] = wrk.format("GET", path, headers) end
end
function request()
  turn = turn % #ready + 1
  {differ}
end
function done(summary, latency, requests)
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration, errors.status, broken,
    latency:percentile(50), latency:percentile(99)))
end
"""
_ALIKE: Final = "return ready[turn]"
_DIFFERENT: Final = f"""nonce = nonce + 1
  return (ready[turn]:gsub("{NONCE}", tostring(nonce), 1))"""
_nonces = itertools.count(1_000_000_000, 100_000_000)  # a server keeps its cache from one measurement to the next


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
    paths: Sequence[str],
    headers: Mapping[str, str],
    *,
    seconds: float,
    folder: Path,
    connections: int = CONNECTIONS,
) -> Measured:
    """Return how a server answers these requests, one path after the other on every connection.

    Raises Failed unless each was answered below 400.
    """
    different = any(NONCE in path for path in paths)
    script = folder / "wrk.lua"
    text = _SCRIPT.format(
        paths=", ".join(f"[==[{path}]==]" for path in paths),
        headers=", ".join(f"[ [==[{name}]==] ] = [==[{value}]==]" for name, value in headers.items()),
        nonce=next(_nonces),
        differ=_DIFFERENT if different else _ALIKE,
    )
    script.write_text(text, encoding="utf-8")
    command = [find("wrk", "apt-get install wrk"), "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
    command += ["--timeout", "30s", "-s", str(script), f"http://127.0.0.1:{server.port}/"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    line = next((line for line in said.stdout.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise Failed(f"wrk against {server.name}: {(said.stderr or said.stdout)[-300:]}")
    requests, duration, refused, broken, p50, p99 = (int(word) for word in line.split()[1:])
    if refused or broken or not requests:
        raise Failed(f"{server.name}: of {requests} requests {refused} got an error status, {broken} broke off")
    return Measured(requests / duration * 1e6, p50 / 1000, p99 / 1000, requests)
