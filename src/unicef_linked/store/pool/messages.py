"""The wire protocol of the pool: datagrams over Unix sockets, as both ends send and read them.

Datagrams, not connections: opening one for each query cost more than a small query does (decision
2). A client keeps its socket for the next query.

A request is a header (``encode_request``), a line of JSON (``Options``) and the query. It goes to
the queue, a socket that all workers read from. Of a request longer than MAX_MESSAGE only the first
part is sent to the queue; the rest goes to the worker that asks for it by SEND_REST.

The answer goes to the socket that sent the request. The first byte of each of its messages is its
kind: one of the constants below, which say what follows it. An empty message, sent when a request
has waited long and at every poll, finds out whether the client's socket still exists.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from unicef_linked.rdf.formats import FORMATS

MAX_MESSAGE: Final = 64 << 10
"""Longest message (bytes): about a third of a send buffer (net.core.wmem_default)."""
STAMP_SIZE: Final = 8
"""Size of a request's stamp (bytes): its first field, which identifies it."""

WHOLE_ANSWER: Final = b"W"
"""Kind: the media type, a line feed, all bytes."""
FIRST_PART: Final = b"H"
"""Kind: the media type, a line feed, the first bytes."""
PART: Final = b"D"
"""Kind: more bytes."""
LAST_PART: Final = b"E"
"""Kind: the last bytes."""
FAILURE: Final = b"X"
"""Kind: a Failure; nothing follows."""
WORKER_ENDED: Final = b"B"
"""Kind: the stamp of the request; its worker has ended."""
WORKER_KILLED: Final = b"K"
"""Kind: the stamp of the request; its worker was killed by another process, or by the kernel."""
WORKER_EVICTED: Final = b"O"
"""Kind: the stamp of the request; its worker was ended to make room for other requests."""
SEND_REST: Final = b"M"
"""Kind: an address; the request is longer than one message, its rest goes there."""

READY: Final = "ready"
"""Line that the supervisor prints: the queue exists, and workers have been forked."""

FORMATS_BY_MEDIA_TYPE: Final = {format_.media_type: format_ for format_ in FORMATS}
"""Formats by the name that messages give them."""

_HEADER: Final = struct.Struct("=ddI")


class Header(NamedTuple):
    """What a request begins with."""

    stamp: float  # when it was sent (s, monotonic clock)
    timeout: float  # s
    length: int  # bytes of the body


class Options(NamedTuple):
    """What a request says besides its query. A tuple, since it is hashed for each request."""

    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    has_dataset: bool  # the graphs are the query's dataset; otherwise it has the whole
    base: str  # against which relative IRIs are resolved; "": they are malformed
    federated: bool  # it may open connections
    solutions: str | None  # media type of an answer to SELECT and ASK; None: not acceptable
    graph: str | None  # media type of an answer to CONSTRUCT and DESCRIBE


class FailureKind(StrEnum):
    """Why a query has no answer, or no complete one."""

    MALFORMED = "malformed"
    NOT_ACCEPTABLE = "not-acceptable"
    UNWRITABLE = "unwritable"
    RESULT_TOO_LARGE = "result-too-large"
    ENGINE_ERROR = "engine-error"
    STORAGE_ERROR = "storage-error"


@dataclass(frozen=True, slots=True)
class Failure:
    """The content of a FAILURE message."""

    kind: FailureKind
    message: str = ""

    def encode(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, content: bytes) -> Failure:
        """Return what ``encode`` wrote."""
        fields = json.loads(content)
        return cls(FailureKind(fields["kind"]), fields["message"])


@lru_cache(maxsize=32)
def encode_options(options: Options) -> bytes:
    """Return options as a line of JSON; cached, since most requests have the same ones."""
    return json.dumps(options).encode() + b"\n"


@lru_cache(maxsize=32)
def decode_options(line: bytes) -> Options:
    """Return what ``encode_options`` wrote, without its line feed; cached likewise."""
    default_graphs, named_graphs, *others = json.loads(line)
    return Options(tuple(default_graphs), tuple(named_graphs), *others)


def encode_request(stamp: float, timeout: float, body: bytes) -> bytes:
    """Return a request. The stamp is a time of the monotonic clock (s), the timeout in s."""
    return _HEADER.pack(stamp, timeout, len(body)) + body


def decode_header(message: bytes) -> Header:
    """Return the header of a request."""
    return Header._make(_HEADER.unpack_from(message))


def encode_body(options: Options, query: str) -> bytes:
    """Return what follows the header of a request; lone surrogates are kept."""
    return encode_options(options) + query.encode(errors="surrogatepass")


def decode_body(body: bytes) -> tuple[Options, str]:
    """Return the options and the query of a request."""
    line, _, query = body.partition(b"\n")
    return decode_options(line), query.decode(errors="surrogatepass")


def first_body_part(message: bytes) -> bytes:
    """Return what the first message of a request has of its body."""
    return message[_HEADER.size :]


LONGEST_QUEUE: Final = 93
"""Longest address of a queue (bytes): those of clients are up to 14 longer, of 107 (unix(7))."""


def slots_path(queue: str) -> Path:
    """Return the path of the file of slots, given the address of the queue."""
    return Path(f"{queue}.slots")


def worker_address(queue: str, pid: int) -> str:
    """Return the address of a worker's own socket, by which it gets the rest of long requests."""
    return f"{queue}.{pid}"


def client_address(queue: str, name: str, number: int) -> str:
    """Return the address of the ``number``-th socket of a client.

    Its name begins with the pid of its process in hexadecimal, followed by a hyphen.
    """
    return f"{queue}.{name}.{number}"
