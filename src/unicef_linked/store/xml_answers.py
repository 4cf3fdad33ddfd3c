"""Answers in XML: what XML 1.0 cannot express is refused, and never sent as if it were XML.

The engine writes such characters as they are (https://github.com/oxigraph/oxigraph/issues/1859).
"""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from unicef_linked.errors import NotAcceptable
from unicef_linked.rdf.formats import GRAPH_FORMATS, RDFXML, RESULTS_XML, SOLUTION_FORMATS
from unicef_linked.rdf.serialization import finish_xml
from unicef_linked.store import WHOLE, Answer, Chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unicef_linked.rdf.formats import Format

_XML: Final = frozenset({RDFXML, RESULTS_XML})
_FORBIDDEN: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
"""Characters that XML 1.0 has not, escaped or not (section 2.2), in UTF-8."""
_LONGEST: Final = len(b"<rdf:type-as-property ")
"""Longest text (bytes) that is looked for, and that the end of a chunk may divide."""


def not_acceptable(reason: str, chosen: Format) -> NotAcceptable:
    """Return the error for an answer that ``chosen`` cannot express; it offers other formats."""
    offers = GRAPH_FORMATS if chosen in GRAPH_FORMATS else SOLUTION_FORMATS
    return NotAcceptable([offer.media_type for offer in offers if offer != chosen], reason)


def check_xml(answer: Answer) -> Answer:
    """Return what the engine's library wrote in XML as every XML parser reads it.

    An answer in another format is returned as it is. Raises NotAcceptable if the first ``WHOLE``
    bytes cannot be XML; the chunks of the rest raise it too.
    """
    if answer.format not in _XML:
        return answer
    if answer.whole is not None:
        return replace(answer, whole=_finish(answer.whole, answer.format))
    chunks = _finished(answer)
    head, size = [], 0
    try:
        while size < WHOLE and (chunk := next(chunks, None)) is not None:
            head.append(chunk)
            size += len(chunk)
    except BaseException:
        answer.close()
        raise
    return replace(answer, chunks=Chunks(itertools.chain(head, chunks), answer.close))


def _finished(answer: Answer) -> Iterator[bytes]:
    """Yield the chunks finished, each but for its end if that may be a part of what is changed."""
    rest = b""
    for chunk in answer.chunks:
        content = rest + chunk
        # What is looked for has these bytes at its beginning alone.
        end = max(content.rfind(b"<"), content.rfind(b"\xef"))
        if end < len(content) - _LONGEST:
            end = len(content)
        rest = content[end:]
        if end:
            yield _finish(content[:end], answer.format)
    if rest:
        yield _finish(rest, answer.format)


def _finish(content: bytes, chosen: Format) -> bytes:
    """Return content completed; raise NotAcceptable for a character that XML 1.0 has not."""
    if forbidden := _FORBIDDEN.search(content):
        reason = f"{chosen.title} cannot express the answer: XML 1.0 has no character"
        raise not_acceptable(f"{reason} U+{ord(forbidden[0].decode()):04X}", chosen)
    return finish_xml(content)
