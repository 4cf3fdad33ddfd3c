"""/quality: what is known of how good a release is, as the Data Quality Vocabulary and as a page."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Response

from unicef_linked import addresses, links
from unicef_linked.errors import UnusableInput
from unicef_linked.metadata.dqv import LinkHealth, describe_quality, link_health
from unicef_linked.presentation.quality_page import quality_page
from unicef_linked.web.responses import formats_of
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from unicef_linked.release import Release
    from unicef_linked.web.responder import Responder


class LinkCheck:
    """What a check of the links has written down, read when it is first asked for: pages are kept as long as we run."""

    def __init__(self, release: Release, state: str) -> None:
        self._release, self._state = release, state

    @cached_property
    def health(self) -> LinkHealth:
        """The links of the release by host; none of them asked where no check is at hand."""
        outgoing = links.outgoing(self._release.quads(), self._release.names.base)
        findings: dict[str, links.Finding] = {}
        if self._state:
            with suppress(UnusableInput):  # the service has said so when it started
                findings = links.read_state(Path(self._state))
        return link_health(((link.url, link.host) for link in outgoing), findings)


def quality(responder: Responder, check: LinkCheck, suffix: str | None = None) -> Response:
    """Return the measurements of the release by the Data Quality Vocabulary, or as a page."""

    def page() -> bytes:
        return responder.render(
            "quality.html",
            address=responder.public_address(),
            formats=formats_of(addresses.QUALITY),
            **quality_page(responder.context(), responder.languages, check.health),
        )

    return responder.respond(
        addresses.QUALITY,
        suffix,
        lambda: describe_quality(responder.dataset, responder.translations, check.health),
        page,
    )


def routes(responder: Responder, links_state: str) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("quality", __name__)
    check = LinkCheck(responder.dataset.release, links_state)
    bind(blueprint, ("/quality", "/quality.<suffix>"), quality, responder, check)
    return blueprint
