"""What came of something that another process was asked to do, as it travels: a result, or one of our errors."""

from __future__ import annotations

from typing import Any, Final

from . import errors
from .errors import RecadoError, TooMany, Unavailable

_KINDS: Final[dict[str, type[RecadoError]]] = {
    kind.__name__: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, RecadoError) and kind is not errors.Misconfigured
}


def done(result: dict[str, Any]) -> dict[str, Any]:
    return {"result": result}


def failed(error: Exception) -> dict[str, Any]:
    """What is none of our errors travels as Unavailable: nobody over there can tell what it means."""
    if not isinstance(error, RecadoError):
        error = Unavailable("order_failed", f"It failed: {type(error).__name__}", hint="The log has it; try again.")
    said = {"code": error.code, "detail": error.detail, "hint": error.hint, "extra": error.extra}
    if isinstance(error, TooMany):
        said["extra"] = {**error.extra, "retry_after": error.retry_after}
    return {"error": {"kind": type(error).__name__, **said}}


def result_of(answer: dict[str, Any]) -> dict[str, Any]:
    """The result; raises the error that it holds."""
    if "error" not in answer:
        result: dict[str, Any] = answer.get("result") or {}
        return result
    said = answer["error"]
    kind = _KINDS.get(said["kind"], Unavailable)
    raise kind(said["code"], said["detail"], hint=said["hint"], **said["extra"])
