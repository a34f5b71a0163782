"""The certificate chain by which a client knows the network: root key, intermediate, server key."""

from __future__ import annotations

from dataclasses import dataclass

from recado_simulator import protobuf
from recado_simulator.keys import KeyPair, RandomSource

ROOT_SERIAL, INTERMEDIATE_SERIAL, LEAF_SERIAL = 0, 1, 2
FOREVER = 253_402_300_799  # the last second of the year 9999


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """The network's own keys: the root that clients are told, and the server's static Noise key."""

    root: KeyPair
    static: KeyPair

    @classmethod
    def generate(cls, random: RandomSource) -> Authority:
        return cls(root=KeyPair.generate(random), static=KeyPair.generate(random))

    def chain(self, random: RandomSource) -> bytes:
        """The protobuf CertChain {1 leaf, 2 intermediate} for the static key."""
        intermediate = KeyPair.generate(random)
        return protobuf.encode(
            (
                (1, certificate(LEAF_SERIAL, self.static, INTERMEDIATE_SERIAL, intermediate, random)),
                (2, certificate(INTERMEDIATE_SERIAL, intermediate, ROOT_SERIAL, self.root, random)),
            )
        )


def certificate(serial: int, key: KeyPair, issuer_serial: int, issuer: KeyPair, random: RandomSource) -> bytes:
    details = protobuf.encode(((1, serial), (2, issuer_serial), (3, key.public), (4, 0), (5, FOREVER)))
    return protobuf.encode(((1, details), (2, issuer.sign(details, random))))
