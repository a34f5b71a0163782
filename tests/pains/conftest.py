"""The pains are proven on the same stage as the stories."""

from __future__ import annotations

from tests.stories.conftest import maria, network, phone, recado, sql  # noqa: F401 - fixtures are found by their names
