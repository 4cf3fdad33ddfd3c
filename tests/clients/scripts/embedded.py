"""Take the structured data out of a page with the client `extruct`: URL of the page;
prints its JSON-LD nodes and RDFa.
"""

import json
import sys

import extruct
import requests

page = requests.get(sys.argv[1], headers={"Accept": "text/html"}, timeout=30)
print(json.dumps(extruct.extract(page.text, base_url=page.url, syntaxes=["json-ld", "rdfa"])))
