"""/quality: the quality of the release, by the Data Quality Vocabulary and as a page."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Response

from unicef_linked import addresses, links
from unicef_linked.errors import UnusableInput
from unicef_linked.metadata.dqv import describe_quality, read_links
from unicef_linked.presentation.quality_page import arrange, read_quality
from unicef_linked.web.responses import formats_of
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from unicef_linked.dataset.description import Description
    from unicef_linked.links import Finding
    from unicef_linked.metadata.dqv import LinkSummary
    from unicef_linked.web.responder import Responder


class _CheckedLinks:
    """The outgoing links of the release in the light of a check, counted once."""

    def __init__(self, responder: Responder, findings: Mapping[str, Finding]) -> None:
        self._responder, self._findings = responder, findings

    @cached_property
    def summary(self) -> LinkSummary:
        """The links by host."""
        return read_links(self._responder.dataset, self._findings)


def quality(responder: Responder, checked: _CheckedLinks, suffix: str | None = None) -> Response:
    """Return the measurements of the release, or a page that shows them."""

    def description() -> Description:
        return describe_quality(responder.dataset, checked.summary, responder.translations)

    def page() -> bytes:
        context = responder.context()
        values = arrange(context, read_quality(context, checked.summary, responder.languages))
        return responder.render(
            "quality.html",
            page=values,
            title=values.title,
            address=responder.public_address(),
            formats=formats_of(addresses.QUALITY),
        )

    return responder.respond(addresses.QUALITY, suffix, description, page)


def _read_findings(state: str) -> Mapping[str, Finding]:
    """Return the findings of a link check; none if its file cannot be used.

    The service reports an unusable file when it starts.
    """
    try:
        return links.read_state(Path(state)) if state else {}
    except UnusableInput:
        return {}


def routes(responder: Responder, links_state: str) -> Blueprint:
    """Return the routes, bound to what they need; ``links_state`` is a file that is read once."""
    blueprint = Blueprint("quality", __name__)
    checked = _CheckedLinks(responder, _read_findings(links_state))
    bind(blueprint, ("/quality", "/quality.<suffix>"), quality, responder, checked)
    return blueprint
