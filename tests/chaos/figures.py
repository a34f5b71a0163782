"""What a storm came to, as a table for docs/benchmarks.md."""

from __future__ import annotations

from tests.chaos.plan import BLOWS
from tests.chaos.storm import Storm


def table(storm: Storm) -> str:
    """Markdown; all of it is counted, nothing is judged: there is no table unless every judge was content."""
    here, traffic, done = storm.here, storm.traffic, storm.done
    taken = [len(hook.taken) for hook in here.hooks]
    confirmed = sum(len(here.network.ledger.confirmed(line.phone)) for line in here.lines)
    copies = sum(message.copies - 1 for line in here.lines for one in line.contacts for message in one.inbox)
    rows = {
        "seed": storm.plan.seed,
        "lasted; until all was calm again": f"{storm.lasted / 60:.1f} min; {storm.calmed:.0f} s",
        "instances, receivers": f"{len(here.lines)}, {len(here.hooks)}",
        "blows at processes": ", ".join(f"{kind} {done[kind]}×" for kind in BLOWS),
        "troubles of receivers and of single instances": sum(n for kind, n in done.items() if kind not in BLOWS),
        "written to the instances, and confirmed": f"{len(traffic.written)}, {confirmed}",
        "accepted for sending, and come once": len(traffic.accepted),
        "of these sent more than once under their one id": copies,
        "events taken, and how often one came again": f"{sum(taken)}, {sum(hook.repeats for hook in here.hooks)}",
        "chats that went on past an event parked for 15 minutes": storm.judges.delivered.overtaken,
        "sessions connected twice at once": len(here.network.doubles),
        "other answers of the API": ", ".join(f"{name} {n}×" for name, n in traffic.answers.most_common()) or "none",
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())])
