"""Print, as JSON, what feedparser reads of a feed: faults, version, language, entries."""

import json
import sys

import feedparser

feed = feedparser.parse(sys.argv[1])
entries = [
    {
        "id": entry.id,
        "title": entry.title,
        "updated": list(entry.updated_parsed[:3]),
        "language": entry.content[0].language,
        "text": entry.content[0].value,
    }
    for entry in feed.entries
]
print(json.dumps([feed.bozo, feed.version, feed.feed.title, entries]))
