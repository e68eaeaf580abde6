"""What a model is fed: rows of a table become tensors on a device, batch by batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch import Tensor

from seqnet.aliases import Bools, Codes, Ints
from seqnet.genome.alphabet import reverse_complement

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class Inputs(Protocol):
    """n examples."""

    def __len__(self) -> int:
        """Return n."""
        ...

    def subset(self, rows: Ints) -> Inputs:
        """Return some rows as inputs of their own."""
        ...

    def batch(self, rows: Ints, device: torch.device, flip: Bools | None = None) -> Tensor:
        """Return the tensor of some rows, those under `flip` read from the other strand."""
        ...


@dataclass(frozen=True, eq=False)
class SequenceInputs:
    """Sequences of one length as codes, uint8 (n, L); one-hot only on the device."""

    codes: Codes

    def __len__(self) -> int:
        """Return the number of sequences."""
        return len(self.codes)

    def subset(self, rows: Ints) -> SequenceInputs:
        """Return some rows."""
        return SequenceInputs(self.codes[rows])

    def batch(self, rows: Ints, device: torch.device, flip: Bools | None = None) -> Tensor:
        """Return float32 (rows, 4, 1, L), channels last in memory."""
        codes = self.codes[rows]
        if flip is not None:
            codes[flip] = reverse_complement(codes[flip])
        return one_hot(torch.from_numpy(np.ascontiguousarray(codes)).to(device))


@dataclass(frozen=True, eq=False)
class FeatureInputs:
    """Features as CSR float32 (n, d), shifted and scaled column by column when batched.

    Strand does not matter: features that differ between strands are the featuriser's choice.
    """

    matrix: csr_matrix
    mean: np.ndarray
    scale: np.ndarray

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.matrix.shape[0])

    def subset(self, rows: Ints) -> FeatureInputs:
        """Return some rows."""
        return FeatureInputs(self.matrix[rows], self.mean, self.scale)

    def batch(
        self,
        rows: Ints,
        device: torch.device,
        flip: Bools | None = None,  # noqa: ARG002  features have no strand
    ) -> Tensor:
        """Return float32 (rows, d)."""
        dense = (self.matrix[rows].toarray() - self.mean) / self.scale
        return torch.from_numpy(dense.astype(np.float32)).to(device)


def one_hot(codes: Tensor) -> Tensor:
    """Return the one-hot form of uint8 (n, L): float32 (n, 4, 1, L), channels last, N all zeros."""
    bases = torch.arange(4, dtype=torch.uint8, device=codes.device)
    return (codes.unsqueeze(-1) == bases).float().unsqueeze(1).permute(0, 3, 1, 2)


def column_statistics(matrix: csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each column, float32 (d,); 1 for constant columns."""
    n = max(1, matrix.shape[0])
    mean = np.asarray(matrix.sum(axis=0), dtype=np.float64).ravel() / n
    squares = np.asarray(matrix.multiply(matrix).sum(axis=0), dtype=np.float64).ravel() / n
    deviation = np.sqrt(np.maximum(squares - mean**2, 0.0))
    scale = np.where(deviation > 1e-6, deviation, 1.0)
    return mean.astype(np.float32), scale.astype(np.float32)
