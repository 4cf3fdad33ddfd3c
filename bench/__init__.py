"""Our server beside others, in the same run on the same machine: ``python -m bench``."""
