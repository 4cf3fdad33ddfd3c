"""Answers in XML: what is looked for is found wherever chunks end, and nothing else is changed."""

from __future__ import annotations

import pytest

from unicef_linked.errors import NotAcceptable
from unicef_linked.rdf.formats import RDFXML, RESULTS_CSV, RESULTS_XML, Format
from unicef_linked.store import Answer
from unicef_linked.store.xml_answers import check_xml


def read(content: bytes, size: int, chosen: Format = RESULTS_XML) -> bytes:
    """Return a streamed answer whose chunks have ``size`` bytes."""
    chunks = (content[start : start + size] for start in range(0, len(content), size))
    return b"".join(check_xml(Answer(chosen, None, chunks)).chunks)


SIZES = pytest.mark.parametrize("size", [1, 2, 3, 5, 22, 23, 1000])


@SIZES
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"\x0c", id="a form feed"),
        pytest.param(b"\x00", id="a null"),
        pytest.param("\ufffe".encode(), id="U+FFFE"),
        pytest.param("\uffff".encode(), id="U+FFFF"),
    ],
)
def test_a_forbidden_character_is_found_in_chunks_of_any_size(text: bytes, size: int) -> None:
    with pytest.raises(NotAcceptable, match=r"has no character U\+"):
        read(b"<literal>a" + text + b"b</literal>", size)


@SIZES
def test_what_the_engine_writes_is_completed_in_chunks_of_any_size(size: int) -> None:
    written = "<rdf:type-as-property rdf:resource=''/>a\r\né&amp;#12;&#13;\uffe9".encode()
    expected = "<rdf:type rdf:resource=''/>a&#xD;\né&amp;#12;&#13;\uffe9".encode()
    assert read(written, size, RDFXML) == expected
    assert check_xml(Answer(RDFXML, written, iter(()))).whole == expected


def test_other_formats_may_have_any_character() -> None:
    assert read(b"a\x0cb\r\n", 2, RESULTS_CSV) == b"a\x0cb\r\n"
