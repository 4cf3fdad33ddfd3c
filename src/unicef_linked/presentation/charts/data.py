"""What a chart is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode

from unicef_linked.dataset.labels import Text
from unicef_linked.presentation.local_formats import format_number

if TYPE_CHECKING:
    import gettext

    from unicef_linked.dataset.charts import ChartTable, Details
    from unicef_linked.dataset.labels import LabelResolver, Link
    from unicef_linked.rdf.terms import Solution


class ChartError(Exception):
    """A chart cannot be drawn from its rows. The message is for the page, in its language."""


@dataclass(frozen=True, slots=True)
class ChartData:
    """The rows of a chart, with what the dataset says of the things in them."""

    table: ChartTable
    details: Details
    reader: LabelResolver
    language: str  # of the page, as a BCP 47 tag
    messages: gettext.NullTranslations  # of that language

    def link(self, row: Solution, variable: str) -> Link | None:
        """Return the IRI that a variable is bound to."""
        term = row.get(variable)
        return self.reader.link(term.value) if isinstance(term, NamedNode) else None

    def required_link(self, row: Solution, variable: str) -> Link:
        """Return the IRI that a variable has to be bound to; raises ChartError if it is not."""
        link = self.link(row, variable)
        if link is None:
            _ = self.messages.gettext
            raise ChartError(
                _("The query of this picture leaves %(name)s without an IRI in some row.")
                % {"name": f"?{variable}"}
            )
        return link

    def texts(self, iri: str, predicate: str) -> tuple[Text, ...]:
        """Return the values of a property in the language of the page, else in all languages."""
        literals = self.details.literals(iri, predicate)
        distinct = {Text(literal.value, literal.language or "") for literal in literals}
        texts = sorted(distinct, key=lambda text: (text.language, text.text))
        preferred = [text for text in texts if text.language in {"", self.language}]
        return tuple(preferred or texts)

    def number(self, value: float) -> str:
        """Return a number as the language writes it."""
        return format_number(value, self.language)


def lexical(row: Solution, variable: str) -> str:
    """Return the text that a variable is bound to, "" if it is unbound."""
    return str(getattr(row.get(variable), "value", ""))


def is_true(row: Solution, variable: str) -> bool:
    """Return whether a variable is bound to a true literal of xsd:boolean."""
    term = row.get(variable)
    return isinstance(term, Literal) and term.value in {"true", "1"}
