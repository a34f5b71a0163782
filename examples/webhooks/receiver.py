"""Receives Recado's webhooks: checks each signature, takes each event once, answers 204. Nothing to install.

WEBHOOK_SECRET=whsec_… PORT=8000 python receiver.py
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

TOLERANCE_SECONDS = 5 * 60
LARGEST_BODY = 10 * 1024 * 1024
REMEMBERED = 10_000


def handle(event: dict[str, Any]) -> None:
    """Your own work. If it raises, Recado delivers the event again; if it takes long, put it into a queue instead."""
    print(f"{event['type']} {event['id']} {event['instance'] or '-'}", flush=True)


def is_from_recado(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Standard Webhooks: HMAC-SHA256 of id, time and the body as it came; two signatures while a secret is changed."""
    id, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (sent_at.isascii() and sent_at.isdigit()) or abs(time.time() - int(sent_at)) > TOLERANCE_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    right = b"v1," + base64.b64encode(hmac.digest(key, f"{id}.{sent_at}.".encode() + body, "sha256"))
    given = headers.get("webhook-signature", "").encode().split()
    return any(hmac.compare_digest(right, one) for one in given)


class Receiver(BaseHTTPRequestHandler):
    secret = ""
    # In real life: a table with a unique column, written in the transaction that does the work.
    seen: ClassVar[OrderedDict[str, None]] = OrderedDict()
    turn = threading.Lock()
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            return self.answer(413)
        body = self.rfile.read(length)
        if not is_from_recado(self.secret, self.headers, body):
            return self.answer(401)
        with self.turn:
            return self.answer(self.take(self.headers["webhook-id"], body))

    def take(self, id: str, body: bytes) -> int:
        if id not in self.seen:
            try:
                handle(json.loads(body))
            except Exception as error:
                print(f"not handled, it will come again: {error!r}", file=sys.stderr)
                return 500
            self.seen[id] = None
            if len(self.seen) > REMEMBERED:
                self.seen.popitem(last=False)
        return 204

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet: `handle` says what there is to say."""


if __name__ == "__main__":
    Receiver.secret = os.environ.get("WEBHOOK_SECRET", "")
    if not Receiver.secret:
        sys.exit("Set WEBHOOK_SECRET to the secret that Recado showed when the webhook was made.")
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8000"))), Receiver)
    print(f"listening on http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
