"""What every route needs: the services, who asks, and which instance is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, cast

from fastapi import Depends, Path
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.requests import HTTPConnection

from recado.domain.access import EVERYTHING, Access
from recado.domain.errors import Unauthorized
from recado.domain.instances import Instance
from recado.services.access import find_instance, require
from recado.services.all import Services

from .inputs import Text


def services_of(connection: HTTPConnection) -> Services:
    return cast(Services, connection.app.state.services)


async def services(connection: HTTPConnection) -> Services:
    """As a dependency; FastAPI would run a plain function in a thread, which costs more than most calls."""
    return services_of(connection)


Using = Annotated[Services, Depends(services)]

_bearer = HTTPBearer(auto_error=False, description="An API key: `Authorization: Bearer rcd_…`")
_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="The same key in a header of its own")
IN_THE_DOCUMENT: Final = (Depends(_bearer), Depends(_header))
"""For routes that look for the key themselves: they put it into the OpenAPI document."""


async def access_of(connection: HTTPConnection, using: Services) -> Access:
    """The access of the key that the connection carries; on the owner's Unix socket no key is needed."""
    if connection.scope.get("recado.is_local"):
        return EVERYTHING
    kind, _, credentials = connection.headers.get("authorization", "").partition(" ")
    secret = credentials.strip() if kind.lower() == "bearer" else connection.headers.get("x-api-key", "")
    if not secret:
        raise Unauthorized(
            "missing_key",
            "This call needs an API key.",
            hint="Send `Authorization: Bearer rcd_…`. `recado key create` makes one.",
        )
    return await using.keys.authenticate(secret)


async def who(
    connection: HTTPConnection,
    using: Using,
    _bearer: Annotated[object, Depends(_bearer)],
    _header: Annotated[object, Depends(_header)],
) -> Access:
    """The same as a dependency; the two unused ones put the key into the OpenAPI description."""
    return await access_of(connection, using)


@dataclass(frozen=True, slots=True)
class allowed:  # reads as what it is where it stands: Depends(allowed("events"))
    """A dependency: the request's access, if its key has that scope."""

    scope: str

    async def __call__(self, access: Annotated[Access, Depends(who)]) -> Access:
        require(access, self.scope)
        return access


@dataclass(frozen=True, slots=True)
class named:  # the same
    """A dependency: the instance of the path, if the key has that scope and may know of it."""

    scope: str

    async def __call__(
        self,
        using: Using,
        access: Annotated[Access, Depends(who)],
        name: Annotated[Text, Path(description="The instance's name")],
    ) -> Instance:
        require(access, self.scope)
        async with using.database.glance() as tx:
            return await find_instance(tx, access, name)
