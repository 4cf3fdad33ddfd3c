"""Match names to regions with the client `reconciler`: URL, then JSON list of names;
prints what matched.
"""

import json
import sys

import pandas as pd
from reconciler import reconcile

endpoint, names = sys.argv[1], json.loads(sys.argv[2])
table = reconcile(pd.Series(names), type_id="Region", reconciliation_endpoint=endpoint)
table = table.astype(object).where(table.notna(), None)
print(json.dumps(dict(zip(table["input_value"], table["id"], strict=True))))
