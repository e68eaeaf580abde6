"""The modules that layers are made of, where torch has none."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

_STEPS = 1 << 16
"""Values of the 16 bits that decide whether a value is dropped."""


class Exponential(nn.Module):
    """exp(x), cut at exp(8) so that one large activation cannot overflow."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply it elementwise."""
        return x.clamp(max=8).exp_()


class Dropout(nn.Dropout):
    """Dropout whose draws are cheap on a CPU, where torch's are a tenth of a small network's step.

    A value takes 16 random bits, so that its rate there is a multiple of 1/65536, the nearest to what
    requested.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Drop values in training and scale up the others."""
        dropped = min(round(self.p * _STEPS), _STEPS - 1)
        if not self.training or input.device.type != "cpu" or not dropped:
            return super().forward(input)
        words = torch.empty(-(-input.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
        draws = words.view(torch.int16)[: input.numel()]
        scale = torch.empty_like(input)  # dense, whatever its layout
        torch.ge(draws, dropped - _STEPS // 2, out=scale.as_strided(draws.shape, (1,)))
        return input * scale.mul_(_STEPS / (_STEPS - dropped))


class Maxout(nn.Module):
    """The maximum over groups of `pieces` neighbouring channels: C to C / pieces."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        """Take the maximum of each group."""
        n, channels, *positions = x.shape
        return x.reshape(n, channels // self.pieces, self.pieces, *positions).amax(2)


class GlobalPool(nn.Module):
    """Maximum, average, or both side by side over all positions: (n, C, 1, L) to (n, C or 2C).

    Parameters
    ----------
    kind
        ``max``, ``average`` or ``max_average``.
    masked
        Whether a `Masking` network tells it which positions are padding.
    """

    def __init__(self, kind: str, masked: bool = False) -> None:
        super().__init__()
        self.kind = kind
        self.masked = masked

    def forward(self, x: Tensor, inside: Tensor | None = None) -> Tensor:
        """Pool over positions, of those alone that are `inside`, bool (n, 1, 1, L)."""
        if inside is None:
            highest, mean = x.amax((2, 3)), x.mean((2, 3))
        else:
            highest = x.masked_fill(~inside, -torch.inf).amax((2, 3))
            mean = x.masked_fill(~inside, 0.0).sum((2, 3)) / inside.sum((2, 3))
        if self.kind == "max":
            return highest
        return mean if self.kind == "average" else torch.cat([highest, mean], dim=1)


class Residual(nn.Module):
    """Adds a block's output to its input, or to what a shortcut makes of the input."""

    def __init__(self, block: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__()
        self.block = block
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Return x + block(x)."""
        kept = x if self.shortcut is None else self.shortcut(x)
        summed: Tensor = kept + self.block(x)
        return summed


class Siamese(nn.Module):
    """The average of what one block makes of both strands.

    The first four channels are the bases A C G T, complemented by turning their order; channels
    after them are tracks.

    Parameters
    ----------
    block
        What each strand goes through.
    partners
        For each track the one whose place it takes on the other strand; None where none has a strand.
    """

    def __init__(self, block: nn.Module, partners: list[int] | None = None) -> None:
        super().__init__()
        self.block = block
        self.partners = partners

    def forward(self, x: Tensor) -> Tensor:
        """Return (block(x) + block(reverse complement of x)) / 2."""
        mean: Tensor = (self.block(x) + self.block(self.turned(x))) / 2
        return mean

    def turned(self, x: Tensor) -> Tensor:
        """Return x as read from the other strand."""
        tracks = x[:, 4:] if self.partners is None else x[:, 4:][:, self.partners]
        return torch.cat([x[:, :4].flip(1), tracks], dim=1).flip(3)


class Towers(nn.Module):
    """Layers of the sequence, the first four channels, and layers of the tracks behind it, joined.

    Parameters
    ----------
    sequence, signal
        From (n, 4, 1, L) and from (n, S, 1, L) to as many positions each, or to none.
    """

    def __init__(self, sequence: nn.Module, signal: nn.Module) -> None:
        super().__init__()
        self.sequence = sequence
        self.signal = signal

    def forward(self, x: Tensor) -> Tensor:
        """Return the channels of both, those of the sequence first."""
        return torch.cat([self.sequence(x[:, :4]), self.signal(x[:, 4:])], dim=1)


class Parallel(nn.Module):
    """What two chains of layers make of the same input, joined: their channels side by side.

    Parameters
    ----------
    layers, beside
        To as many positions each, or to none.
    """

    def __init__(self, layers: nn.Sequential, beside: nn.Sequential) -> None:
        super().__init__()
        self.layers = layers
        self.beside = beside

    def forward(self, x: Tensor) -> Tensor:
        """Return the channels of both, those of `layers` first."""
        return torch.cat([self.layers(x), self.beside(x)], dim=1)


class BiLstm(nn.Module):
    """A long short-term memory read along the positions in both directions: C to 2 units channels.

    One bias per gate, as the papers count them: torch's second stays at zero.
    """

    def __init__(self, channels: int, units: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(channels, units, batch_first=True, bidirectional=True)
        for name, parameter in self.lstm.named_parameters():
            if name.startswith("bias_hh"):
                nn.init.zeros_(parameter).requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, C, 1, L) to (n, 2 units, 1, L)."""
        outputs: Tensor = self.lstm(x.squeeze(2).transpose(1, 2))[0]
        return outputs.transpose(1, 2).unsqueeze(2)


ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "exponential": Exponential,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "elu": nn.ELU,
    "leaky_relu": nn.LeakyReLU,
    "prelu": nn.PReLU,
    "softplus": nn.Softplus,
}
