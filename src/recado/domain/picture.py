"""The page docs/states.md, drawn from the state table (`python -m scripts.pages`)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from .concerns import CONCERNS
from .reactions import OURS, SIGNALS, Outcome, Reactions
from .retries import Retry
from .states import FINAL, LIVE, ONLINE, STATE_ROWS, STATES, WAITING, State
from .timeline import CATALOGUE

_HEAD = """# The states of an instance

This page is drawn from `src/recado/domain/states.py` and `reactions.py` (`python -m scripts.pages`); a test keeps it
current.

`wanted` (running, stopped) is what somebody asked for; `state` is what the worker sees. The worker brings the second to
the first. A final state is left only for a wish that is newer than it.
"""
_GROUPS: dict[frozenset[State], str] = {
    frozenset(STATES): "any",
    LIVE: "any live",
    WAITING: "any waiting",
    FINAL: "any final",
    ONLINE: "connected, degraded",
    LIVE | WAITING: "any not final",
    WAITING | FINAL: "any not live",
}


def page() -> str:
    """The whole page, as Markdown."""
    return "\n".join(
        [
            _HEAD,
            *_picture(),
            "",
            "The arrows that every live state has are drawn once, from `connected`; the tables have them all.",
            "",
            "## States",
            "",
            *_states(),
            "",
            "## Signals of the engine",
            "",
            "As in [the engine protocol](engine-protocol.md), section 4. What is not named stays as it is.",
            "",
            *_reactions(SIGNALS),
            "",
            "## Stimuli of our own",
            "",
            *_reactions(OURS),
            "",
            "## Concerns",
            "",
            "Reasons on `connected`: it works, and something is wrong all the same. Of several the first one is shown.",
            "",
            "| reason | for the user | its end is told as |",
            "|---|---|---|",
            *[f"| `{code}` | `{row.user_action}` | `{row.relief}` |" for code, row in CONCERNS.items()],
            "",
            "## When it is tried again",
            "",
            *[f"* **{_named(retry)}**: {retry.value}" for retry in Retry if retry is not Retry.NEVER],
            "",
            "## Codes of the timeline",
            "",
            "| code | English | Português |",
            "|---|---|---|",
            *[f"| `{code}` | {said.said('en', {})} | {said.said('pt', {})} |" for code, said in CATALOGUE.items()],
            "",
        ]
    )


def _picture() -> Iterable[str]:
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield "    [*] --> starting: created"
    for (source, target), names in _edges().items():
        yield f"    {source} --> {target}: {', '.join(names[:4])}{', …' if names[4:] else ''}"
    yield "```"


def _edges() -> dict[tuple[State, State], list[str]]:
    """The arrows worth drawing: those of few states, and the common ones from `connected` alone."""
    edges: dict[tuple[State, State], list[str]] = {}
    for table in (SIGNALS, OURS):
        for name, rows in table.items():
            for states, outcome in rows.items():
                for state in states if len(states) <= 3 else states & {"connected"}:
                    if outcome.to is not None and outcome.to != state:
                        edges.setdefault((state, outcome.to), []).append(name)
    return dict(sorted(edges.items(), key=lambda edge: (STATES.index(edge[0][0]), STATES.index(edge[0][1]))))


def _states() -> Iterable[str]:
    yield "| state | status | meaning | ends by itself | then |"
    yield "|---|---|---|---|---|"
    for state in STATES:
        row = STATE_ROWS[state]
        limit = f"after {_seconds(row.limit)}" if row.limit else row.ends or "–"
        yield f"| `{state}` | {row.status} | {row.meaning} | {limit} | {_then(state)} |"


def _then(state: State) -> str:
    outcome = next(outcome for states, outcome in OURS["overdue"].items() if state in states)
    return "–" if outcome.to is None else _told(outcome)


def _reactions(table: Reactions) -> Iterable[str]:
    yield "| stimulus | in | becomes | try again | for the user |"
    yield "|---|---|---|---|---|"
    for name, rows in table.items():
        moving = {states: outcome for states, outcome in rows.items() if outcome != Outcome()}
        if not moving:
            yield f"| `{name}` | any | stays | | |"
        for states, outcome in moving.items():
            retry = "" if outcome.retry is Retry.NEVER else _named(outcome.retry)
            action = f"`{outcome.user_action}`" if outcome.user_action else ""
            yield f"| `{name}` | {_names(states)} | {_told(outcome)} | {retry} | {action} |"


def _told(outcome: Outcome) -> str:
    said = [f"`{outcome.to}`" if outcome.to else "stays"]
    said += [f"reason `{outcome.reason}`"] if outcome.reason else []
    said += [
        text
        for is_so, text in (
            (outcome.hangs_up, "hangs up"),
            (outcome.dials, "dials"),
            (outcome.pairs, "asks for codes"),
            (outcome.credentials_gone, "credentials gone"),
        )
        if is_so
    ]
    return ", ".join(said)


def _names(states: frozenset[State]) -> str:
    return _GROUPS.get(states) or ", ".join(f"`{state}`" for state in STATES if state in states)


def _named(retry: Retry) -> str:
    return retry.name.lower().replace("_", " ")


def _seconds(limit: timedelta) -> str:
    return f"{limit.total_seconds():.0f} s"
