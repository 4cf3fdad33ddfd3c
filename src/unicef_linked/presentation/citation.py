"""The citation of a page for reference managers: BibTeX and CSL-JSON. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Citation:
    """Fields of a citation of one resource in one release; "" if unknown."""

    title: str
    dataset: str
    publisher: str
    release: str
    iri: str
    language: str

    @property
    def key(self) -> str:
        """The citation key: the end of the IRI and the release.

        >>> iri = "https://w3id.org/unicef-linked/id/office/gao"
        >>> Citation("Gao", "", "", "83333f7da014", iri, "en").key
        'office-gao-83333f7da014'
        """
        parts = [part for part in re.split(r"[^A-Za-z0-9-]+", self.iri) if part]
        return "-".join([*parts[-2:], self.release])

    @property
    def bibtex(self) -> str:
        """The entry for BibTeX and BibLaTeX."""
        fields = {
            "title": f"{{{_plain(self.title)}}}",
            "author": f"{{{_plain(self.publisher)}}}" if self.publisher else "",
            "howpublished": _plain(self.dataset),
            "version": self.release,
            "url": self.iri,
            "langid": {"fr": "french", "en": "english"}.get(self.language, self.language),
        }
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        return "\n".join([f"@misc{{{self.key},", *lines, "}"])

    @property
    def csl(self) -> str:
        """The item for programs that read CSL-JSON: Zotero, Pandoc."""
        item = {
            "id": self.key,
            "type": "dataset",
            "title": self.title,
            "container-title": self.dataset,
            "author": [{"literal": self.publisher}] if self.publisher else "",
            "publisher": self.publisher,
            "version": self.release,
            "URL": self.iri,
            "language": self.language,
        }
        return json.dumps(
            [{name: value for name, value in item.items() if value}], ensure_ascii=False, indent=1
        )


def _plain(text: str) -> str:
    r"""Return text with the special characters of BibTeX escaped or removed.

    >>> _plain("R&D {50 %}")
    'R\\&D 50 \\%'
    """
    return re.sub(r"([&%$#_])", r"\\\1", re.sub(r"[{}\\]", "", text))
