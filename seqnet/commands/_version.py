"""What ``seqnet --version`` prints."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import seqnet
from seqnet.kernels import _dispatch

LIBRARIES = (
    "numpy", "torch", "scipy", "scikit-learn", "pysam", "pyfaidx", "pyBigWig", "biopython",
    "safetensors", "matplotlib", "rich", "click",
)  # fmt: skip


def version_text(*, verbose: bool) -> str:
    """Return the version line, followed by kernels and library versions if `verbose`."""
    lines = [f"seqnet, version {seqnet.__version__}"]
    if verbose:
        lines.append(f"kernels: {_dispatch.description()}")
        lines.append(f"python: {platform.python_version()}")
        lines += [f"{name}: {library_version(name)}" for name in LIBRARIES]
    return "\n".join(lines)


def library_version(name: str) -> str:
    """Return the installed version of a distribution."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
