"""The file of a backup: one line that says what it is, then a key under the passphrase, then all of it under that key.

    RECADO BACKUP 1
    {"n": …, "salt": …, "nonce": …, "key": …}
    <an age stream to that identity, of gzip, of: a manifest line, then for each table a line, its rows, a length of 0>

`key` is an age identity under ChaCha20-Poly1305, with a key that scrypt draws from the passphrase (r 8, p 1).
Rows are PostgreSQL's own COPY text, in frames of a length (4 bytes, big-endian) and so many bytes. The last line tells
the number of rows in each table.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyrage
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from recado.domain.errors import Invalid

_MAGIC: Final = b"RECADO BACKUP 1\n"
_FRAME: Final = 1 << 20
_END: Final = b"\0\0\0\0"
LEAST_PASSPHRASE: Final = 8
WORK: Final = 1 << 17
"""scrypt's N: about half a second and 128 MB, the same on every machine."""
_MOST_WORK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says of itself. `instances` are `{id, name, phone_number, wanted}`; `schema` the last migration."""

    created_at: str
    version: str
    schema: str
    engine_tables: int | None
    is_move: bool
    has_messages: bool
    instances: list[dict[str, Any]]


class Writer:
    """Puts one table after the other into the file."""

    def __init__(self, out: gzip.GzipFile, manifest: Manifest) -> None:
        self._out = out
        self._rows: dict[str, int] = {}
        self._line(asdict(manifest))

    def table(self, name: str, columns: list[str], chunks: Iterator[bytes]) -> int:
        """Its rows as COPY text; the answer is their number."""
        self._line({"table": name, "columns": columns})
        rows = 0
        for chunk in chunks:
            rows += chunk.count(b"\n")
            for start in range(0, len(chunk), _FRAME):
                frame = chunk[start : start + _FRAME]
                self._out.write(len(frame).to_bytes(4, "big") + frame)
        self._out.write(_END)
        self._rows[name] = rows
        return rows

    def end(self) -> dict[str, int]:
        """The last line; the rows of each table."""
        self._line({"end": self._rows})
        return self._rows

    def _line(self, said: Mapping[str, Any]) -> None:
        self._out.write(json.dumps(said).encode() + b"\n")


class Reader:
    """Gives one table after the other out of the file."""

    def __init__(self, source: gzip.GzipFile) -> None:
        self._source = source
        self.manifest = Manifest(**self._line())

    def tables(self) -> Iterator[tuple[str, list[str], Iterator[bytes]]]:
        """Name, columns and rows of each. The rows have to be read before the next is asked for."""
        seen: dict[str, int] = {}
        while "end" not in (line := self._line()):
            name = line["table"]
            yield name, line["columns"], self._rows(name, seen)
        if line["end"] != seen or not self._is_over():
            raise damaged()

    def _rows(self, name: str, seen: dict[str, int]) -> Iterator[bytes]:
        seen[name] = 0
        while length := int.from_bytes(self._exactly(4), "big"):
            if length > _FRAME:
                raise damaged()
            chunk = self._exactly(length)
            seen[name] += chunk.count(b"\n")
            yield chunk

    def _is_over(self) -> bool:
        """Whether nothing follows; only now is every seal of the file proven."""
        try:
            return not self._source.read(1)
        except (EOFError, OSError):
            return False

    def _exactly(self, length: int) -> bytes:
        try:
            data = self._source.read(length)
        except (EOFError, OSError) as error:
            raise damaged() from error
        if len(data) != length:
            raise damaged()
        return data

    def _line(self) -> dict[str, Any]:
        try:
            said = json.loads(self._source.readline(_FRAME))
        except (ValueError, EOFError, OSError) as error:
            raise damaged() from error
        if not isinstance(said, dict):
            raise damaged()
        return said


@contextlib.contextmanager
def written(path: Path, passphrase: str, manifest: Manifest, *, work: int = WORK) -> Iterator[Writer]:
    """A new file, mode 0600, in its place only when the block has ended well. Raises Invalid, OSError."""
    if len(passphrase) < LEAST_PASSPHRASE:
        raise Invalid(
            "weak_passphrase",
            f"The passphrase has {len(passphrase)} characters, and needs {LEAST_PASSPHRASE} or more.",
            hint="The file holds the keys of your sessions: choose a long one and keep it apart from the file.",
        )
    identity = pyrage.x25519.Identity.generate()
    partial = path.with_name(f"{path.name}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_MAGIC + _locked(str(identity).encode(), passphrase, work) + b"\n")
            with (
                _through(lambda source: pyrage.encrypt_io(source, file, [identity.to_public()])) as out,
                gzip.GzipFile(fileobj=out, mode="wb", compresslevel=5) as packed,
            ):
                yield Writer(packed, manifest)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def opened(path: Path, passphrase: str) -> Iterator[Reader]:
    """A file that `written` has made. Raises Invalid when it is none, is damaged, or the passphrase is not its own."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise Invalid("no_backup", f"{path} cannot be read: {error.strerror}.") from None
    with file:
        if file.readline(100) != _MAGIC:
            raise Invalid("no_backup", f"{path} is no backup of Recado's.")
        identity = pyrage.x25519.Identity.from_str(_unlocked(file.readline(1 << 12), passphrase).decode())
        with (
            _out_of(lambda sink: pyrage.decrypt_io(file, sink, [identity])) as source,
            gzip.GzipFile(fileobj=source, mode="rb") as unpacked,
        ):
            yield Reader(unpacked)


