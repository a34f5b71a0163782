"""A record: one entry of app state as it is stored, encrypted; and the mutation that sets or removes it."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from typing import NamedTuple, Self

from recado_simulator.app_state.errors import AppStateRefused
from recado_simulator.app_state.sync_key import SyncKey
from recado_simulator.keys import RandomSource, decrypt_cbc, encrypt_cbc, hmac_sha256
from recado_simulator.protobuf import bytes_of, decode, encode, int_of, required_bytes

SET, REMOVE = 0, 1
IV_SIZE, MAC_SIZE = 16, 32

Index = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """What applications see: `value` is the bytes of a SyncActionValue, `version` that of this kind of action."""

    index: Index
    value: bytes
    version: int


class Record(NamedTuple):
    """SyncdRecord; `blob` is IV, ciphertext and value MAC."""

    index_mac: bytes
    blob: bytes
    key_id: bytes

    @property
    def value_mac(self) -> bytes:
        return self.blob[-MAC_SIZE:]

    def encode(self) -> bytes:
        index, value, key = (encode([(1, part)]) for part in self)
        return encode([(1, index), (2, value), (3, key)])

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Raises MalformedProtobuf."""
        fields = decode(data)
        return cls(*(required_bytes(decode(required_bytes(fields, number)), 1) for number in (1, 2, 3)))


class Mutation(NamedTuple):
    """SyncdMutation; a removal carries a record too, with the index alone."""

    operation: int
    record: Record

    def encode(self) -> bytes:
        return encode([(1, self.operation), (2, self.record.encode())])

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Raises MalformedProtobuf."""
        fields = decode(data)
        return cls(int_of(fields, 1) or SET, Record.decode(required_bytes(fields, 2)))


def seal(entry: Entry, key: SyncKey, random: RandomSource, operation: int = SET) -> Mutation:
    """The entry encrypted."""
    index = index_bytes(entry.index)
    action = encode([(1, index), (2, entry.value), (3, b""), (4, entry.version)])
    iv = random.randbytes(IV_SIZE)
    content = iv + encrypt_cbc(key.value, iv, action)
    blob = content + content_mac(key, operation, content)
    return Mutation(operation, Record(hmac_sha256(key.index, index), blob, key.id))


def unseal(mutation: Mutation, key: SyncKey) -> Entry:
    """The inverse of `seal`. Raises AppStateRefused, or MalformedProtobuf for content that is no SyncActionData."""
    record = mutation.record
    content, mac = record.blob[:-MAC_SIZE], record.value_mac
    if not hmac.compare_digest(mac, content_mac(key, mutation.operation, content)):
        raise AppStateRefused("the content MAC is wrong")
    fields = decode(decrypt_cbc(key.value, content[:IV_SIZE], content[IV_SIZE:]))
    index = required_bytes(fields, 1)
    if not hmac.compare_digest(record.index_mac, hmac_sha256(key.index, index)):
        raise AppStateRefused("the index MAC is wrong")
    return Entry(tuple(json.loads(index)), bytes_of(fields, 2) or b"", int_of(fields, 4) or 0)


def content_mac(key: SyncKey, operation: int, content: bytes) -> bytes:
    length = (1 + len(key.id)).to_bytes(8, "big")
    return hmac.digest(key.value_mac, bytes((operation + 1,)) + key.id + content + length, "sha512")[:MAC_SIZE]


def index_bytes(index: Index) -> bytes:
    return json.dumps(index, separators=(",", ":"), ensure_ascii=False).encode()
