"""The process that touches CRAM files for seqnet: CRAM in, BAM out, not compressed.

``python -m seqnet.formats._cram_worker REFERENCE PATH``; PATH ``-`` is standard input. The library
may bring its process down on damaged files; the other side sees how it ended.
"""

from __future__ import annotations

import sys

import pysam


def convert(reference: str, path: str) -> None:
    """Write the reads of a file to standard output."""
    with (
        pysam.AlignmentFile(path, "rc", reference_filename=reference) as source,
        pysam.AlignmentFile("-", "wbu", template=source) as target,
    ):
        for read in source.fetch(until_eof=True):
            target.write(read)


def main(reference: str, path: str) -> int:
    """Convert; say in one line what went wrong."""
    try:
        convert(reference, path)
    except (OSError, ValueError, RuntimeError) as error:
        sys.stderr.write(f"{' '.join(str(error).split())}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
