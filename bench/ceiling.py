"""A program: the bare engine host with a consumer that only answers. No product can be faster than this.

Called with one JSON object: `command` (the host's), `sessions` (names to open). Says `{"host": pid}`, then
`{"connected": seconds since 1970}` once all sessions are. Told a JSON object `{"messages": [[session, id, to, text]],
"at_once": n}` it sends them, n under way at a time, and says `{"sent": n}`. Ends with its input.
"""

from __future__ import annotations

import json
import os
import re
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

FENCE: Final = 1 << 40
LEASE_MS: Final = 3_600_000
_EVENT: Final = re.compile(rb'\{"jsonrpc":"2\.0","id":(\d+),"method":"event"')
_ANSWER: Final = b'{"jsonrpc":"2.0","id":%b,"result":{}}\n'
_CHUNK: Final = 1 << 20


class Ceiling:
    """One host, one blocking loop."""

    def __init__(self, command: list[str], sessions: list[str]) -> None:
        self._host = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        assert self._host.stdin is not None
        assert self._host.stdout is not None
        self._to_host, self._from_host = self._host.stdin.fileno(), self._host.stdout.fileno()
        self._held = b""
        self._unconnected = set(sessions)
        self._frames: Iterator[bytes] = iter(())
        self._to_send = self._answered = 0
        say({"host": self._host.pid})
        self._write([call(0, "hello", {"protocol": 1, "client": "bench"})])
        self._write([call(0, "open", {"session": one, "fence": FENCE, "lease_ms": LEASE_MS}) for one in sessions])

    def run(self) -> None:
        """Answer until the input ends, then have the host end too."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._from_host, selectors.EVENT_READ, self._hear_host)
            selector.register(sys.stdin.fileno(), selectors.EVENT_READ, self._hear_bench)
            while all(key.data() for key, _ in selector.select()):
                pass
        self._host.stdin.close()  # type: ignore[union-attr]
        self._host.wait()

    def _hear_host(self) -> bool:
        data = os.read(self._from_host, _CHUNK)
        *lines, self._held = (self._held + data).split(b"\n")
        replies = []
        for line in lines:
            if event := _EVENT.match(line):
                replies.append(_ANSWER % event[1])
            elif b'"method"' not in line[:64]:
                replies += self._settled(line)
            elif b'"connected"' in line:
                self._signalled(json.loads(line)["params"])
        self._write(replies)
        return bool(data)

    def _settled(self, line: bytes) -> list[bytes]:
        """An answer: the next message may go, when it was one's."""
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"the host refuses: {answer['error']}")
        if not answer["id"]:
            return []
        self._answered += 1
        if self._answered == self._to_send:
            say({"sent": self._answered})
        return [frame for frame in [next(self._frames, None)] if frame is not None]

    def _signalled(self, signal: dict[str, Any]) -> None:
        if signal["type"] == "connected" and self._unconnected:
            self._unconnected.discard(signal["session"])
            if not self._unconnected:
                say({"connected": time.time()})

    def _hear_bench(self) -> bool:
        line = sys.stdin.buffer.readline()
        if line:
            order = json.loads(line)
            frames = [sending(number, *one) for number, one in enumerate(order["messages"], 1)]
            self._frames, self._to_send, self._answered = iter(frames), len(frames), 0
            self._write([next(self._frames) for _ in range(min(order["at_once"], len(frames)))])
        return bool(line)

    def _write(self, frames: list[bytes]) -> None:
        left = memoryview(b"".join(frames))
        while left:
            left = left[os.write(self._to_host, left) :]


def sending(number: int, session: str, id: str, to: str, text: str) -> bytes:
    return call(
        number, "send", {"session": session, "fence": FENCE, "id": id, "to": to, "message": {"conversation": text}}
    )


def call(number: int, method: str, params: dict[str, Any]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n"


def say(value: Any) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    order = json.loads(sys.argv[1])
    Ceiling(order["command"], order["sessions"]).run()
