"""Builds an engine host that breaks a promise on purpose: its sources with some words replaced, and not touched."""

from __future__ import annotations

import fcntl
import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "engines" / "whatsmeow"

EARLY_ACK = {
    "link.go": ("c.UseRetryMessageStore = true, true, true", "c.UseRetryMessageStore = false, true, true"),
    "events.go": ("return l.settle(kind, data) == nil", "go func() { _ = l.settle(kind, data) }(); return true"),
}
"""The network hears of an event before Recado has stored it."""

NO_TURNS = {"ratchet.go": ("\tif t.isTaken {\n\t\treturn nil", "\tif true {\n\t\treturn nil")}
"""What goes out and what comes in move a Signal session at the same time."""

PANICS = {"social.go": ("return object{}, l.client.SubscribePresence(ctx, c.JID)", 'panic("on purpose")')}
"""A call panics."""

FALLS_FOR_ONE = {
    "session.go": (
        "device, err := s.store.device(ctx, s.name)",
        'if _, err := s.files.Stat("falls-" + s.name); err == nil { go panic("on purpose") }; '
        "device, err := s.store.device(ctx, s.name)",
    )
}
"""Opening a session for which there is such a file in the exchange directory brings the whole program down."""


def build_mutant(name: str, changes: dict[str, tuple[str, str]]) -> Path:
    """The program; `changes` are by file, what stands there once and what stands there then."""
    directory = ROOT / "build" / f"mutant-{name}"
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may want the same program
        return _build(directory, changes)


def _build(directory: Path, changes: dict[str, tuple[str, str]]) -> Path:
    replaced = {}
    for file, (old, new) in changes.items():
        source = SOURCES / "internal" / "host" / file
        text = source.read_text()
        assert text.count(old) == 1, f"{file} does not say {old!r} once"
        changed = directory / file
        changed.write_text(text.replace(old, new))
        replaced[str(source)] = str(changed)
    overlay = directory / "overlay.json"
    overlay.write_text(json.dumps({"Replace": replaced}))
    binary = directory / "recado-whatsmeow"
    command = [str(ROOT / "scripts" / "go"), "build", "-trimpath", "-buildvcs=false", "-overlay", str(overlay)]
    built = directory / "built"
    subprocess.run([*command, "-o", str(built), "."], cwd=SOURCES, check=True)
    built.replace(binary)  # the one that was there may run
    return binary
