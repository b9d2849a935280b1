"""The text of a PDF as a reader's software finds it: glyphs through the ToUnicode maps of their fonts.

Enough for the files that Typst writes: objects in the open, Type 0 fonts with two bytes for a glyph.
"""

from __future__ import annotations

import re
import zlib

_OBJECT = re.compile(rb"(?:^|\s)(\d+) 0 obj\s(.*?)\sendobj", re.S)
_STREAM = re.compile(rb"stream\r?\n(.*)\r?\nendstream", re.S)
_SHOWN = re.compile(rb"/(\w+) [\d.]+ Tf|(\()|<([0-9A-Fa-f]+)>|\bET\b")
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def pdf_text(pdf: bytes) -> str:
    """Everything a PDF prints, one line for each run of text, white space made single."""
    objects = {int(n): body for n, body in _OBJECT.findall(pdf)}
    lines: list[str] = []
    for body in objects.values():
        page = re.search(rb"/Type/Page\b", body)
        if not page and b"/Subtype/Form" not in body:
            continue
        fonts = _fonts(_of(objects, body, b"Resources"), objects)
        streams = _of(objects, body, b"Contents") if page else body
        lines += _lines(_stream(streams), fonts)
    return "\n".join(" ".join(line.split()) for line in lines if line.strip())


def _of(objects: dict[int, bytes], body: bytes, key: bytes) -> bytes:
    """What a key of an object refers to."""
    found = re.search(rb"/" + key + rb" (\d+) 0 R", body)
    return objects[int(found.group(1))] if found else body


def _stream(body: bytes) -> bytes:
    found = _STREAM.search(body)
    raw = found.group(1) if found else b""
    return zlib.decompress(raw) if b"/FlateDecode" in body.split(b"stream")[0] else raw


def _fonts(resources: bytes, objects: dict[int, bytes]) -> dict[bytes, dict[int, str]]:
    fonts = {}
    for listed in re.findall(rb"/Font<<(.*?)>>", resources, re.S):
        for name, number in re.findall(rb"/(\w+) (\d+) 0 R", listed):
            cmap = _stream(_of(objects, objects[int(number)], b"ToUnicode"))
            pairs = re.findall(rb"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]+)>", cmap.split(b"endcodespacerange")[-1])
            fonts[name] = {int(g, 16): bytes.fromhex(u.decode()).decode("utf-16-be") for g, u in pairs}
    return fonts


def _lines(stream: bytes, fonts: dict[bytes, dict[int, str]]) -> list[str]:
    out, run, font, at = [], "", {}, 0
    while found := _SHOWN.search(stream, at):
        name, opened, hexed = found.groups()
        at = found.end()
        glyphs = b""
        if name is not None:
            font = fonts.get(name, {})
        elif opened is not None:
            glyphs, at = _literal(stream, at)
        elif hexed is not None:
            glyphs = bytes.fromhex(hexed.decode())
        else:
            out.append(run)
            run = ""
        run += "".join(font.get(int.from_bytes(glyphs[i : i + 2]), "") for i in range(0, len(glyphs), 2))
    return out


def _literal(stream: bytes, start: int) -> tuple[bytes, int]:
    """The literal string that begins after an opening bracket, and where it ends; brackets in it are balanced."""
    depth, at = 1, start
    while depth:
        char = stream[at : at + 1]
        depth += {b"(": 1, b")": -1}.get(char, 0)
        at += 2 if char == b"\\" else 1
    return _plain(stream[start : at - 1]), at


def _plain(literal: bytes) -> bytes:
    """A literal string without its escapes."""

    def one(match: re.Match[bytes]) -> bytes:
        found = match.group(1)
        return bytes([int(found, 8) & 255]) if found.isdigit() else _ESCAPES.get(found, found)

    return re.sub(rb"\\([0-7]{1,3}|.)", one, literal, flags=re.S)
