"""A server with Supabase's roles, for the tests of this directory: they belong to a whole server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures_database import RunningServer
from tests.store.supabase import make_project


@pytest.fixture(scope="package")
def project_url() -> Iterator[str]:
    """A project in which Recado's tables are, as a superuser reaches it; undo what you do there."""
    server = RunningServer(make_project)
    yield server.url
    server.stop()
