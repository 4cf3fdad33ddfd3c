"""``unicef-linked why``: who says so, where, as of when, and how it follows."""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from pyoxigraph import NamedNode, RdfFormat

from unicef_linked.cli import options
from unicef_linked.cli.options import PATH, Command, OneOf
from unicef_linked.cli.releases import chosen_release
from unicef_linked.config import terminal_language
from unicef_linked.errors import UnusableInput
from unicef_linked.i18n import read_translations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from unicef_linked.presentation.evidence import Claim, Origin, Passage, Source
    from unicef_linked.presentation.reasons import Reason, Reasons
    from unicef_linked.rdf.iris import Names
    from unicef_linked.release import Manifest


@click.command("why", cls=Command)
@click.argument("subject", metavar="SUBJECT")
@click.argument("predicate", required=False, metavar="[PREDICATE]")
@click.option("--source", type=PATH, metavar="FILE", help="the document, to show its words")
@options.release
@click.option("--format", "style", type=OneOf(("text", "json", "turtle")), default="text")
def command(
    subject: str, predicate: str | None, source: Path | None, release: Path | None, style: str
) -> int:
    """Show for each statement who says so, where, as of when and how.

    SUBJECT is a TYPE/KEY, such as office/gao, or an IRI; PREDICATE a term, such as ul:staffCount.
    """
    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.presentation.reasons import read_reasons
    from unicef_linked.rdf.serialization import write_rdf
    from unicef_linked.store.archived import Archived
    from unicef_linked.store.statements import LoadedStatements

    chosen = chosen_release(release)
    names = chosen.names
    iri = _expand(names, subject) if ":" in subject else f"{names.entities}{subject}"
    predicates = [_expand(names, predicate)] if predicate else []
    language = terminal_language()
    messages = read_translations().of(language)
    with closing(Archived(chosen)) as store:
        context = PageContext(PublishedDataset(chosen, store), language, lambda _: None, messages)
        reasons = read_reasons(context, LoadedStatements(store), _checked(iri), predicates)
        document = _read_document(source, reasons) if source else None
    if not reasons.reasons:
        about = f"{subject} {predicate}" if predicate else subject
        raise UnusableInput(f"{about}: release {chosen.manifest.name} has no such statement")
    if style == "turtle":
        output = write_rdf(reasons.triples(), RdfFormat.TURTLE, names.prefixes)
    elif style == "json":
        content = _to_json(reasons, chosen.manifest, document)
        output = (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
    else:
        lines = _to_text(reasons, chosen.manifest, names, document)
        output = ("\n".join(lines) + "\n").encode()
    sys.stdout.buffer.write(output)
    return 0


def _expand(names: Names, text: str) -> str:
    """Return the IRI of a prefixed name, or of a term of the ontology by its local name."""
    prefix, colon, local = text.partition(":")
    if not colon:
        return names.term(text)
    namespace = names.prefixes.get(prefix)
    return namespace + local if namespace and not local.startswith("//") else text


def _checked(iri: str) -> str:
    try:
        return NamedNode(iri).value
    except ValueError:
        raise UnusableInput(
            f"{iri} is no IRI; give a TYPE/KEY, such as office/gao, or an IRI"
        ) from None


@dataclass(frozen=True, slots=True)
class _Document:
    """The text of a source that the reader has."""

    sha256: str
    text: str

    def words(self, passage: Passage) -> str | None:
        """Return the words of a passage, None if it is of another source."""
        source = passage.source
        if source is None or source.digest.lower() != self.sha256:
            return None
        if not (passage.start.isdecimal() and passage.end.isdecimal()):
            return None
        return self.text[int(passage.start) : int(passage.end)]


def _read_document(path: Path, reasons: Reasons) -> _Document:
    """Return the document in a file; raises UnusableInput if it is no source of a statement."""
    try:
        content = path.read_bytes()
        document = _Document(hashlib.sha256(content).hexdigest(), content.decode())
    except OSError as error:
        raise UnusableInput(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnusableInput(f"{path} is not UTF-8; give the text that was read") from None
    digests = set()
    for reason in reasons.reasons:
        for claim in reason.claims:
            sources = (claim.source, *(passage.source for passage in claim.passages))
            digests |= {source.digest.lower() for source in sources if source}
    if digests - {""} and document.sha256 not in digests:
        known = ", ".join(sorted(digests - {""}))
        raise UnusableInput(
            f"{path} is not the document that was read: its SHA-256 is {document.sha256}, that of"
            f" the source {known}"
        )
    return document


# As JSON


def _to_json(reasons: Reasons, manifest: Manifest, document: _Document | None) -> dict[str, Any]:
    return {
        "subject": reasons.iri,
        "label": reasons.reader.label(reasons.iri).text,
        "release": {"name": manifest.name, "issued": manifest.issued},
        "statements": [
            {
                "predicate": reason.predicate.value,
                "object": str(reason.object),
                "how": list(reason.how),
                "claims": [_claim_to_json(claim, document) for claim in reason.claims],
                "graphs": [_origin_to_json(reasons, origin) for origin in reason.origins],
            }
            for reason in reasons.reasons
        ],
    }


def _claim_to_json(claim: Claim, document: _Document | None) -> dict[str, Any]:
    passages = []
    for passage in claim.passages:
        described: dict[str, Any] = {
            "iri": passage.link.iri,
            "start": passage.start,
            "end": passage.end,
        }
        words = document.words(passage) if document else None
        if words is not None:
            described["words"] = words
        passages.append(described)
    return {
        "iri": claim.link.iri,
        "basis": claim.basis.iri if claim.basis else None,
        "source": _source_to_json(claim.document) if claim.document else None,
        "passages": passages,
    }


def _origin_to_json(reasons: Reasons, origin: Origin) -> dict[str, Any]:
    described: dict[str, Any] = {
        "iri": origin.link.iri,
        "derived": origin.derived,
        "licence": origin.licence.iri if origin.licence else None,
        "sources": [_source_to_json(source) for source in origin.sources],
    }
    if origin.rule:
        described["rule"] = {"iri": origin.rule.iri, "text": reasons.rule_text(origin)}
    return described


def _source_to_json(source: Source) -> dict[str, Any]:
    return {
        "iri": source.link.iri,
        "label": source.link.label.text,
        "issued": source.issued.value if source.issued else None,
        "sha256": source.digest or None,
        "licence": source.licence.iri if source.licence else None,
    }


# As text


def _to_text(
    reasons: Reasons, manifest: Manifest, names: Names, document: _Document | None
) -> Iterator[str]:
    label = reasons.reader.label(reasons.iri).text
    yield f"{names.shorten(reasons.iri)} ({label}), release {manifest.name} of {manifest.issued}"
    for reason in reasons.reasons:
        yield ""
        yield f"{names.shorten(reason.predicate.value)} {_shown(reason, names)}"
        yield f"  how: {', '.join(reason.how)}"
        for claim in reason.claims:
            yield from _claim_lines(claim, names, document)
        for origin in reason.origins:
            yield from _origin_lines(origin, names)


def _shown(reason: Reason, names: Names) -> str:
    link = reason.value.link
    if link is None:
        return str(reason.object)
    short = names.shorten(link.iri)
    return short if link.label.text == short else f"{short} ({link.label.text})"


def _claim_lines(claim: Claim, names: Names, document: _Document | None) -> Iterator[str]:
    basis = f" ({claim.basis.label.text})" if claim.basis else ""
    yield f"  claim: {names.shorten(claim.link.iri)}{basis}"
    if claim.document:
        yield f"    source: {_source_line(claim.document, names)}"
    for passage in claim.passages:
        words = document.words(passage) if document else None
        quoted = "" if words is None else f": “{' '.join(words.split())}”"
        yield f"    characters {passage.start} to {passage.end}{quoted}"


def _origin_lines(origin: Origin, names: Names) -> Iterator[str]:
    licence = f", licence {origin.licence.iri}" if origin.licence else ""
    if origin.rule:
        yield f"  rule: {names.shorten(origin.rule.iri)} made {names.shorten(origin.link.iri)}"
    else:
        path = origin.link.iri.removeprefix(names.graph(""))
        yield f"  file: {path} ({origin.link.label.text}){licence}"
    for source in origin.sources:
        yield f"    source: {_source_line(source, names)}"


def _source_line(source: Source, names: Names) -> str:
    parts = [f"{names.shorten(source.link.iri)} “{source.link.label.text}”"]
    parts.append(f"of {source.issued.value}" if source.issued else "undated")
    if source.digest:
        parts.append(f"SHA-256 {source.digest}")
    if source.licence:
        parts.append(f"licence {source.licence.iri}")
    return ", ".join(parts)
