"""Random architectures: windows that share their layers give what each gives alone."""

import copy
from unittest.mock import patch

import torch
from hypothesis import example, given
from hypothesis import strategies as st

from seqnet.errors import SeqnetError
from seqnet.inference import rewrite as faster
from seqnet.inference.fold import fold_batch_norms
from seqnet.inference.sharing import plan as trunk
from seqnet.inference.sharing.plan import plan_trunk, tile_outputs
from seqnet.inference.tiling import Tiling
from seqnet.networks.fast import overlap_save
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape, build_network
from tests.rounding import assert_within_rounding

small = st.integers(1, 5)
sides = st.sampled_from(["same", "valid", "0", "2", "7"])
convs = st.builds(
    "conv {}x{} stride={} dilation={} padding={} bias={}".format,
    small, small, st.integers(1, 3), st.integers(1, 3), sides, st.sampled_from(["true", "false"]),
)  # fmt: skip
pools = st.builds(
    "{} {} stride={} partial={}".format,
    st.sampled_from(["max_pool", "average_pool"]), small, small, st.sampled_from(["true", "false"]),
)  # fmt: skip
blocks = st.one_of(
    st.builds("residual(batch_norm, relu, conv 4x{} dilation={}, shortcut(conv 4x1))".format, small, small),
    st.builds(
        "residual(conv 4x3 padding=1 stride={0}, relu, conv 4x{1}, shortcut(conv 4x1 stride={0}))".format,
        st.integers(1, 3), small,
    ),
    st.builds("conv 3x2, residual(conv 3x{}, residual(tanh, conv 3x2))".format, small),
    st.builds(
        "conv 32x3, residual(batch_norm, relu, conv 32x3 dilation={}), residual(batch_norm, relu, conv 32x3)".format,
        small,
    ),
)  # fmt: skip
plain = st.sampled_from(
    ["batch_norm", "gelu", "exponential", "maxout 1", "conv 6x3 padding=2, maxout 3", "bilstm 2", "taper"]
)
layers = st.lists(st.one_of(convs, pools, blocks, plain), min_size=1, max_size=5)
endings = st.sampled_from(["", "flatten", "global_pool max_average", "dense 7, batch_norm, relu"])
tilings = st.builds(Tiling, st.integers(1, 80), st.integers(1, 70), st.sampled_from([1, 3, 17, 40]))


def made(text, width):
    """A network with weights and statistics of a size that tells places apart, or None."""
    try:
        network = build_network(parse_layers(text), Shape(4, width), 2).eval()
    except SeqnetError:
        return None
    torch.manual_seed(1)
    for name, tensor in network.state_dict().items():
        spread = max(1, tensor[0].numel()) ** -0.5 if tensor.ndim > 1 else 0.5
        tensor.copy_(torch.rand(tensor.shape) + 0.5 if "var" in name else spread * torch.randn(tensor.shape))
    return network


def deepest(network, steps, channels, length):
    """Costs that make every layer worth sharing."""
    return [1e18 * (len(steps) + 1 - number) for number in range(len(steps) + 1)]


def rewritten(network, width, kept):
    """The network as it predicts; convolutions before an exponential in blocks of `kept`, the first by words."""
    folded = copy.deepcopy(network)
    fold_batch_norms(folded)
    if kept is None:
        return folded
    with (
        patch.object(overlap_save.Blocks, "work", lambda self, *_: abs(self.kept - kept) - 1e3),
        patch.object(faster, "words_pay", lambda _: True),
        patch.object(faster, "word_maxima_run_here", lambda: True),
    ):
        return faster.speed_up(folded, width)


def windows_alone(network, windows):
    """What a network makes of each window, outputs one above the other."""
    return torch.cat([network(window.double().T[None, :, None]) for window in windows])


STEEP = [
    "conv 3x2, residual(conv 3x1, residual(tanh, conv 3x2))",
    "residual(conv 4x3 padding=1 stride=2, relu, conv 4x1, shortcut(conv 4x1 stride=2))",
    "exponential",
]
"""Values up to exp 8 that cancel: rounding shows in the sixth digit of what is left."""


@example(["batch_norm", "conv 2x1 stride=3 padding=2", "conv 1x1"], "", Tiling(16, 1, 1), False, None, 1)
@example(STEEP, "", Tiling(13, 1, 17), False, None, 1)
@given(layers, endings, tilings, st.booleans(), st.one_of(st.none(), st.integers(2, 9)), st.integers(1, 500))
def test_every_window_is_as_it_is_alone(texts, ending, tiling, as_planned, kept, slab):
    network = made(", ".join([*texts, ending] if ending else texts), tiling.width)
    if network is None:
        return
    folded = rewritten(network, tiling.width, kept)
    with patch.object(trunk, "_remaining_work", trunk._remaining_work if as_planned else deepest):
        plan = plan_trunk(folded, 4, tiling)
    letters = torch.randint(0, 5, (tiling.bases + plan.spare,), generator=torch.Generator().manual_seed(2))
    stretch = torch.nn.functional.one_hot(letters, 5)[:, :4].float()
    windows = [
        stretch[start : start + tiling.width]
        for start in range(0, tiling.bases - tiling.width + 1, tiling.step)
    ]
    with (
        torch.inference_mode(),
        patch.object(trunk, "_SLAB", slab),
        patch.object(overlap_save.OverlapSave, "work", lambda self, length: self.blocks.kept - length - 1.0),
    ):
        shared = tile_outputs(folded, plan, stretch).double()
    # large outputs, each in relation to itself, and then as the probabilities they are
    assert_within_rounding(
        shared.asinh(), lambda double: windows_alone(double, windows).asinh(), network, 4e-6
    )
    assert_within_rounding(
        shared.sigmoid(), lambda double: windows_alone(double, windows).sigmoid(), network, 1e-6
    )


def test_what_is_planned():
    """Unpadded convolutions are shared up to the dense layers; a step of the window's width shares none."""
    text = "conv 30x9 padding=0, relu, max_pool 3, conv 20x5 padding=0, relu, max_pool 4, flatten, dense 5"
    network = made(text, 200)
    assert [plan_trunk(network, 4, Tiling(200, step, 64)).shared for step in (12, 24, 200, 300)] == [
        6,
        6,
        0,
        0,
    ]
    near, phased = (plan_trunk(network, 4, Tiling(200, step, 64)) for step in (24, 25))
    assert near.places[-1].phases == (0,)
    assert phased.places[-1].phases == tuple(range(12))
    assert near.work < phased.work < near.alone == phased.alone
