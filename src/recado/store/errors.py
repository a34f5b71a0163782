"""What a database error means for its caller: wrong data, a database that is away, or a moment to try again."""

from __future__ import annotations

import orjson
import psycopg
from psycopg import errors

from recado.domain.errors import Unavailable

_AWAY_CLASSES = frozenset({"08", "53", "57", "58"})
_DATA_CLASSES = frozenset({"22", "23", "54"})
_HUNG_UP = frozenset({"25P03", "25P04"})  # on a transaction that stood still: its process slept, or was stopped
_OF_FILES = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)
_PASSING = (errors.DeadlockDetected, errors.SerializationFailure, errors.LockNotAvailable, errors.QueryCanceled)


def is_data_error(error: BaseException) -> bool:
    """The rows themselves are refused (SQLSTATE 22, 23, 54, or what the driver cannot encode): retrying cannot help."""
    if isinstance(error, UnicodeError | orjson.JSONEncodeError):
        return True
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        return isinstance(error, psycopg.DataError)
    return error.sqlstate[:2] in _DATA_CLASSES


def is_away(error: BaseException) -> bool:
    """The connection is lost, or the server cannot work for now. A commit under way may or may not have happened."""
    if isinstance(error, (errors.QueryCanceled, *_OF_FILES)):
        return False
    if isinstance(error, psycopg.Error) and error.sqlstate is not None:
        is_lost = error.sqlstate[:2] in _AWAY_CLASSES or error.sqlstate in _HUNG_UP
        return is_lost or isinstance(error, errors.ReadOnlySqlTransaction)
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | OSError)


def is_passing(error: BaseException) -> bool:
    """The server undid the transaction for the sake of others: deadlock, serialization, a lock or time limit."""
    return isinstance(error, _PASSING)


def unavailable(error: BaseException) -> Unavailable | None:
    """The error as the rest of Recado knows it, or None when it is no matter of availability."""
    if is_away(error):
        return Unavailable(
            "database_unavailable",
            "The database does not answer.",
            hint="Recado keeps trying; look at the database itself, then at RECADO_DATABASE_URL.",
        )
    if isinstance(error, errors.InsufficientPrivilege):
        return Unavailable(
            "database_rights_lost",
            f"The database refuses the role that Recado uses: {error.diag.message_primary}.",
            hint="Recado keeps trying; `recado doctor` says what is wrong.",
        )
    if is_passing(error):
        return Unavailable("database_busy", "The database gave up this work for another.", hint="Try again.")
    return None
