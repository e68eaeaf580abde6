"""Records named after their places are scanned as those regions of the genome are."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import seqnet
from seqnet.errors import FormatError, UsageError

MOTIF = (
    "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF gat a\nletter-probability matrix: alength= 4 w= 4 nsites= 20\n"
    "0.05 0.05 0.85 0.05\n0.85 0.05 0.05 0.05\n0.05 0.05 0.05 0.85\n0.6 0.2 0.1 0.1\n"
)
COMPLEMENT = str.maketrans("ACGTNacgtn", "TGCANtgcan")
LENGTHS = {"chr2": 60, "chr1": 90, "HLA:01:01": 30}
places = st.lists(
    st.tuples(
        st.sampled_from(sorted(LENGTHS)), st.integers(0, 80), st.integers(1, 40), st.sampled_from("+-.")
    ),
    min_size=1,
    max_size=8,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("named")
    (folder / "m.meme").write_text(MOTIF)
    return folder


def record(name, contig, start, end, strand, convention, genome):
    """Return a FASTA record as bedtools getfasta writes it."""
    bases = genome[contig][start:end]
    bases = bases.translate(COMPLEMENT)[::-1] if strand == "-" else bases
    suffix = "" if strand == "." else f"({strand})"
    first = start + (convention == "ucsc")
    return f">{name}{contig}:{first}-{end}{suffix}\n{bases}\n"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(
    places, st.randoms(use_true_random=False), st.sampled_from(["bed", "ucsc"]), st.sampled_from(["", "p1::"])
)
def test_named_records_are_scanned_as_regions_of_the_genome(folder, rows, chance, convention, prefix):
    genome = {name: "".join(chance.choices("ACGTGATANa", k=size)) for name, size in LENGTHS.items()}
    fitted = dict.fromkeys(
        (contig, start, min(start + width, LENGTHS[contig]), strand)
        for contig, start, width, strand in rows
        if start < LENGTHS[contig]
    )
    if not fitted:
        return
    order = list(dict.fromkeys(contig for contig, *_ in fitted))  # which is that of the contigs in hits
    (folder / "g.fa").write_text("".join(f">{name}\n{genome[name]}\n" for name in order))
    (folder / "r.bed").write_text("".join(f"{c}\t{s}\t{e}\tx\t0\t{d}\n" for c, s, e, d in fitted))
    (folder / "s.fa").write_text("".join(record(prefix, *row, convention, genome) for row in fitted))
    for options in ({}, {"best": True}, {"overlaps": "nonoverlapping"}, {"q_column": True}):
        expected = seqnet.scan(
            folder / "m.meme", genome=folder / "g.fa", regions=folder / "r.bed", score=3, **options
        )
        found = seqnet.scan(
            folder / "m.meme", folder / "s.fa", name_coordinates=convention, score=3, **options
        )
        assert repr(list(found.hits.rows())) == repr(list(expected.hits.rows()))


def test_hits_of_a_minus_record_are_on_the_strands_of_the_genome(folder):
    (folder / "s.fa").write_text(">x::chr1:100-108(-)\nCCCTATCC\n")  # GGATAGGG forward
    hits = seqnet.scan(folder / "m.meme", folder / "s.fa", name_coordinates="bed", score=5).hits
    assert [(*row[:3], row[5], row[9]) for row in hits.rows()] == [("chr1", 101, 105, "+", "GATA")]
    plain = seqnet.scan(folder / "m.meme", folder / "s.fa", score=5).hits
    assert [(*row[:3], row[5]) for row in plain.rows()] == [("x::chr1:100-108(-)", 3, 7, "-")]


def test_only_the_contigs_asked_for_are_scanned(folder):
    (folder / "s.fa").write_text(">chr1:1-4\nGATA\n>chr2:11-14\nGATA\n>chr1:31-34\nGATA\n")
    hits = seqnet.scan(
        folder / "m.meme", folder / "s.fa", name_coordinates="ucsc", chroms=["chr1"], score=5
    ).hits
    assert [row[:2] for row in hits.rows()] == [("chr1", 0), ("chr1", 30)]


@pytest.mark.parametrize(
    ("records", "convention", "message"),
    [
        (">chr1:100-108\nCCCTATCC\n", "ucsc", "'chr1:100-108' has 8 bases; expected 9 by its name with ucsc"),
        (">chr1:101-108\nCCCTATCC\n", "bed", "'chr1:101-108' has 8 bases; expected 7 by its name with bed"),
        (">chr1:0-8\nCCCTATCC\n", "ucsc", "'chr1:0-8' starts at 0"),
        (">chr1:8-8\nC\n", "bed", "'chr1:8-8' is an empty interval"),
        (">chr1:0-4\nCCCT\n>peak1\nCC\n", "bed", "'peak1' has no coordinates in its name"),
        (
            ">chr1:10-14\nCCCT\n>b::chr1:12-16(-)\nGGAC\n",
            "bed",
            "'b::chr1:12-16(-)' differs from an earlier record at position 13 of chr1",
        ),
    ],
)
def test_a_name_that_its_sequence_contradicts_is_an_error(folder, records, convention, message):
    (folder / "s.fa").write_text(records)
    with pytest.raises(FormatError) as caught:
        seqnet.scan(folder / "m.meme", folder / "s.fa", name_coordinates=convention, score=5)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"track": "x.bw"}, "--name-coordinates and --track exclude each other"),
        ({"per_sequence": True}, "--name-coordinates and --per-sequence exclude each other"),
        ({"genome": "g.fa", "sequences": None}, "--name-coordinates is for the names of SEQUENCES"),
    ],
)
def test_what_names_cannot_give_is_refused(fields, message):
    with pytest.raises(UsageError, match=message):
        seqnet.scan(**{"motifs": "m.meme", "sequences": "s.fa", "name_coordinates": "bed", **fields})
