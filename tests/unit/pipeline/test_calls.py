"""How the functions of the package take files: as text, as paths, or open in pyfaidx."""

import inspect
import re
from dataclasses import dataclass
from pathlib import Path

import pyfaidx
import pytest

import seqnet
from seqnet.errors import UsageError
from seqnet.pipeline.calls import takes

RECORDS = {"one": "CCGATACCCTATCC", "two": "CCCCCC", "three": "GATAGATA"}
MOTIF = ">gat\nA [ 1 17 1 17 ]\nC [ 1 1 1 1 ]\nG [ 17 1 1 1 ]\nT [ 1 1 17 1 ]\n"


@dataclass(frozen=True)
class Request:
    genome: str | None = None
    files: tuple[str, ...] = ()


@takes(Request)
def given(request: Request) -> Request:
    """Return the request."""
    return request


@pytest.fixture
def genome(tmp_path):
    path = tmp_path / "genome.fa"
    path.write_text("".join(f">{name} words\n{bases}\n" for name, bases in RECORDS.items()))
    return path


def test_paths_are_text_and_one_file_is_a_list_of_one():
    assert given(Path("g.fa"), "a.fa") == Request("g.fa", ("a.fa",))
    assert given(files=[Path("a.fa"), "b.fa"]).files == ["a.fa", "b.fa"]


def test_one_number_is_a_list_of_one(tmp_path):
    (tmp_path / "s.fa").write_text(">a\nACGTAC\n")
    one, several = (seqnet.kmer_featurize(tmp_path / "s.fa", k=k).table for k in (2, (2,)))
    assert list(one.features) == list(several.features)
    assert len(one.features) == 10  # of both strands


def test_an_open_genome_is_its_file(genome):
    with pyfaidx.Fasta(genome) as opened:
        assert given(opened, opened) == Request(str(genome), (str(genome),))
        assert given(files=[opened]).files == [str(genome)]


@pytest.mark.parametrize(
    "options",
    [
        {"key_function": str.upper},
        {"filt_function": lambda name: name != "two"},
        {"read_long_names": True},
    ],
)
def test_a_genome_whose_sequences_pyfaidx_renames_or_leaves_out_is_refused(genome, options):
    with (
        pyfaidx.Fasta(genome, **options) as opened,
        pytest.raises(UsageError, match=r"genome\.fa: .*renames or leaves out"),
    ):
        given(opened)


def test_steps_give_the_same_of_an_open_genome_as_of_its_path(genome, tmp_path):
    (tmp_path / "gat.jaspar").write_text(MOTIF)
    (tmp_path / "r.bed").write_text("one\t2\t8\none\t6\t12\nthree\t1\t7\n")
    with pyfaidx.Fasta(genome) as opened:
        hits, expected = (
            seqnet.scan(tmp_path / "gat.jaspar", each, score=4).hits for each in (opened, genome)
        )
        assert len(hits) == 4
        assert repr(list(hits.rows())) == repr(list(expected.rows()))
        tables = [
            seqnet.kmer_featurize(regions=tmp_path / "r.bed", genome=each, k=[2]).table
            for each in (opened, genome)
        ]
        assert (tables[0].matrix != tables[1].matrix).nnz == 0
        backgrounds = [seqnet.background(each).frequencies for each in (opened, genome)]
        assert backgrounds[0].tolist() == backgrounds[1].tolist()


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("scan", {}, "seqnet.scan: missing a required argument: 'motifs'"),
        ("scan", {"motifs": "m.meme", "colour": 1}, "seqnet.scan: got an unexpected keyword argument 'colour'"),
        ("scan", {"motifs": 3.5}, "seqnet.scan: motifs is 3.5; expected str, MotifSet"),
        ("scan", {"motifs": None}, "seqnet.scan: motifs is None; expected str, MotifSet"),
        ("scan", {"motifs": "m.meme", "strands": "no"}, "strands is 'no'; expected 'both', 'forward', 'reverse'"),
        ("scan", {"motifs": "m.meme", "p_value": "1e-5"}, "p_value is '1e-5'; expected float, None"),
        ("pssm", {"pseudocount_spread": "flat"}, "pseudocount_spread is 'flat'; expected 'background', 'uniform'"),
        ("show", {"file": 1}, "seqnet.show: file is 1; expected str"),
        ("kmer_featurize", {"sequences": "s.fa", "k": "three"}, r"k is \('three',\); expected"),
        ("train_cnn", {"positives": "a.fa", "negatives": "shuffle", "optimiser": "x"}, "optimiser is 'x'; expected 'sgd', "),
    ],
)  # fmt: skip
def test_arguments_that_a_function_does_not_take_are_one_clear_error(name, arguments, message, capfd):
    with pytest.raises(UsageError, match=message):
        getattr(seqnet, name)(**arguments)
    assert capfd.readouterr() == ("", "")


def test_errors_inside_a_step_stay_what_they_are():
    @takes(Request)
    def broken(request: Request) -> None:
        """Fail for a reason of its own."""
        raise ValueError(request.genome)

    with pytest.raises(ValueError, match=r"^g\.fa$"):
        broken("g.fa")
    with pytest.raises(UsageError, match=r"seqnet\.broken: genome is 3; expected str, None"):
        broken(3)


@pytest.mark.parametrize("name", seqnet.API)
def test_help_describes_the_fields_of_the_request(name):
    doc = getattr(seqnet, name).__doc__
    arguments = inspect.signature(getattr(seqnet, name)).parameters
    section = doc.split("Parameters\n----------\n")[1].split("\n\n")[0] if "Parameters" in doc else ""
    described = re.findall(r"^(\w[\w, ]*)$", section, re.MULTILINE)
    assert described
    assert {each for line in described for each in line.split(", ")} <= {*arguments}
