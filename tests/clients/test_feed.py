"""feedparser: it reads what each release changed, in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.conftest import Clients
    from tests.conftest import Server

    from unicef_linked.release import Release


def test_feedparser_reads_the_changes_in_both_languages(
    serve: Callable[..., Server], clients: Clients, chain: tuple[Release, ...]
) -> None:
    server = serve("--release", str(chain[-1].path), "--workers", "1")
    titles = set()
    for language, words in (("en", "added"), ("fr", "ajouté")):
        address = f"{server.url}/changes.atom?lang={language}"
        is_malformed, version, title, entries = clients.python("feed.py", address)
        assert (is_malformed, version) == (False, "atom10")
        titles.add(title)
        assert [tuple(entry["updated"]) for entry in entries] == [
            release.manifest.instant.timetuple()[:3] for release in reversed(chain)
        ]
        assert {entry["language"] for entry in entries} == {language}
        assert words in entries[3]["text"]
    assert len(titles) == 2
