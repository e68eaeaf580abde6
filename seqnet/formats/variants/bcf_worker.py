"""The process that touches BCF files for seqnet: ``read PATH`` to VCF, ``write PATH`` from VCF.

``python -m seqnet.formats.variants.bcf_worker read|write PATH``. Text is on standard output or input. The
library may bring its process down on damaged files; the other side sees how it ended.
"""

from __future__ import annotations

import re
import sys

import pysam
import pysam.bcftools
from pysam.utils import SamtoolsError


def convert_bcf(mode: str, path: str) -> int:
    """Convert; say in one line what went wrong."""
    pysam.set_verbosity(1)  # the library's own errors go to standard error first: they name contigs
    # bcftools copies rows as they are; pysam's records would get an INFO field END, which a header may lack
    files = ("-Ov", path) if mode == "read" else ("-Ob", "-o", path, "-")
    try:
        pysam.bcftools.view("--no-version", *files, catch_stdout=False)
    except SamtoolsError as error:
        said = re.sub(r".*stderr=", "", " ".join(error.value.split()))
        sys.stderr.write(f"{said}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(convert_bcf(*sys.argv[1:]))
