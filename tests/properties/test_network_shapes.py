"""Random architectures: the shapes, parameters and receptive fields that are told are those that are."""

import torch
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from seqnet.errors import SeqnetError
from seqnet.networks.describe import count_parameters, describe_network
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape, build_layers, build_network

small = st.integers(1, 5)
stride = st.integers(1, 6)
convs = st.builds(
    "conv {}x{} stride={} dilation={} padding={} bias={}".format,
    small, small, st.integers(1, 3), st.integers(1, 3), st.sampled_from(["same", "valid", "0", "2"]),
    st.sampled_from(["true", "false"]),
)  # fmt: skip
pools = st.builds(
    "{} {} stride={} partial={}".format,
    st.sampled_from(["max_pool", "average_pool"]), small, stride, st.sampled_from(["true", "false"]),
)  # fmt: skip
blocks = st.builds("residual(conv 4x{} dilation={}, relu, shortcut(conv 4x1))".format, small, small)
plain = st.sampled_from(
    [
        "batch_norm",
        "gelu",
        "dropout 0.2",
        "maxout 1",
        "conv 6x3 padding=2, maxout 3",
        "bilstm 2",
        "taper widest=9",
    ]
)
signal_layers = st.lists(st.one_of(convs, pools, blocks, plain), min_size=1, max_size=5)
endings = st.sampled_from(
    ["", "flatten", "global_pool max_average", "dense 7, relu", "output per_position=true"]
)


@given(signal_layers, endings, st.integers(1, 40), st.integers(1, 3))
def test_shapes_and_parameters(layers, ending, length, tasks):
    rows = parse_layers(", ".join([*layers, ending] if ending else layers))
    try:
        built = build_layers(rows, Shape(4, length), tasks)
    except SeqnetError as error:
        # either it is built, or it says why not
        assert "leaves nothing of" in str(error) or "reads padding alone" in str(error)  # noqa: PT017
        return
    told = describe_network(rows, Shape(4, length), tasks)
    x = torch.randn(2, 4, 1, length)
    for layer, row in zip(built, told[1:], strict=False):
        x = layer.module.eval()(x)
        lengths = {2: None, 3: x.shape[-1], 4: x.shape[-1]}[x.ndim]
        assert (x.shape[1], lengths) == layer.shape == (row.channels, row.length)
        assert row.parameters == count_parameters(layer.module)
    network = build_network(rows, Shape(4, length), tasks)
    assert told[-1].parameters == sum(p.numel() for p in network.parameters() if p.requires_grad)


@given(st.lists(st.one_of(convs, pools, blocks), min_size=1, max_size=4))
def test_receptive_fields(layers):
    """Exactly as many input positions have a gradient as are told, seen from the middle."""
    length = 2001
    rows = parse_layers(", ".join([*layers, "output per_position=true"]).replace("max_pool", "average_pool"))
    try:
        told = describe_network(rows, Shape(4, length), 1)[-1].receptive_field
    except SeqnetError:  # strides that leave nothing of so many positions
        reject()
    assume(2 * told < length)  # seen from the middle, it ends on both sides inside the input
    network = build_network(rows, Shape(4, length), 1).eval()
    for parameter in network.parameters():
        torch.nn.init.ones_(parameter)  # all positive: nothing cancels, and relu lets all through
    x = torch.ones(1, 4, 1, length, requires_grad=True)
    out = network(x)
    out[0, 0, out.shape[-1] // 2].backward()
    seen = x.grad[0].sum((0, 1)).nonzero().ravel()
    assert seen.max() - seen.min() + 1 == told
