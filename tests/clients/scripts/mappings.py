"""Read a table of mappings with the client `sssom`: URL; prints each mapping as subject,
predicate, object.
"""

import json
import sys
import tempfile
from pathlib import Path

import requests
from sssom.parsers import parse_sssom_table

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "mappings.sssom.tsv"
    path.write_bytes(requests.get(sys.argv[1], timeout=30).content)
    mappings = parse_sssom_table(path)
columns = ["subject_id", "predicate_id", "object_id"]
expand = mappings.converter.expand
rows = mappings.df[columns].itertuples(index=False)
print(json.dumps([[expand(identifier) or identifier for identifier in row] for row in rows]))
