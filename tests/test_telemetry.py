"""The log: for people at a terminal or for machines, and discreet for both."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import psycopg
import pytest
import structlog
from pydantic import BaseModel, ValidationError

from recado.store.database import Database
from recado.telemetry import configure_log

WORDS = "it's a private word"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize("number", ["5511999990000", "+5511999990000", "11999990000", "9999-0000 or 5511999990000"])
def test_of_a_phone_number_only_the_last_four_digits_stay(capsys, number):
    configure_log("info", "json")
    structlog.get_logger().info("instance.connected", phone=number, inner={"jids": [f"{number}:12@s.whatsapp.net"]})
    said = capsys.readouterr().err
    assert "…0000" in said
    assert "99999" not in said


@pytest.mark.parametrize(
    "value",
    ["0198f3a2-1111-7222-8333-123456789012", "2026-03-14T15:09:26.123456Z", "3EB0123456789012345678", 5511999990000],
)
def test_what_only_looks_like_a_number_stays_whole(capsys, value):
    configure_log("info", "json")
    structlog.get_logger().info("message.received", seen=value)
    assert json.loads(capsys.readouterr().err)["seen"] == value


@pytest.mark.parametrize("key", ["text", "body", "content", "caption", "secret"])
def test_what_a_message_says_is_withheld(capsys, key):
    configure_log("info", "json")
    structlog.get_logger().info("message.received", **{key: "a private word"})
    assert json.loads(capsys.readouterr().err)[key] == "(withheld)"


@pytest.mark.parametrize("form", ["json", "console"])
async def test_a_row_that_the_database_refused_is_not_quoted(capsys, db: Database, form):
    configure_log("info", form)
    with pytest.raises(psycopg.errors.NotNullViolation) as caught:
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO recado.settings (key, value) VALUES ('a private word', NULL)")
    structlog.get_logger().error("intake.failed", exc_info=caught.value, error=str(caught.value))
    said = capsys.readouterr().err
    assert "violates not-null constraint" in said
    assert "Failing row" not in said


@pytest.mark.parametrize("form", ["json", "console"])
async def test_what_the_database_quotes_of_json_is_withheld(capsys, db: Database, form):
    configure_log("info", form)
    with pytest.raises(psycopg.errors.InvalidTextRepresentation) as caught:
        async with db.transaction() as tx:
            await tx.execute("SELECT %s::text::jsonb", (f'{{"text": "{WORDS}", }}',))
    structlog.get_logger().error("intake.failed", exc_info=caught.value, error=str(caught.value))
    said = capsys.readouterr().err
    assert "invalid input syntax for type json" in said
    assert "private" not in said


class Shape(BaseModel):
    text: int


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("fail", [lambda: (WORDS + "\ud800").encode(), lambda: Shape(text=WORDS)])
def test_what_an_error_quotes_of_its_value_is_withheld(capsys, fail, form):
    configure_log("info", form)
    with pytest.raises((UnicodeEncodeError, ValidationError)) as caught:
        fail()
    structlog.get_logger().error("api.failed", exc_info=caught.value, error=repr(caught.value))
    said = capsys.readouterr().err
    assert "(withheld)" in said
    assert "private" not in said


def test_machines_get_one_json_object_a_line(capsys):
    configure_log("info", "json")
    structlog.get_logger().warning("webhook.failing", webhook="w", error="não")
    assert {**json.loads(capsys.readouterr().err), "timestamp": ""} == {
        "event": "webhook.failing", "level": "warning", "webhook": "w", "error": "não", "timestamp": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("level", "event", "sign"),
    [
        ("info", "instance.connected", "✅"),
        ("info", "instance.reconnecting", "📱"),
        ("warning", "webhook.failing", "⚠️"),
        ("error", "postgres.ended", "❌"),
    ],
)
def test_people_see_at_a_glance_how_to_take_a_line(capsys, level, event, sign):
    configure_log("info", "console")
    getattr(structlog.get_logger(), level)(event)
    assert f"{sign} " in capsys.readouterr().err


def test_what_libraries_log_looks_the_same(capsys):
    configure_log("info", "json")
    logging.getLogger("some.library").warning("a call from 5511999990000")
    assert json.loads(capsys.readouterr().err)["event"] == "a call from …0000"


def test_what_is_below_the_level_is_not_said(capsys):
    configure_log("warning", "json")
    structlog.get_logger().info("instance.connected")
    logging.getLogger("some.library").info("quiet")
    assert capsys.readouterr().err == ""
