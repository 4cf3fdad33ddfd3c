"""Read the description of the dataset as a CKAN portal does: URL of the Turtle;
prints the datasets that it would keep.
"""

import json
import sys

import requests
from ckanext.dcat.processors import RDFParser

parser = RDFParser(profiles=["euro_dcat_ap_3"])
parser.parse(requests.get(sys.argv[1], timeout=30).text, "turtle")
print(json.dumps(list(parser.datasets())))
