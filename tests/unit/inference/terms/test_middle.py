"""Terms that read the middle of sequences alone: what they count, and how the span is decided."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from seqnet.formats.models.model_file import read_model, write_model
from seqnet.inference.predictor import Predictor
from seqnet.inference.terms.middle import middle
from seqnet.inference.terms.motif_term import MotifScores
from seqnet.inference.terms.stored import stored_terms
from seqnet.inference.tiles import Tiles
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.model import Model
from seqnet.pipeline.training.terms import span
from seqnet.pipeline.training.terms.kmer_fit import TermRows
from seqnet.pipeline.training.terms.kmer_term import fit_term
from seqnet.pipeline.training.terms.motif_term import FittedMotifs
from seqnet.pipeline.training.terms.span import decided_span, spans
from tests.unit.inference.terms.test_kmer_term import some_term as some_kmer_term
from tests.unit.inference.terms.test_motif_term import some_codes
from tests.unit.inference.terms.test_motif_term import some_term as some_motif_term

TERMS = pytest.mark.parametrize("term", [some_kmer_term(), some_motif_term()], ids=["k-mers", "motifs"])


@given(st.integers(1, 60), st.integers(0, 30))
@example(5, 0)
def test_both_strands_have_the_same_middle(span, beside):
    codes = some_codes(3, span + 2 * beside)
    assert np.array_equal(middle(codes, span), codes[:, beside : beside + span])
    turned = (3 - codes)[:, ::-1]
    assert np.array_equal(middle(turned, span), (3 - middle(codes, span))[:, ::-1])
    assert np.array_equal(middle(codes, None), codes)


@TERMS
def test_a_term_of_the_middle_is_that_of_cropped_sequences(term):
    codes, outputs = some_codes(30), np.ones((30, 2), np.float32)
    short = replace(term, span=14)
    assert np.array_equal(short.added(outputs, codes), term.added(outputs, codes[:, 5:19]))
    elsewhere = codes.copy()
    elsewhere[:, :5] = elsewhere[:, 19:] = 0
    assert np.array_equal(short.products(elsewhere), short.products(codes))
    assert not np.array_equal(term.products(elsewhere), term.products(codes))


def test_a_stored_model_keeps_its_spans_in_rows_and_tiles(tmp_path):
    torch.manual_seed(0)
    layers = parse_layers("conv 8x5 padding=0, relu, max_pool 2, conv 8x3 padding=0, relu, global_pool max")
    tensors = {name: one.numpy() for name, one in build_network(layers, Shape(4, 24), 2).state_dict().items()}
    header = {
        "kind": "cnn", "architecture": layers, "tasks": ["A", "B"], "strands": "both", "genome": {},
        "input": {"type": "sequence", "width": 24, "features": None, "settings": None},
        "splits": {"train": {"rows": 1, "contigs": []}},
    }  # fmt: skip
    codes = some_codes(40)
    bare = Predictor(Model(header, tensors), torch.device("cpu")).from_codes(codes).astype("f8")
    expected = (np.log(bare) - np.log1p(-bare)).astype("f4")
    model = Model(header, tensors)
    terms = replace(some_kmer_term(), span=12), replace(some_motif_term(), span=20)
    for term in terms:
        expected = term.added(expected, codes)
        held, own = term.stored()
        model = Model({**model.header, **held}, {**model.tensors, **own})
    path = str(tmp_path / "m.safetensors")
    write_model(path, model)
    model = read_model(path)
    assert [term.span for term in stored_terms(model)] == [12, 20]
    predictor = Predictor(model, torch.device("cpu"))
    found = predictor.from_codes(codes)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-expected.astype("f8"))), atol=1e-5)
    np.testing.assert_allclose(predictor.from_codes((3 - codes)[:, ::-1]), found, atol=1e-6)
    along = some_codes(1, 300)[0]
    tiles = np.concatenate([part.values for part in Tiles(predictor, 2).predict(along)])
    windows = np.stack([along[start + 1 - 12 : start + 1 + 12] for start in range(12, 286, 2)])
    np.testing.assert_allclose(tiles[6:143], predictor.from_codes(windows), atol=1e-5)


# ---- which span ------------------------------------------------------------------------------


@given(st.integers(1, 2000))
def test_spans_shrink_around_the_same_middle(width):
    tried = list(spans(width))
    assert tried[0] == width
    assert all((width - own) % 2 == 0 for own in tried)
    assert all(shorter < wider for wider, shorter in itertools.pairwise(tried))
    assert len(tried) < 14


SITE = [3, 2, 0, 1, 3, 1, 0, 2]


def planted(n, seed, spread):
    """Rows of 200 bases: positives hold a word up to `spread` bases from the centre, any row by chance elsewhere."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, 200)).astype(np.uint8)
    positive = np.arange(n) % 2 == 0
    for row, own in enumerate(codes):
        chance = np.concatenate(
            [rng.integers(0, 40, rng.integers(3)), rng.integers(150, 190, rng.integers(3))]
        )
        places = chance if spread < 40 else []
        for place in [*places, *([96 + rng.integers(-spread, spread + 1)] if positive[row] else [])]:
            own[place : place + 8] = SITE
    return TermRows(codes, positive.astype(float)[:, None])


