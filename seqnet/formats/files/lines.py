"""Lines of text whatever ends them: a line feed, both, or a carriage return alone (classic Mac)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO


def raw_lines(stream: BinaryIO, longest: int) -> Iterator[bytes]:
    """Yield the lines of a stream without their ends.

    Parameters
    ----------
    longest
        A line of as many bytes or more is yielded in pieces, for the caller to refuse.
    """
    rest = b""
    while raw := stream.readline(longest):
        if raw.endswith(b"\n") or len(raw) < longest:
            body, rest = (rest + raw).rstrip(b"\r\n"), b""
            yield from body.split(b"\r")
            continue
        *whole, rest = (rest + raw).split(b"\r")  # no line feed as far as that: are there returns?
        yield from whole
        if len(rest) >= longest:
            yield rest
            rest = b""
    if rest:
        yield rest


def with_line_feeds(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces of a text, each carriage return that no line feed follows turned into one.

    Returns before a line feed stay, so that the usual texts pass as they are.
    """
    held = b""  # a return at the end of a piece: the next one tells what it is
    for chunk in chunks:
        piece = held + chunk if held else chunk
        held = b""
        if b"\r" in piece:
            if piece.endswith(b"\r"):
                piece, held = piece[:-1], b"\r"
            if piece.count(b"\r") != piece.count(b"\r\n"):
                piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if piece:
            yield piece
    if held:
        yield b"\n"


def unix_text(data: bytes) -> str:
    """Return a whole text in UTF-8 with line feeds alone.

    Raises
    ------
    UnicodeDecodeError
        If it is not UTF-8.
    """
    return data.decode().replace("\r\n", "\n").replace("\r", "\n")
