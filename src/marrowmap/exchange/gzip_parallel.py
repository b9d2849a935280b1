"""One gzip file written by several threads.

Blocks are deflated independently, flushed to a byte boundary and joined to one deflate stream (as pigz does),
so every reader of gzip reads it; zlib works outside the interpreter lock.
Source: RFC 1951, RFC 1952.
"""

from __future__ import annotations

import os
import struct
import tempfile
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BLOCK_BYTES = 1 << 20
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # no name, no time: equal content gives equal files


def compress(parts: Sequence[bytes | memoryview], level: int = 1, threads: int | None = None) -> list[bytes]:
    """``parts`` as pieces of one gzip stream. level: 1 fast to 9 small. threads: None takes all cores."""
    blocks = [
        view[start : start + BLOCK_BYTES]
        for view in (memoryview(part).cast("B") for part in parts)
        for start in range(0, len(view), BLOCK_BYTES)
    ]
    workers = threads or min(4, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:
        # list() here: the blocks are views, and all of them live until the last is done.
        pieces = list(pool.map(lambda item: _deflate(item, level), blocks))
    crc = 0
    for block in blocks:
        crc = zlib.crc32(block, crc)
    size = sum(len(block) for block in blocks)
    return [_HEADER, *pieces, b"\x03\x00", struct.pack("<II", crc, size & 0xFFFFFFFF)]


def _deflate(block: memoryview, level: int) -> bytes:
    engine = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return engine.compress(block) + engine.flush(zlib.Z_SYNC_FLUSH)


def write_whole(path: Path, pieces: Sequence[bytes | memoryview]) -> None:
    """Write ``pieces`` to a temporary sibling of ``path`` and rename: it appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in pieces:
                file.write(piece)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException:
        if os.path.exists(name):
            os.unlink(name)
        raise