def test_the_terms_read_the_middle_where_sites_lie_there():
    train, valid, test = planted(400, 1, 15), planted(200, 2, 15), planted(400, 3, 15)
    site = np.where(np.arange(4) == np.array(SITE)[:, None], 2.0, -4.0)
    motifs = FittedMotifs(MotifScores(("site",), (site,), (True,)), train, valid, 1, 0).term(binary=True)
    for term in (fit_term(train, valid, "both", 0, binary=True), motifs):
        assert term.span in (48, 68, 98)
        assert roc_auc_score(test.targets, term.products(test.codes)) > 0.95


def test_the_terms_read_everything_where_sites_lie_anywhere():
    train, valid = planted(400, 1, 90), planted(200, 2, 90)
    assert fit_term(train, valid, "both", 0, binary=True).span is None


def ridges(errors, deviations=0.0):
    """Fits whose squared errors at each span are known, with noise of their own."""

    def outputs(train, valid):
        own = train.codes.shape[1]
        assert valid.codes.shape[1] == own
        seen.append(own)
        noise = np.random.default_rng(own).normal(size=valid.targets.shape)
        return valid.targets + np.sqrt(np.maximum(0, errors[own] + deviations * noise))

    seen = []
    return outputs, seen


def test_the_widest_span_is_taken_that_is_not_clearly_worse():
    rows = TermRows(some_codes(400, 200), np.random.default_rng(0).normal(size=(400, 1)))
    outputs, seen = ridges({200: 0.6, 140: 0.5, 98: 0.4, 68: 0.5, 48: 0.6})
    assert decided_span(outputs, "k-mers", rows, rows, 0) == 98
    assert seen == [200, 140, 98, 68, 48]
    outputs, seen = ridges({200: 0.4, 140: 0.5, 98: 0.6})
    assert decided_span(outputs, "k-mers", rows, rows, 0) is None
    assert seen == [200, 140, 98], "shorter ones are not tried behind two that are worse"
    # of 400 rows, differences of a deviation of .14 have a standard error of .007
    outputs, _ = ridges({200: 0.6, 140: 0.405, 98: 0.4, 68: 0.5, 48: 0.5}, 0.1)
    assert decided_span(outputs, "k-mers", rows, rows, 0) == 140
    outputs, _ = ridges({200: 0.6, 140: 0.45, 98: 0.4, 68: 0.5, 48: 0.5}, 0.1)
    assert decided_span(outputs, "k-mers", rows, rows, 0) == 98


def test_rows_that_say_nothing_leave_everything():
    unknown = TermRows(some_codes(20, 200), np.full((20, 1), np.nan))
    same = TermRows(some_codes(20, 200), np.zeros((20, 1)))
    for rows in (unknown, same):
        assert decided_span(lambda *_: np.ones((20, 1)), "k-mers", rows, rows, 0) is None


def test_errors_are_in_units_of_the_training_means():
    targets = np.array([[0.0, 1.0], [1.0, np.nan], [np.nan, np.nan], [3.0, 1.0]])
    outputs = np.array([[1.0, 1.0], [1.0, 7.0], [9.0, 9.0], [1.0, 0.0]])
    found = span._squared_errors(outputs, targets, np.array([1.0, 0.0]))
    scale = np.array([(1 + 0 + 4) / 3, (1 + 1) / 2])
    np.testing.assert_allclose(found, [(1 / scale[0] + 0) / 2, 0, (4 / scale[0] + 1 / scale[1]) / 2])
