"""The two kinds of search tree in a bigWig file: of contig names, and of blocks by place.

Layout: Kent et al. 2010, Bioinformatics 26:2204, supplementary tables 8 to 17.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_FAN = 256
"""Entries of a node."""
_NODE = struct.Struct("<BBH")
_NAMES_MAGIC, _BLOCKS_MAGIC = 0x78CA8C91, 0x2468ACE0
_NAMES_HEAD, _BLOCKS_HEAD = struct.Struct("<IIIIQQ"), struct.Struct("<IIQIIIIQII")

_EXTENT = [("start_contig", "<u4"), ("start", "<u4"), ("end_contig", "<u4"), ("end", "<u4")]
BLOCK = np.dtype([*_EXTENT, ("offset", "<u8"), ("size", "<u8")])
"""A block of data: where its values lie, and its bytes in the file."""
_BRANCH = np.dtype([*_EXTENT, ("offset", "<u8")])

Rows = NDArray[np.void]


def names_tree(lengths: Mapping[str, int], offset: int) -> bytes:
    """Return the tree of contig names, for writing at `offset`; ids are in the order given."""
    names = [name.encode() for name in lengths]
    width = max(map(len, names))
    leaf = np.dtype([("key", f"S{width}"), ("id", "<u4"), ("length", "<u4")])
    branch = np.dtype([("key", f"S{width}"), ("offset", "<u8")])
    rows = sorted(zip(names, range(len(names)), lengths.values(), strict=True))
    head = _NAMES_HEAD.pack(_NAMES_MAGIC, min(_FAN, len(names)), width, 8, len(names), 0)
    return head + _nodes(np.array(rows, dtype=leaf), branch, offset + len(head))


def blocks_tree(blocks: Rows, offset: int, data_end: int, items: int) -> bytes:
    """Return the tree of blocks (dtype `BLOCK`, sorted), for writing at `offset`.

    Parameters
    ----------
    data_end
        Byte behind the last block.
    items
        The most values in a block.
    """
    first, last = blocks[0], blocks[-1]
    extent = [int(first["start_contig"]), int(first["start"]), int(last["end_contig"]), int(last["end"])]
    head = _BLOCKS_HEAD.pack(_BLOCKS_MAGIC, _FAN, len(blocks), *extent, data_end, items, 0)
    return head + _nodes(blocks, _BRANCH, offset + len(head))


def _nodes(leaves: Rows, branch: np.dtype[np.void], offset: int) -> bytes:
    """Return the nodes over sorted entries, root first, for writing at `offset`."""
    levels = [leaves]
    while len(levels[-1]) > _FAN:
        levels.append(_parents(levels[-1], branch))
    place = offset
    for depth in range(len(levels) - 1, 0, -1):
        place += _level_bytes(levels[depth])
        below = levels[depth - 1]
        levels[depth]["offset"] = place + _node_bytes(below) * np.arange(len(levels[depth]))
    return b"".join(_level(rows, is_leaf=rows is leaves) for rows in reversed(levels))


def _parents(rows: Rows, branch: np.dtype[np.void]) -> Rows:
    """Return an entry for each node of a level: its first key or its extent."""
    firsts = np.arange(0, len(rows), _FAN)
    lasts = np.minimum(firsts + _FAN, len(rows)) - 1
    parents = np.zeros(len(firsts), dtype=branch)
    for name in branch.names or ():
        if name != "offset":
            parents[name] = rows[name][lasts if name.startswith("end") else firsts]
    return parents


def _node_bytes(rows: Rows) -> int:
    """Return the bytes of a full node of a level."""
    return _NODE.size + _FAN * rows.dtype.itemsize


def _level_bytes(rows: Rows) -> int:
    """Return the bytes of a level; every node but the last is full."""
    return -(-len(rows) // _FAN) * _NODE.size + len(rows) * rows.dtype.itemsize


def _level(rows: Rows, *, is_leaf: bool) -> bytes:
    """Return the nodes of one level."""
    nodes = (rows[first : first + _FAN] for first in range(0, len(rows), _FAN))
    return b"".join(_NODE.pack(is_leaf, 0, len(node)) + node.tobytes() for node in nodes)
