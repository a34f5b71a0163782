"""What every test may ask for."""

from __future__ import annotations

pytest_plugins = [
    "tests.fixtures_browser",
    "tests.fixtures_database",
    "tests.fixtures_examples",
    "tests.fixtures_million",
    "tests.fixtures_parts",
    "tests.order",
    "tests.seed_watch",
    "tests.shared_loops",
]
