import json

import numpy as np
import pytest
import torch

from seqnet.errors import SeqnetError
from seqnet.genome.alphabet import encode_text
from seqnet.genome.sequence import EncodedSequence
from seqnet.inference import ready_network
from seqnet.inference.predictor import Predictor
from seqnet.kmers.counting import count_kmers
from seqnet.kmers.settings import KmerSettings
from seqnet.kmers.table import KmerTable
from seqnet.networks.model import Model

CPU = torch.device("cpu")
SETTINGS = KmerSettings(("11",), "forward")


def linear_model(**changes):
    weights = np.random.default_rng(0).normal(size=(1, 16)).astype(np.float32)
    header = {
        "architecture": [],
        "tasks": ["T"],
        "input": {"type": "kmers", "width": 8, "features": 16, "settings": SETTINGS._asdict()},
        "strands": "forward",
    }
    tensors = {
        "0.weight": weights,
        "0.bias": np.array([0.5], np.float32),
        "input.mean": np.zeros(16, np.float32),
        "input.scale": np.ones(16, np.float32),
    }
    return Model({**header, **changes}, tensors)


def table_of(*sequences, settings=SETTINGS):
    return count_kmers([EncodedSequence(s, encode_text(s)) for s in sequences], settings)


def test_sequences_and_their_table_predict_the_same():
    predictor = Predictor(linear_model(), CPU)
    sequences = ("ACGTACGT", "TTTTACGA")
    codes = np.stack([encode_text(s) for s in sequences])
    table = table_of(*sequences)
    model = linear_model()
    logits = table.matrix.toarray() @ model.tensors["0.weight"].T + 0.5
    assert predictor.from_table(table) == pytest.approx(1 / (1 + np.exp(-logits)), rel=1e-5)
    assert np.array_equal(predictor.from_codes(codes), predictor.from_table(table))
    assert (predictor.takes_kmers, predictor.width, predictor.tasks) == (True, 8, ("T",))


def test_many_features_are_read_as_they_are_stored(monkeypatch):
    """A first layer over a sparse table, with means and scales, hidden units and without."""
    generator = np.random.default_rng(4)
    for architecture, names in (([], ("0",)), ([{"layer": "dense", "units": 3}], ("0", "1"))):
        shapes = [(3, 16), (1, 3)] if len(names) == 2 else [(1, 16)]
        tensors = {
            "input.mean": generator.random(16, np.float32), "input.scale": generator.random(16, np.float32) + 0.5
        }  # fmt: skip
        for name, shape in zip(names, shapes, strict=True):
            tensors[f"{name}.weight"] = generator.normal(size=shape).astype(np.float32)
            tensors[f"{name}.bias"] = generator.normal(size=shape[:1]).astype(np.float32)
        model = Model({**linear_model().header, "architecture": architecture}, tensors)
        table = table_of("ACGTACGT", "TTTTACGA", "GGGGGGGG")
        dense = Predictor(model, CPU).from_table(table)
        monkeypatch.setattr(ready_network, "SPARSE", 1)
        sparse = Predictor(model, CPU).from_table(table)
        monkeypatch.undo()
        assert dense.std() > 0.01
        np.testing.assert_allclose(sparse, dense, rtol=0, atol=1e-6)


def test_columns_are_found_by_name():
    table = table_of("ACGTACGT")
    order = np.random.default_rng(1).permutation(16)
    shuffled = KmerTable(table.names, table.features[order], table.matrix[:, order], SETTINGS)
    predictor = Predictor(linear_model(), CPU)
    assert np.array_equal(predictor.from_table(shuffled), predictor.from_table(table))
    missing = KmerTable(table.names, table.features[1:], table.matrix[:, 1:], SETTINGS)
    with pytest.raises(SeqnetError, match="lacks 1 of 16 features, AA first"):
        predictor.from_table(missing)


def test_other_inputs_are_refused():
    predictor = Predictor(linear_model(), CPU)
    with pytest.raises(SeqnetError, match=r"made with k=3 .* the model's with k=2"):
        predictor.from_table(table_of("ACGT", settings=KmerSettings(("111",), "forward")))
    with pytest.raises(SeqnetError, match="weights do not fit"):
        Predictor(linear_model(architecture=[{"layer": "dense", "units": 3}]), CPU)
    sequence = {"type": "sequence", "width": 4, "features": None, "settings": None}
    tensors = {"0.1.weight": np.zeros((1, 16), np.float32), "0.1.bias": np.zeros(1, np.float32)}
    reads = Predictor(Model({**linear_model().header, "input": sequence}, tensors), CPU)
    with pytest.raises(SeqnetError, match="the model reads sequences"):
        reads.from_table(table_of("ACGT"))
    assert reads.from_codes(np.zeros((2, 4), np.uint8)).tolist() == [[0.5], [0.5]]


def test_a_model_with_settings_of_the_first_version_predicts():
    model = linear_model()
    old = {**model.input, "settings": {"k": 2, "strands": "forward", "normalize": "counts"}}
    codes = np.stack([encode_text("ACGTACGT")])
    values = Predictor(Model({**model.header, "input": old}, model.tensors), CPU).from_codes(codes)
    assert np.array_equal(values, Predictor(model, CPU).from_codes(codes))


def test_other_constants_of_z_are_refused():
    settings = SETTINGS._replace(normalize="z", mean=(1.0,) * 16, deviation=(2.0,) * 16)
    model = linear_model()
    header = {
        **model.header,
        "input": {**model.input, "settings": json.loads(json.dumps(settings._asdict()))},
    }
    predictor = Predictor(Model(header, model.tensors), CPU)
    table = table_of("ACGTACGT", settings=settings)
    codes = np.stack([encode_text("ACGTACGT")])
    assert np.array_equal(predictor.from_table(table), predictor.from_codes(codes))
    with pytest.raises(SeqnetError, match="with other constants of z"):
        predictor.from_table(table_of("ACGTACGT", settings=settings._replace(mean=(0.0,) * 16)))
