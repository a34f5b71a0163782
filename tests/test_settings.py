"""Settings: from the environment, refused in words, every one of them documented."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from recado.domain.errors import Misconfigured
from recado.settings import Settings, read_settings

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RECADO_PORT", "8080")
    monkeypatch.setenv("RECADO_CORS_ORIGINS", "https://a.example, https://b.example")
    settings = read_settings()
    assert (settings.port, settings.cors_origins) == (8080, ["https://a.example", "https://b.example"])


def test_what_is_given_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RECADO_PORT", "8080")
    assert read_settings(port=9090).port == 9090


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RECADO_PORT", "http"),
        ("RECADO_PORT", "70000"),
        ("RECADO_ADMIN_KEY", "too short"),
        ("RECADO_REGION", "Brazil"),
        ("RECADO_LOG_LEVEL", "loud"),
        ("RECADO_RETENTION_DAYS", "0"),
        ("RECADO_ENGINE_SILENCE", "a while"),
    ],
)
def test_a_wrong_value_names_its_variable_in_one_sentence(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured, match=rf"^{name} cannot be used: .+\.$") as caught:
        read_settings()
    assert "\n" not in caught.value.detail


def test_an_admin_key_that_is_too_short_is_not_repeated(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RECADO_ADMIN_KEY", "short-but-secret")
    with pytest.raises(Misconfigured) as caught:
        read_settings()
    assert "short-but-secret" not in caught.value.detail


def test_secrets_are_not_shown_with_the_settings():
    settings = read_settings(admin_key="a" * 40, database_url="postgresql://u:hush-hush@h/d")
    assert "hush-hush" not in repr(settings)
    assert "a" * 40 not in repr(settings)


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_has_its_line_on_the_page(name: str):
    assert line(name, Settings.model_fields[name]) in PAGE.read_text("utf-8").splitlines()


def test_the_page_has_no_setting_that_is_none():
    named = [text.split("`")[1] for text in PAGE.read_text("utf-8").splitlines() if text.startswith("| `RECADO_")]
    assert named == [variable(name) for name in Settings.model_fields]


def variable(name: str) -> str:
    return f"RECADO_{name.upper()}"


def line(name: str, field: FieldInfo) -> str:
    """The line of the table on the page: variable, default, sentence."""
    return f"| `{variable(name)}` | {shown(field.default)} | {field.description} |"


def shown(default: object) -> str:
    match default:
        case None | []:
            return ""
        case timedelta():
            return f"`{default.total_seconds():g}`"
        case bool():
            return f"`{str(default).lower()}`"
    return f"`{default}`"