def prove(path: Path, passphrase: str) -> None:
    """Read the file to its end. Raises Invalid when anything is wrong with it."""
    with opened(path, passphrase) as reader:
        for _, _, rows in reader.tables():
            for _ in rows:
                pass


def damaged() -> Invalid:
    return Invalid("damaged_backup", "The backup is damaged or not complete; nothing was changed.")


def _locked(secret: bytes, passphrase: str, work: int) -> bytes:
    salt, nonce = os.urandom(16), os.urandom(12)
    key = ChaCha20Poly1305(_key(passphrase, salt, work)).encrypt(nonce, secret, _MAGIC)
    said = {"salt": salt, "nonce": nonce, "key": key}
    return json.dumps({"n": work} | {name: base64.b64encode(value).decode() for name, value in said.items()}).encode()


def _unlocked(line: bytes, passphrase: str) -> bytes:
    try:
        said = json.loads(line)
        work = int(said["n"])
        salt, nonce, key = (base64.b64decode(said[name], validate=True) for name in ("salt", "nonce", "key"))
        if not 1 < work <= _MOST_WORK or len(nonce) != 12:
            raise damaged()
        return ChaCha20Poly1305(_key(passphrase, salt, work)).decrypt(nonce, key, _MAGIC)
    except InvalidTag:
        raise Invalid("wrong_passphrase", "The passphrase does not open this backup.") from None
    except (ValueError, KeyError, TypeError):
        raise damaged() from None


def _key(passphrase: str, salt: bytes, work: int) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=work, r=8, p=1, maxmem=work * 1100, dklen=32)


@contextlib.contextmanager
def _through(work: Callable[[BinaryIO], None]) -> Iterator[BinaryIO]:
    """A pipe to write into, whose other end is given to `work` in a thread; its error comes at the end of the block."""
    reading, writing = os.pipe()
    with _beside(work, os.fdopen(reading, "rb")), os.fdopen(writing, "wb") as sink:
        yield sink


@contextlib.contextmanager
def _out_of(work: Callable[[BinaryIO], None]) -> Iterator[BinaryIO]:
    """The same to read from."""
    reading, writing = os.pipe()
    with _beside(work, os.fdopen(writing, "wb")), os.fdopen(reading, "rb") as source:
        yield source


@contextlib.contextmanager
def _beside(work: Callable[[BinaryIO], None], end: BinaryIO) -> Iterator[None]:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            with end:
                work(end)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    if failed and isinstance(failed[0], pyrage.DecryptError):
        raise damaged() from failed[0]
    if failed:
        raise failed[0]
