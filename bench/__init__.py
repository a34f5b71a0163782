"""Measures Recado beside the bare engine host, on the same work, in one run: `make bench`."""
