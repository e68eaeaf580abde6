"""The modules that layers are made of, where torch has none."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.genome.signals.smoothing import gaussian_weights

_LEAST = 1e-6
"""What an output is at least where all weighted inputs are 0, since losses take its logarithm."""
_STEPS = 1 << 16
"""Values of the 16 bits that decide whether a value is dropped."""
_FAR = 60.0
"""A Gaussian is no smaller than exp(-60): numbers that are no longer normal would be slow."""


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


class Taper(nn.Module):
    """Multiplies each channel by a Gaussian around the middle of the positions: (n, C, 1, L) to the same.

    What lies at the centre of a peak counts for more than what lies farther out, and by how much is learnt,
    channel by channel.

    Parameters
    ----------
    channels, length
        C and L.
    narrowest, widest
        Standard deviations of the first and the last channel at the start, in positions; those between
        are evenly spaced logarithms.
    """

    def __init__(self, channels: int, length: int, narrowest: float, widest: float) -> None:
        super().__init__()
        self.length = length
        self.log_deviation = nn.Parameter(torch.linspace(math.log(narrowest), math.log(widest), channels))

    def factors(self) -> Tensor:
        """Return what each position of each channel is multiplied by, (L, C)."""
        middle = (self.length - 1) / 2
        distance = torch.arange(self.length, device=self.log_deviation.device) - middle
        halves = 0.5 * (distance[:, None] * torch.exp(-self.log_deviation)).square()
        return torch.exp(-halves.clamp(max=_FAR))

    def forward(self, x: Tensor) -> Tensor:
        """Return the products."""
        return x * self.factors().T[None, :, None].to(x.dtype)


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


class SmootherMix(nn.Module):
    """Weighted means of smoothed tracks, with weights that a network chooses at every position.

    S tracks, 0 or more, are smoothed by K Gaussians. Output t at a position is

        exp(tanh g_t) (w_t0 + sum over s, k of w_tsk smoothed_sk),    w_t >= 0, sum of w_t = 1,

    where `layers` and a convolution of width 1 make g and (by a softmax) w of the asinh of the smoothed
    tracks, cut at `ceiling`: above the values seen in training the weights stay as they are there. The
    constant 1 is the mean of a track that was divided by its mean. An output is thus never more than e times
    the largest value of the inputs (or 1), whatever the weights of the network are.

    Parameters
    ----------
    layers
        From (n, S K, 1, L) to (n, `channels`, 1, L).
    tracks
        S.
    channels
        What comes out of `layers`.
    tasks
        T outputs.
    widths
        The Gaussians' standard deviations, in positions; 0 does not smooth.
    logit
        Whether the last output is a logit, a linear map of the channels, and no mean.
    ceiling
        See above; None for none.
    bias
        Of the last convolution.
    partners
        For each track, and for each output, the one that takes its place on the other strand. The weights are
        then the mean of those of both strands, so that reversed tracks give reversed outputs. None reads
        tracks forward.
    """

    def __init__(
        self,
        layers: nn.Sequential,
        tracks: int,
        channels: int,
        tasks: int,
        widths: Sequence[float],
        *,
        logit: bool = False,
        ceiling: float | None = None,
        bias: bool = True,
        partners: tuple[Sequence[int], Sequence[int]] | None = None,
    ) -> None:
        super().__init__()
        self.layers = layers
        self.ceiling = ceiling
        self.means = tasks - logit
        self.parts = tracks * len(widths) + 1
        self.weights = nn.Conv2d(channels, self.means * (self.parts + 1) + logit, 1, bias=bias)
        nn.init.zeros_(self.weights.weight)  # all parts weigh the same at first
        if self.weights.bias is not None:
            nn.init.zeros_(self.weights.bias)
        self.orders = None if partners is None else _strand_orders(partners, len(widths), self.parts)
        filters = [gaussian_weights(width) for width in widths]
        self.reach = max(len(taps) for taps in filters) // 2
        bank = np.stack([np.pad(taps, self.reach - len(taps) // 2) for taps in filters])
        values = torch.from_numpy(bank.astype(np.float32))[:, None, None]
        self.register_buffer("bank", values, persistent=False)

    def smoothed(self, x: Tensor) -> Tensor:
        """Return tracks (n, S, 1, L) smoothed by each Gaussian, (n, S K, 1, L)."""
        n, tracks, _, length = x.shape
        bank = self.get_buffer("bank")
        with torch.autocast(x.device.type, enabled=False):  # outputs are means of these: all their digits
            rows = x.float().reshape(n * tracks, 1, 1, length)
            each = functional.conv2d(rows, bank, padding=(0, self.reach))
        return each.reshape(n, -1, 1, length)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, S, 1, L) to (n, T, L)."""
        smoothed = self.smoothed(x)
        hidden = torch.asinh(smoothed if self.ceiling is None else smoothed.clamp(max=self.ceiling))
        chosen = self.weights(self.layers(hidden)).squeeze(2).float()
        if self.orders is not None:
            before, after = self.orders
            after = [*after, *range(len(after), chosen.shape[1])]  # the logit has no strand
            turned = self.weights(self.layers(hidden[:, before].flip(3))).squeeze(2).float()
            chosen = (chosen + turned[:, after].flip(2)) / 2
        n, _, length = chosen.shape
        each = chosen[:, : self.means * (self.parts + 1)].reshape(n, self.means, self.parts + 1, length)
        weights = torch.softmax(each[:, :, :-1], dim=2)
        mean = (weights[:, :, 1:] * smoothed.squeeze(2).unsqueeze(1)).sum(2) + weights[:, :, 0]
        outputs = torch.exp(torch.tanh(each[:, :, -1])) * mean.clamp(min=_LEAST)
        return torch.cat([outputs, chosen[:, self.means * (self.parts + 1) :]], dim=1)


def _strand_orders(
    partners: tuple[Sequence[int], Sequence[int]], widths: int, parts: int
) -> tuple[list[int], list[int]]:
    """Return which channels of the other strand replace each, of the smoothed tracks and of the weights.

    With tracks 0 and 1 a pair, K = 2, and outputs 0 and 1 a pair, the smoothed channels 0 1 2 3 (track 0
    twice, track 1 twice) become 2 3 0 1. Each output has 6 weights (1 of the constant, 4 of these, 1 of the
    factor): those of output 0 on the other strand are 6, then 9 10 7 8, then 11.
    """
    tracks, outputs = partners
    smoothed = [widths * track + k for track in tracks for k in range(widths)]
    own = [0, *(1 + channel for channel in smoothed), parts]
    weights = [(parts + 1) * output + place for output in outputs for place in own]
    return smoothed, weights


def strand_partners(text: str | None, count: int) -> list[int]:
    """Return which of some tracks takes the place of each on the other strand: `1-0-2` for two that swap.

    Raises
    ------
    ValueError
        If the numbers are not those of `count` tracks, or not of pairs. None leaves each in its place.
    """
    order = list(range(count)) if text is None else [int(number) for number in text.split("-")]
    if sorted(order) != list(range(count)) or any(order[order[i]] != i for i in order):
        raise ValueError(f"partners {text} are not those of {count} tracks")
    return order


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
