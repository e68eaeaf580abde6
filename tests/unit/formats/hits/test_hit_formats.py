import pytest

from seqnet.formats.hits.hit_formats import HIT_COLUMNS, HIT_FORMATS, hit_format_of

PLAIN = ["chr1", "99", "114", "REB1", "640", "-", "16.607884", "3.95812e-07", ".", "GTTATTACCCGGATG", "."]
FULL = ["s;1", "0", "2", "m=a,b", "100", "+", "-0.250000", "0.1", "0.01", "AC", "MA 1;x"]


def line(name, fields):
    return HIT_FORMATS[name].row(fields)


def test_fimo_counts_from_one_and_includes_the_end():
    assert line("fimo", PLAIN).split("\t") == [
        "REB1", "", "chr1", "100", "114", "-", "16.6079", "3.95812e-07", "", "GTTATTACCCGGATG",
    ]  # fmt: skip
    assert line("fimo", FULL).split("\t") == [
        "m=a,b",
        "MA 1;x",
        "s;1",
        "1",
        "2",
        "+",
        "-0.25",
        "0.1",
        "0.01",
        "AC",
    ]


def test_fimo_s_header_is_fimo_s():
    assert HIT_FORMATS["fimo"].head({"seqnet": "1"}) == (
        "motif_id\tmotif_alt_id\tsequence_name\tstart\tstop\tstrand\tscore\tp-value\tq-value\tmatched_sequence\n"
    )


def test_gff3_counts_from_one_includes_the_end_and_escapes():
    assert line("gff3", PLAIN).split("\t") == [
        "chr1", "seqnet", "nucleotide_motif", "100", "114", "16.607884", "-", ".",
        "Name=REB1;pvalue=3.95812e-07;sequence=GTTATTACCCGGATG",
    ]  # fmt: skip
    assert line("gff3", FULL).split("\t") == [
        "s%3B1", "seqnet", "nucleotide_motif", "1", "2", "-0.250000", "+", ".",
        "Name=m%3Da%2Cb;Alias=MA 1%3Bx;pvalue=0.1;qvalue=0.01;sequence=AC",
    ]  # fmt: skip
    assert HIT_FORMATS["gff3"].head({"seqnet": "1"}) == "##gff-version 3\n##seqnet=1\n"


def test_narrow_peak_has_ten_columns_and_minus_log10():
    assert line("narrowpeak", PLAIN).split("\t") == [
        "chr1", "99", "114", "REB1", "640", "-", "16.607884", "6.40251", "-1", "-1",
    ]  # fmt: skip
    assert line("narrowpeak", FULL).split("\t")[6:] == ["-0.250000", "1", "2", "-1"]
    assert line("narrowpeak", [*FULL[:7], "1", *FULL[8:]]).split("\t")[7] == "0"


def test_bed_lines_stay_as_they_are_under_their_columns():
    assert HIT_FORMATS["bed"].row is None
    assert HIT_FORMATS["bed"].head({"a": "b"}) == "##a=b\n#" + "\t".join(HIT_COLUMNS) + "\n"


@pytest.mark.parametrize(
    ("path", "asked", "name"),
    [
        ("-", None, "bed"), ("x.bed.gz", None, "bed"), ("x.gff3", None, "gff3"), ("x.gff.bgz", None, "gff3"),
        ("x.tsv", None, "fimo"), ("x.narrowPeak.gz", None, "narrowpeak"), ("x.out", None, "bed"),
        ("x.tsv", "gff3", "gff3"),
    ],
)  # fmt: skip
def test_the_suffix_tells_the_format_unless_it_is_asked_for(path, asked, name):
    assert hit_format_of(path, asked) == name
