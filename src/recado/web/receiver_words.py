"""What a receiver did wrong, in the page's language: the attempts keep it in English, as the API gives it."""

from __future__ import annotations

from typing import Final

from .look import Look

_BEGINNINGS: Final = (
    ("its certificate is not valid", "certificate"),
    ("no connection in time", "slow_connection"),
    ("no connection", "no_connection"),
    ("no answer in time", "slow"),
    ("the connection was closed", "closed"),
    ("the connection broke", "broken"),
)


def why(look: Look, status: int | None, error: str | None) -> str:
    """One sentence; the error as it is kept when there is none for it."""
    if status is not None:
        key = "gone" if status == 410 else "redirect" if 300 <= status < 400 else "answered"
        return look.t(f"webhooks.why.{key}", status=status)
    text = error or ""
    if text.startswith("the name ") and text.endswith("does not resolve"):
        return look.t("webhooks.why.unresolved", host=text.split(" ")[2])
    if "RECADO_ALLOW_PRIVATE_WEBHOOKS" in text:
        return look.t("webhooks.why.private", address=text.partition(" ")[0])
    key = next((key for beginning, key in _BEGINNINGS if text.startswith(beginning)), "")
    return look.t(f"webhooks.why.{key}") if key else text
