"""Follow a page's typed links with the client `signposting`:
prints the targets of each relation, and of its link sets.
"""

import json
import sys

from signposting import find_signposting_http, find_signposting_linkset

page = find_signposting_http(sys.argv[1])


def targets(relation):
    return sorted({link.target for link in page.signposts if link.rel == relation})


linksets = {}
for link in page.linksets:
    found = find_signposting_linkset(link.target, acceptType=link.type)
    linksets[link.type] = sorted({f"{item.rel} {item.target}" for item in found.signposts})

relations = sorted({str(link.rel) for link in page.signposts})
print(json.dumps({"links": {name: targets(name) for name in relations}, "linksets": linksets}))
