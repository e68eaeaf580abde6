"""What ``seqnet --version`` prints."""

from __future__ import annotations

import platform

from seqnet.kernels import _dispatch
from seqnet.lookup import library_version
from seqnet.version import __version__

LIBRARIES = (
    "numpy", "torch", "scipy", "pysam", "pyfaidx", "pyBigWig", "biopython",
    "safetensors", "matplotlib", "rich", "click",
)  # fmt: skip


def version_text(*, verbose: bool) -> str:
    """Return the version line, followed by kernels and library versions if `verbose`."""
    lines = [f"seqnet, version {__version__}"]
    if verbose:
        lines.append(f"kernels: {_dispatch.description()}")
        lines.append(f"python: {platform.python_version()}")
        lines += [f"{name}: {library_version(name)}" for name in LIBRARIES]
    return "\n".join(lines)
