"""Print, as JSON, the mementos that memento-client finds of an address at each date.

The client takes the native TimeGate of an address for another resource (pattern 1.2 of RFC 7089),
so it is told that the address is its own.
"""

import json
import sys
from datetime import datetime

from memento_client import MementoClient

address, *dates = sys.argv[1:]
client = MementoClient(timegate_uri="", check_native_timegate=False)
found = []
for date in dates:
    info = client.get_memento_info(address, datetime.fromisoformat(date))
    mementos = {name: memento["uri"][0] for name, memento in info["mementos"].items()}
    found.append({"original": info["original_uri"], **mementos})
print(json.dumps(found))
