"""An engine host that does nothing right on request: `python toy_host.py BEHAVIOUR`, protocol on stdin and stdout."""

import json
import os
import signal
import sys
import time


def say(**message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def log(level, msg, **fields):
    print(
        json.dumps({"time": "2026-11-24T12:00:00Z", "level": level, "msg": msg, **fields}), file=sys.stderr, flush=True
    )


HELLO = {
    "protocol": 1,
    "engine": "toy",
    "version": "0.1",
    "library": "none",
    "wa_version": "2.3000.1",
    "capabilities": ["pair_qr"],
    "limits": {"frame_bytes": 1048576, "unanswered_per_session": 64},
    "exchange": "/",
}


def answer(request, behaviour):
    method = request["method"]
    if method == "hello":
        return HELLO | ({"protocol": 2} if behaviour == "other_protocol" else {})
    if method == "heartbeat":
        return {"renewed": list(request["params"]["sessions"]), "stale": [], "unknown": []}
    if method == "environment":
        return dict(os.environ)
    return {"pid": os.getpid(), "method": method}


def main(behaviour):
    log("WARN", "a toy starts", session="s1", event="odd")
    if behaviour == "dies_at_once":
        log("ERROR", "tables are behind")
        sys.exit(3)
    if behaviour == "writes_early":
        print("not JSON", flush=True)
    if behaviour == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for line in sys.stdin:
        request = json.loads(line)
        if "method" not in request:
            continue
        method = request["method"]
        if method == "panic":
            print("panic: oh no\n\ngoroutine 1 [running]:\nmain.main()", file=sys.stderr, flush=True)
            os._exit(2)
        if method == "heartbeat" and behaviour == "hangs":
            continue
        if method == "shutdown" and behaviour in ("deaf", "stubborn"):
            continue
        say(id=request["id"], result=answer(request, behaviour))
        if method == "shutdown":
            return
    while behaviour in ("deaf", "stubborn"):
        time.sleep(60)


main(sys.argv[1])
