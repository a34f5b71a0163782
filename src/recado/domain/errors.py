"""What can go wrong, as a tree.

Refused                    what was asked cannot be done; the caller can change something
├── Invalid                422  a field is wrong (`field` says which)
├── Malformed              400  the request cannot be read
├── TooLarge               413  over a size limit
├── Unauthorized           401  no key, a wrong one, an expired one
├── Forbidden              403  the key lacks a scope
├── NotFound               404  there is none, or none that this key may know of
├── Conflict               409  it is already so, or is not now so
├── Gone                   410  it was there and is no longer kept
└── TooMany                429  later (`retry_after` seconds)
Unavailable                503  a part of Recado is away for now; trying again helps
Misconfigured              the program cannot start: one plain sentence for a terminal

Every error carries a stable `code`, a sentence of what happened, and what to do next (`hint`).
"""

from __future__ import annotations


class RecadoError(Exception):
    """Any error that a person is told about."""

    status = 500

    def __init__(self, code: str, detail: str, *, hint: str = "", **extra: object) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.hint = hint
        self.extra = extra


class Refused(RecadoError):
    status = 400


class Malformed(Refused):
    status = 400


class Invalid(Refused):
    """`field` names the wrong one, in the request's own terms."""

    status = 422

    def __init__(self, code: str, detail: str, *, field: str = "", hint: str = "", **extra: object) -> None:
        super().__init__(code, detail, hint=hint, **({"field": field} if field else {}), **extra)


class TooLarge(Refused):
    status = 413


class Unauthorized(Refused):
    status = 401


class Forbidden(Refused):
    status = 403


class NotFound(Refused):
    status = 404


class Conflict(Refused):
    status = 409


class Gone(Refused):
    status = 410


class TooMany(Refused):
    status = 429

    def __init__(self, code: str, detail: str, *, retry_after: int, hint: str = "", **extra: object) -> None:
        super().__init__(code, detail, hint=hint, **extra)
        self.retry_after = retry_after


class Unavailable(RecadoError):
    status = 503


class Misconfigured(RecadoError):
    """Said on stderr by the command line, with exit code 2."""
