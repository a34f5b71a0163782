"""Results as a page of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from .readings import Figure, share
from .results import ENGINE, WEBHOOK, Results
from .search import Searched
from .weight import FEW, Weight

DISTURBED: Final = 0.1
PARTS: Final = ("host", "python", "postgres", "simulator", "receiver", "consumer", "bench")
_NAMES: Final = {ENGINE: "engine alone", "recado": "Recado", WEBHOOK: "Recado with webhook"}


def report(results: Results) -> str:
    return "\n".join(_lines(results))


def _lines(results: Results) -> Iterator[str]:
    if results.received or results.sent:
        yield f"\n{'':34} msg/s  (low-high)  of engine   CPU µs a message: " + " ".join(f"{part:>9}" for part in PARTS)
    yield from _table("received", results.received)
    yield from _table("sent", results.sent)
    if results.steady:
        yield "\n50 messages a second over all sessions, ms       p50     p99"
    for subject, one in results.steady.items():
        yield f"  {_NAMES[subject]:26} confirmed       {one.confirmed[0]:7.1f} {one.confirmed[1]:7.1f}"
        if one.delivered is not None:
            yield f"  {_NAMES[subject]:26} at the webhook  {one.delivered[0]:7.1f} {one.delivered[1]:7.1f}"
    if results.past is not None:
        past = results.past
        parts = ", ".join(f"{part} {used:.0f}" for part, used in past.cpu.items())
        grown = ", ".join(f"{part} +{mb:.0f}" for part, mb in past.grown.items())
        yield f"\nhistory: {past.messages:,} messages, {past.rate:,.0f}/s, CPU µs a message: {parts}; MB: {grown}"
        if not results.is_complete:
            yield from (str(aim) for aim in results.past_aims(past))
    if results.delivered:
        yield from _delivered(results)
    if results.crowds:
        yield "\nmany sessions, everything started again"
        yield from _crowds(results)
    if results.thousand is not None:
        back, parts = (
            results.thousand.back,
            ", ".join(f"{part} {mb:.0f}" for part, mb in results.thousand.memory.items()),
        )
        yield f"\n{results.plan.thousand:,} sessions, everything started again: back in {back:.2f} s; MB: {parts}"
    if results.weight is not None:
        yield from _weighed(results.weight)
    if results.searched:
        yield from _searched(results.searched)
    if results.is_complete:
        yield ""
        yield from (str(aim) for aim in results.aims())


def _crowds(results: Results) -> Iterator[str]:
    for (subject, sessions), crowd in results.crowds.items():
        parts = ", ".join(f"{part} {mb:.0f}" for part, mb in crowd.memory.items())
        total = sum(crowd.memory.values())
        yield f"  {_NAMES[subject]:26} {sessions:4} back in {crowd.back:5.2f} s   {total:5.0f} MB ({parts})"
    for subject in (ENGINE, WEBHOOK):
        yield f"  {_NAMES[subject]:26} base {results.base(subject):.0f} MB, {results.slope(subject):.2f} MB a session"


def _delivered(results: Results) -> Iterator[str]:
    yield f"\n{'delivered':34} a second (fastest)   CPU µs a delivery: python (least) postgres receiver   Python MB"
    for name, one in results.delivered.items():
        cpu = f"{one.cpu['python']:8.0f} ({one.least_python:.0f}) {one.cpu['postgres']:8.0f} {one.cpu['receiver']:8.0f}"
        yield f"  {name:32} {one.rate:8,.0f} ({one.fastest:,.0f}) {'':18} {cpu} {one.memory:11.0f}"
    if not results.is_complete:
        yield from (str(aim) for aim in results.delivery_aims())


def _searched(searched: Searched) -> Iterator[str]:
    yield f"\nsearch in {searched.messages:,} messages, the first page, ms         p50     p99"
    for name, (middle, slowest) in searched.answers.items():
        yield f"  {name:48} {middle:7.1f} {slowest:7.1f}"
    before, after = searched.without_index, searched.with_index
    yield f"  written with the index {after:.0f} µs a message, without it {before:.0f} µs: {after - before:+.0f} µs"


def _weighed(weight: Weight) -> Iterator[str]:
    yield f"\nbeside {weight.messages:,} stored messages, p50 in ms{'':10} then   with {FEW:,}"
    for name, (heavy, light) in weight.calls.items():
        yield f"  {name:44} {heavy:8.2f} {light:8.2f}"


def _table(title: str, figures: Mapping[tuple[str, int], Figure]) -> Iterator[str]:
    if figures:
        yield title
    for (subject, sessions), one in figures.items():
        part = share(one, figures[ENGINE, sessions])
        name = f"{_NAMES[subject]}, {sessions}"
        span = f"({one.low:.0f}-{one.high:.0f})"
        cpu = " ".join(f"{one.cpu[part]:9.0f}" if part in one.cpu else f"{'':9}" for part in PARTS)
        yield f"  {name:30} {one.rate:7.0f}  {span:12} {part:7.0f} % {'':18} {cpu}{_caveat(one)}"


def _caveat(one: Figure) -> str:
    said = [f"simulator {100 * one.share:.0f} % of the CPU"]
    if not one.counts:
        said.append("NOT COUNTED")
    elif one.not_counted:
        said.append(f"{one.not_counted} of {one.runs} runs not counted")
    if one.others > DISTURBED:
        said.append(f"disturbed: other programs took {100 * one.others:.0f} % of the machine")
    return "   " + ", ".join(said)
