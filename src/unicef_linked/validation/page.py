"""Whether the text of a source says what claims of it say: digest, ranges, numbers, names. Pure.

The page itself is not published; an editor who has it checks the passages against its words.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal

from unicef_linked.errors import UnusableInput
from unicef_linked.rdf.iris import PROV, RDF, SHACL, SKOS, XSD
from unicef_linked.rdf.terms import value_of
from unicef_linked.validation.report import Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyoxigraph import Quad

    from unicef_linked.rdf.iris import Names
    from unicef_linked.rdf.terms import Term

_OA: Final = "http://www.w3.org/ns/oa#"

_NUMBERS: Final = frozenset(
    f"{XSD}{name}" for name in ("integer", "nonNegativeInteger", "decimal", "gYear", "gYearMonth")
)
"""Datatypes whose first number stands in the text as digits."""

_NAMED: Final = ("Region", "Place", "Subdivision", "Cercle", "Commune")
"""Classes whose instances a text calls by name."""


@dataclass(frozen=True)
class _Data:
    """Statements by subject and predicate."""

    values: dict[str, dict[str, list[Term]]]

    def texts(self, subject: str, predicate: str) -> list[str]:
        return [value_of(term) for term in self.values.get(subject, {}).get(predicate, ())]

    def first(self, subject: str, predicate: str) -> str:
        return next(iter(self.texts(subject, predicate)), "")

    def with_type(self, iri: str) -> list[str]:
        """Return the subjects of a class, in order."""
        return sorted(s for s in self.values if iri in self.texts(s, f"{RDF}type"))


@dataclass(frozen=True)
class _Page:
    """The text of one source, and what the data says of it."""

    data: _Data
    names: Names
    source: str
    content: bytes

    @cached_property
    def text(self) -> str:
        return self.content.decode("utf-8")

    def results(self) -> Iterator[Result]:
        """Yield what is wrong."""
        digest = hashlib.sha256(self.content).hexdigest()
        stated = self.data.first(self.source, self.names.term("sha256"))
        if stated.lower() != digest:
            yield self._result(
                self.source,
                self.names.term("sha256"),
                stated,
                f"The page has the SHA-256 {digest}: it is another text than the one that the"
                " passages are of.",
                f"La page a le SHA-256 {digest} : c’est un autre texte que celui des passages.",
            )
        for passage, (start, end) in sorted(self.ranges.items()):
            if not 0 <= start < end <= len(self.text):
                yield self._result(
                    passage,
                    f"{_OA}hasSelector",
                    f"{start}-{end}",
                    f"The page has {len(self.text):,} characters: the range {start}-{end} is not"
                    " in it.",
                    f"La page a {len(self.text)} caractères : l’étendue {start}-{end} n’y est pas.",
                )
        for claim in self.data.with_type(self.names.term("Claim")):
            yield from self._of_claim(claim)

    @cached_property
    def ranges(self) -> dict[str, tuple[int, int]]:
        """The ranges of the passages of the source."""
        ranges = {}
        for passage in self.data.with_type(self.names.term("Passage")):
            selector = self.data.first(passage, f"{_OA}hasSelector")
            start, end = (self.data.first(selector, f"{_OA}{name}") for name in ("start", "end"))
            is_ours = self.source in self.data.texts(passage, f"{_OA}hasSource")
            if is_ours and start.isdecimal() and end.isdecimal():
                ranges[passage] = (int(start), int(end))
        return ranges

    def _of_claim(self, claim: str) -> Iterator[Result]:
        """Yield what a stated claim says that its passages do not."""
        passages = self.data.texts(claim, f"{PROV}wasDerivedFrom")
        ranges = [self.ranges[passage] for passage in passages if passage in self.ranges]
        is_stated = self.names.term("Stated") in self.data.texts(claim, self.names.term("basis"))
        if not (is_stated and ranges):
            return
        words = " … ".join(self.text[start:end] for start, end in ranges)
        for value in self.data.values[claim].get(f"{RDF}object", ()):
            if not self._is_said(value, words):
                yield self._result(
                    claim,
                    f"{RDF}object",
                    value_of(value),
                    f"The passages do not say {self._shown(value)}: “{_shortened(words)}”. Correct"
                    " the value, or name the passage that says it.",
                    f"Les passages ne disent pas {self._shown(value)} : « {_shortened(words)} »."
                    " Corrigez la valeur, ou nommez le passage qui la dit.",
                )

    def _is_said(self, value: Term, words: str) -> bool:
        """Return whether a text has a number, or a name, of a value; others are not looked for.

        A text without digits may have the number in words.
        """
        if isinstance(value, Literal):
            number = re.match(r"-?\d+", value.value)
            has_digits = re.search(r"\d", words)
            if value.datatype.value not in _NUMBERS or not number or not has_digits:
                return True
            digits = re.sub(r"(?<=\d)[\s\u00a0\u202f.,](?=\d{3}\b)", "", words)
            return re.search(rf"(?<!\d){re.escape(number[0])}(?!\d)", digits) is not None
        iri = value_of(value)
        kinds = {self.names.term(name) for name in _NAMED}
        if kinds.isdisjoint(self.data.texts(iri, f"{RDF}type")):
            return True
        labels = [
            text
            for name in ("altLabel", "prefLabel", "hiddenLabel")
            for text in self.data.texts(iri, f"{SKOS}{name}")
        ]
        folded = f" {_folded(words)} "
        return any(f" {_folded(label)} " in folded for label in labels)

    def _shown(self, value: Term) -> str:
        if isinstance(value, Literal):
            return value.value
        labels = self.data.texts(value_of(value), f"{SKOS}prefLabel")
        return labels[0] if labels else self.names.shorten(value_of(value))

    def _result(self, focus: str, path: str, value: str, english: str, french: str) -> Result:
        return Result(
            "Violation",
            focus,
            path,
            value,
            f"{SHACL}SPARQLConstraintComponent",
            "",
            (("en", english), ("fr", french)),
        )


def check_page(quads: Iterable[Quad], content: bytes, names: Names) -> list[Result]:
    """Return what the text of a page does not say that claims of it do.

    The source is the one with the digest of the text; where none has it, the only source with
    passages. Raises UnusableInput if there are several, or none, and for text that is not UTF-8.
    """
    values: dict[str, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for quad in quads:
        values[value_of(quad.subject)][quad.predicate.value].append(quad.object)
    data = _Data(values)
    sources = [
        s for s in data.with_type(names.term("Source")) if data.first(s, names.term("sha256"))
    ]
    digest = hashlib.sha256(content).hexdigest()
    same = [s for s in sources if data.first(s, names.term("sha256")).lower() == digest]
    chosen = same or sources
    if len(chosen) != 1:
        raise UnusableInput(
            f"none of the {len(sources)} sources with a ul:sha256 has that of the page, {digest}"
        )
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnusableInput(
            f"the page is not UTF-8: byte {error.start} cannot be decoded"
        ) from None
    return list(_Page(data, names, chosen[0], content).results())


def _folded(text: str) -> str:
    """Return the words of a text without case and accents, one space apart."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(
        re.findall(r"[^\W_]+", "".join(c for c in decomposed if not unicodedata.combining(c)))
    )


def _shortened(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:119]}…"
