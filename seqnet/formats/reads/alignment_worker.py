"""The process that reads CRAM and SAM for seqnet and writes them as BAM, not compressed.

``python -m seqnet.formats.reads.alignment_worker PATH [REFERENCE]``; PATH ``-`` is standard input, CRAM has a
reference. The library may bring its process down on damaged files; the other side sees how it ended.
"""

from __future__ import annotations

import sys

import pysam


def _write_bam(path: str, reference: str | None) -> None:
    """Write the reads of a file to standard output."""
    with (
        pysam.AlignmentFile(path, "r" if reference is None else "rc", reference_filename=reference) as source,
        pysam.AlignmentFile("-", "wbu", template=source) as target,
    ):
        for read in source.fetch(until_eof=True):
            target.write(read)


def convert_alignments(path: str, reference: str | None = None) -> int:
    """Convert; say in one line what went wrong."""
    try:
        _write_bam(path, reference)
    except (OSError, ValueError, RuntimeError) as error:
        sys.stderr.write(f"{' '.join(str(error).split())}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(convert_alignments(*sys.argv[1:]))
