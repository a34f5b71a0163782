"""How a page looks to whoever asks: language, appearance and time zone, from cookies and from what the browser says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_decimal
from starlette.requests import Request

from recado.domain.language import preferred
from recado.domain.timeline import Language

from .words import say

THEMES: Final = ("auto", "light", "dark")
LANGUAGES: Final[dict[Language, str]] = {"en": "English", "pt": "Português"}
COOKIES: Final = {"language": "recado_lang", "theme": "recado_theme", "zone": "recado_tz"}
_LOCALES: Final[dict[Language, Locale]] = {"en": Locale("en", "GB"), "pt": Locale("pt", "BR")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """`theme` is `auto`, `light` or `dark`; times are shown in `zone`."""

    language: Language
    theme: str
    zone: ZoneInfo

    @property
    def tag(self) -> str:
        """For `<html lang>`."""
        return "pt-BR" if self.language == "pt" else "en"

    def t(self, key: str, n: int | None = None, **given: Any) -> str:
        """The sentence of that key (see words/)."""
        return say(self.language, key, n, **given)

    def number(self, value: float) -> str:
        return format_decimal(value, locale=_LOCALES[self.language])

    def clock(self, moment: datetime) -> str:
        """`14:05`"""
        return format_time(moment, "HH:mm", tzinfo=self.zone, locale=_LOCALES[self.language])

    def clock_seconds(self, moment: datetime) -> str:
        """`14:05:09`"""
        return format_time(moment, "HH:mm:ss", tzinfo=self.zone, locale=_LOCALES[self.language])

    def date(self, moment: datetime) -> str:
        """`24 Nov`"""
        return format_skeleton("MMMd", moment, tzinfo=self.zone, locale=_LOCALES[self.language])

    def size(self, bytes: int) -> str:
        """`12.3 MB`, in powers of ten."""
        value, unit = float(bytes), "B"
        for unit in ("B", "kB", "MB", "GB", "TB"):
            if value < 1000 or unit == "TB":
                break
            value /= 1000
        return f"{self.number(round(value, 1 if value < 100 else 0))} {unit}"

    def day(self, moment: datetime, now: datetime) -> str:
        """Today, yesterday, the weekday within a week, else the date."""
        date, today = moment.astimezone(self.zone).date(), now.astimezone(self.zone).date()
        if date == today:
            return self.t("shell.today")
        if date == today - timedelta(days=1):
            return self.t("shell.yesterday")
        if timedelta() < today - date < timedelta(days=7):
            return format_date(date, "EEEE", locale=_LOCALES[self.language]).capitalize()
        return format_date(date, "long", locale=_LOCALES[self.language])

    def short(self, moment: datetime, now: datetime) -> str:
        """For lists: the time if it was today, `yesterday`, the weekday, else a short date."""
        date, today = moment.astimezone(self.zone).date(), now.astimezone(self.zone).date()
        if date == today:
            return self.clock(moment)
        if timedelta() < today - date < timedelta(days=7):
            return self.day(moment, now)
        return format_date(date, "short", locale=_LOCALES[self.language])

    def full(self, moment: datetime) -> str:
        """With date, time and seconds, for titles."""
        skeleton = format_skeleton("yMMMd", moment, tzinfo=self.zone, locale=_LOCALES[self.language])
        return f"{skeleton}, {format_time(moment, 'HH:mm:ss', tzinfo=self.zone, locale=_LOCALES[self.language])}"


def look_of(request: Request) -> Look:
    """What is wrong or missing in the cookies is as if it had not been said."""
    cookies = request.cookies
    chosen = cookies.get(COOKIES["language"])
    language: Language = preferred(request.headers.get("accept-language", ""))
    if chosen in LANGUAGES:
        language = "pt" if chosen == "pt" else "en"
    theme = cookies.get(COOKIES["theme"], "auto")
    return Look(language=language, theme=theme if theme in THEMES else "auto", zone=_zone(cookies.get(COOKIES["zone"])))


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo((name or "UTC").replace("%2F", "/"))
    except (LookupError, ValueError, OSError):
        return ZoneInfo("UTC")
