import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import check_layers
from seqnet.networks.modules import ACTIVATIONS
from seqnet.networks.outline import layers_text
from seqnet.networks.presets import PRESETS, without_bias


def test_an_architecture_as_text():
    text = """conv 128x15 padding=valid, batch_norm, relu, max_pool 4 stride=2 partial=true,
        residual(batch_norm, gelu, conv 128x3 dilation=2 bias=false, dropout 0.1, shortcut(conv 128x1)),
        global_pool max_average, dense 64, prelu"""
    assert parse_layers(text) == [
        {"layer": "conv", "filters": 128, "width": 15, "padding": "valid"},
        {"layer": "batch_norm"},
        {"layer": "activation", "name": "relu"},
        {"layer": "max_pool", "width": 4, "stride": 2, "partial": True},
        {
            "layer": "residual",
            "layers": [
                {"layer": "batch_norm"},
                {"layer": "activation", "name": "gelu"},
                {"layer": "conv", "filters": 128, "width": 3, "dilation": 2, "bias": False},
                {"layer": "dropout", "rate": 0.1},
            ],
            "shortcut": [{"layer": "conv", "filters": 128, "width": 1}],
        },
        {"layer": "global_pool", "kind": "max_average"},
        {"layer": "dense", "units": 64},
        {"layer": "activation", "name": "prelu"},
    ]


@pytest.mark.parametrize("name", PRESETS)
def test_presets_as_text_and_back(name):
    for layers in (PRESETS[name].layers, without_bias(PRESETS[name].layers)):
        assert parse_layers(layers_text(layers)) == layers


sizes = st.integers(1, 999)
plain_rows = st.one_of(
    st.fixed_dictionaries(
        {"layer": st.just("conv"), "filters": sizes, "width": sizes},
        optional={
            "stride": sizes, "dilation": sizes, "bias": st.booleans(),
            "padding": st.sampled_from(["same", "valid", 0, 7]), "groups": st.sampled_from([1, 2, "depthwise"]),
        },
    ),
    st.fixed_dictionaries(
        {"layer": st.sampled_from(["max_pool", "average_pool"]), "width": sizes},
        optional={"stride": sizes, "partial": st.booleans()},
    ),
    st.fixed_dictionaries({"layer": st.just("activation"), "name": st.sampled_from(sorted(ACTIVATIONS))}),
    st.fixed_dictionaries({"layer": st.just("dropout"), "rate": st.floats(0, 1, exclude_max=True)}),
    st.fixed_dictionaries({"layer": st.just("global_pool")}, optional={"kind": st.sampled_from(["max", "average"])}),
    st.fixed_dictionaries({"layer": st.sampled_from(["dense"]), "units": sizes}, optional={"bias": st.booleans()}),
    st.sampled_from([{"layer": "batch_norm"}, {"layer": "flatten"}, {"layer": "maxout", "pieces": 2}, {"layer": "bilstm", "units": 9}]),
)  # fmt: skip
lists = st.lists(plain_rows, min_size=1, max_size=4)
rows = st.one_of(
    plain_rows,
    st.fixed_dictionaries(
        {"layer": st.just("residual"), "layers": lists}, optional={"shortcut": st.lists(plain_rows, min_size=1)}
    ),
    st.fixed_dictionaries({"layer": st.just("siamese"), "layers": lists}),
    st.fixed_dictionaries({"layer": st.just("siamese"), "partners": st.just("1-0-2"), "layers": lists}),
    st.fixed_dictionaries({"layer": st.just("towers"), "layers": lists, "signal": lists}),
    st.fixed_dictionaries({"layer": st.just("parallel"), "layers": lists, "beside": lists}),
)  # fmt: skip


@given(st.lists(rows, min_size=1, max_size=6))
def test_text_is_read_as_it_was_written(layers):
    assert parse_layers(layers_text(layers)) == layers


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is no layer; expected such as conv 32x15"),
        ("conv 32x15,, relu", "'' is no layer"),
        ("conv 32", "layer 1 .conv. needs width"),
        ("conv 32x15x3", "filters is '32x15x3'; expected a whole number"),
        ("conv 32x15 4", "'4' is one too many"),
        ("conv 32x15 width=3", "gives width twice"),
        ("relu, rellu", "layer 2 is 'rellu'; expected one of conv"),
        ("dropout x", "rate is 'x'; expected a number"),
        ("residual(relu", "a bracket is not closed"),
        ("residual relu)", "a bracket closes that was not opened"),
        ("residual()", "'' is no layer"),
        ("residual", "layer 1 .residual. needs layers"),
        ("residual(relu) relu", "is no layer"),
        ("residual(relu, shortcut)", "shortcut is None; expected a list of layers"),
        ("relu(conv 3x3)", "layer 1 .activation.: unknown option 'layers'"),
    ],
)
def test_what_is_not_understood_is_named(text, message):
    with pytest.raises(ValueError, match=message):
        parse_layers(text)


@pytest.mark.parametrize("depth", [17, 5000])
def test_layers_nested_too_deep_are_refused(depth):
    text = "residual(" * depth + "relu" + ")" * depth
    with pytest.raises(ValueError, match="layers are nested more than 16 deep"):
        parse_layers(text)
    rows = [{"layer": "activation", "name": "relu"}]
    for _ in range(depth):
        rows = [{"layer": "residual", "layers": rows}]
    with pytest.raises(ValueError, match="layers are nested more than 16 deep"):
        check_layers(rows)


def test_layers_may_be_nested_sixteen_deep():
    assert parse_layers("residual(" * 16 + "relu" + ")" * 16)


@pytest.mark.parametrize("row", [3, None, ["conv"], {"layer": ["conv"]}, {"layer": "activation", "name": []},
                                 {"layer": "global_pool", "kind": {}}])  # fmt: skip
def test_rows_of_any_type_are_refused(row):
    with pytest.raises(ValueError, match="expected"):
        check_layers([row])
