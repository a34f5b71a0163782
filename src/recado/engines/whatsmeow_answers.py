"""What the whatsmeow host answers, as values; pure. A wrong form raises KeyError, TypeError or ValueError."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from recado.domain.engine import Device, EngineError, Probe, Resolved, Sent, Snapshot
from recado.domain.jid import identity_of
from recado.domain.sync import AppStateFetched, Group, GroupMember, HistoryFetched, Picture
from recado.domain.texts import storable
from recado.engines.fields import EARLIEST
from recado.engines.rpc import RpcError

_KINDS: Final = {
    -32001: "unknown_session",
    -32002: "stale_fence",
    -32003: "not_connected",
    -32004: "not_paired",
    -32005: "timeout",
    -32006: "server",
    -32007: "invalid_message",
    -32008: "storage",
    -32009: "file",
    -32010: "not_on_whatsapp",
    -32011: "gone",
}


def time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def device(value: dict[str, Any] | None) -> Device | None:
    if not value or not value.get("jid"):
        return None
    return Device(jid=value["jid"], lid=value.get("lid") or None, push_name=value.get("push_name") or None)


def opened(answer: dict[str, Any]) -> Device | None:
    return device(answer.get("device"))


def pairing_code(answer: dict[str, Any]) -> tuple[str, datetime]:
    return str(answer["code"]), time(answer["expires_at"])


def sent(answer: dict[str, Any]) -> Sent:
    return Sent(wa_id=str(answer["id"]), at=time(answer["sent_at"]), to=str(answer["to"]))


def resolved(answer: dict[str, Any]) -> list[Resolved]:
    return [
        Resolved(
            query=str(user["query"]),
            is_registered=bool(user["registered"]),
            jid=user.get("jid") or None,
            lid=user.get("lid") or None,
        )
        for user in answer["users"]
    ]


def probe(answer: dict[str, Any]) -> Probe:
    return Probe(
        round_trip_ms=float(answer["round_trip_ms"]),
        queue=int(answer["queue"]),
        unanswered=int(answer["unanswered"]),
        oldest_unanswered_ms=int(answer["oldest_unanswered_ms"]),
    )


def snapshots(answer: dict[str, Any]) -> list[Snapshot]:
    return [
        Snapshot(
            session=str(one["session"]),
            fence=int(one["fence"]),
            state=one["state"],
            device=device(one),
            queue=int(one["queue"]),
            unanswered=int(one["unanswered"]),
            oldest_unanswered_ms=int(one["oldest_unanswered_ms"]),
        )
        for one in answer["sessions"]
    ]


def history_fetched(answer: dict[str, Any]) -> HistoryFetched:
    return HistoryFetched(
        conversations=int(answer["conversations"]), messages=int(answer["messages"]), skipped=int(answer["skipped"])
    )


def history_request(answer: dict[str, Any]) -> str:
    return str(answer["request"])


def app_state_fetched(answer: dict[str, Any]) -> AppStateFetched:
    return AppStateFetched(
        version=int(answer["version"]), was_full=bool(answer["was_full"]), removed=int(answer["removed"])
    )


def file(answer: dict[str, Any]) -> str:
    return str(answer["file"])


def groups(described: list[dict[str, Any]]) -> list[Group]:
    return [_group(one) for one in described]


def group(answer: dict[str, Any]) -> Group:
    return _group(answer["group"])


def _group(value: dict[str, Any]) -> Group:
    """From the library's `GroupInfo`."""
    owner = identity_of(value.get("OwnerJID"), value.get("OwnerPN"))
    created_at = datetime.fromisoformat(value["GroupCreated"])
    return Group(
        jid=str(value["JID"]),
        subject=storable(str(value["Name"])),
        description=storable(value.get("Topic") or "") or None,
        owner=owner if owner.phone or owner.lid else None,
        created_at=created_at if created_at >= EARLIEST else None,
        is_announce=bool(value.get("IsAnnounce")),
        is_locked=bool(value.get("IsLocked")),
        ephemeral_s=int(value.get("DisappearingTimer") or 0),
        members=tuple(_member(one) for one in value.get("Participants") or ()),
    )


def _member(value: dict[str, Any]) -> GroupMember:
    role = "superadmin" if value.get("IsSuperAdmin") else "admin" if value.get("IsAdmin") else "member"
    return GroupMember(identity=identity_of(value.get("JID"), value.get("PhoneNumber"), value.get("LID")), role=role)


def picture(answer: dict[str, Any], image: bytes | None) -> Picture:
    return Picture(
        id=answer.get("id") or None, url=answer.get("url") or None, image=image, why=answer.get("why") or None
    )


def nothing(_: dict[str, Any]) -> None:
    return None


def engine_error(error: RpcError, *, is_send: bool) -> EngineError:
    """A refusal by the host, in the terms of the Engine seam."""
    kind = str(error.data.get("kind") or _KINDS.get(error.code, "internal"))
    server_code = error.data.get("server_code")
    return EngineError(
        kind,
        error.message,
        may_retry=bool(error.data.get("retry")) or kind in ("timeout", "not_connected", "storage"),
        is_uncertain=is_send and kind in ("timeout", "internal", "storage"),
        server_code=server_code if isinstance(server_code, int) else None,
    )
