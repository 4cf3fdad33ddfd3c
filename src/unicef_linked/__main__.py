"""``python -m unicef_linked`` is the command."""

import sys

from unicef_linked.cli import main

sys.exit(main())
