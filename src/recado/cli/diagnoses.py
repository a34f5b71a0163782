"""All that `recado doctor` says of itself, listed once; what is wrong with the database comes from `store/checks`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from recado.domain.errors import RecadoError
from recado.store.urls import Finding

Mark = Literal["✅", "⚠️", "❌"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found about one thing, in a sentence, and what to do about it."""

    mark: Mark
    sentence: str
    hint: str = ""


# docs/operations.md says of each what it means; a test compares the two.
DIAGNOSES: Final[dict[str, Verdict]] = {
    "data_dir_fine": Verdict(mark="✅", sentence="The data directory {path} can be written."),
    "data_dir_missing": Verdict(
        mark="⚠️", sentence="There is no data directory {path} yet.", hint="`recado up` makes it."
    ),
    "data_dir_unwritable": Verdict(
        mark="❌",
        sentence="The data directory {path} cannot be written.",
        hint="Set RECADO_DATA_DIR to one that this user may write to.",
    ),
    "engine_fine": Verdict(mark="✅", sentence="The engine host is there: {engine} {version}, {library}."),
    "engine_broken": Verdict(
        mark="❌", sentence="The engine host does not run: {error}", hint="Build it with: make engine"
    ),
    "running": Verdict(mark="✅", sentence="Recado runs and is ready: {parts}."),
    "not_running": Verdict(
        mark="⚠️", sentence="Recado does not run on this data directory.", hint="`recado up` starts it."
    ),
    "not_ready": Verdict(mark="❌", sentence="Recado is not ready: {error}", hint="{hint}"),
    "no_database": Verdict(mark="⚠️", sentence="There is no database yet.", hint="`recado up` makes one of its own."),
    "database_fine": Verdict(mark="✅", sentence="The database answers and is up to date."),
    "database_blocked": Verdict(
        mark="❌", sentence="Since {since} UTC Recado's own writes are not kept. {what}", hint="{hint}"
    ),
    "instances": Verdict(mark="✅", sentence="{connected} of {all} instances are connected."),
    "instance_down": Verdict(mark="⚠️", sentence="{name} is {state}: {why}", hint="recado instance show {quoted_name}"),
    "log_fine": Verdict(
        mark="✅",
        sentence="The event log begins on {oldest} and has {size}, its attempts {attempts}; tomorrow is ready.",
    ),
    "log_not_ready": Verdict(
        mark="⚠️",
        sentence="The event log has no table ready for {days}.",
        hint="A Recado that runs makes them every hour; its log says why it does not.",
    ),
    "log_held": Verdict(
        mark="⚠️",
        sentence="The event log is kept since {oldest} for a webhook that has not had it: {url}. It has {size}; over"
        " {limit} the webhook loses what is older than {days} days.",
        hint="Repair the receiver, or remove the webhook: recado webhook remove {id}",
    ),
    "webhook_failing": Verdict(
        mark="⚠️", sentence="The webhook {url} does not work: {why}", hint="recado webhook attempts {id}"
    ),
    "webhook_paused": Verdict(
        mark="⚠️", sentence="The webhook {url} is paused: {why}.", hint="recado webhook resume {id}"
    ),
}


def diagnosed(code: str, **values: object) -> Verdict:
    """The line of that code, filled in."""
    line = DIAGNOSES[code]
    return Verdict(mark=line.mark, sentence=line.sentence.format(**values), hint=line.hint.format(**values))


def refused(error: RecadoError) -> Verdict:
    """An error with which Recado would not start (docs/errors.md)."""
    return Verdict(mark="❌", sentence=error.detail, hint=error.hint)


def found(finding: Finding) -> Verdict:
    """Something about the database (docs/errors.md)."""
    return Verdict(mark="❌" if finding.is_fatal else "⚠️", sentence=finding.sentence, hint=finding.hint)
