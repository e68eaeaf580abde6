"""Files of variants: what is read, what is written back byte for byte, what is refused."""

import gzip
import io

import pysam
import pytest

from seqnet.errors import FormatError, SeqnetError
from seqnet.formats.variants.records import open_variants
from seqnet.formats.variants.writers import (
    Field,
    TableWriter,
    VcfWriter,
    clean_names,
    open_variant_output,
)

HEADER = "##fileformat=VCFv4.2\n##contig=<ID=c1,length=100>\n"
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
ROW = "c1\t5\trs1\tA\tC,G\t.\tPASS\tDP=3\n"
FIELDS = (Field("X_D", "d", "Float", "A", 'a "quoted" thing'), Field("X_FLAG", "flag", "String", ".", "why"))


def read(path):
    with open_variants(str(path)) as opened:
        return opened, list(opened.records)


def written(path, values, writer=VcfWriter, **options):
    stream = io.BytesIO()
    with open_variants(str(path)) as opened:
        made = (
            VcfWriter(stream, opened, FIELDS, ["##more=1"], [("c1", 100)])
            if writer is VcfWriter
            else TableWriter(stream, opened, FIELDS, {"k": "v"})
        )
        for record, texts in zip(opened.records, values, strict=True):
            made.write(record, texts)
    return stream.getvalue()


def file(folder, data, name="v.vcf"):
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def test_rows_pass_as_bytes_and_only_info_grows(tmp_path):
    other = "c1\t7\t.\tA\t.\t.\t.\t.\n"
    path = file(tmp_path, HEADER + COLUMNS + ROW + other)
    text = written(path, [[["0.5", "."], [".", "Y"]], [[".", "NO"]]]).decode()
    added = (
        '##more=1\n##INFO=<ID=X_D,Number=A,Type=Float,Description="a \\"quoted\\" thing">\n'
        '##INFO=<ID=X_FLAG,Number=.,Type=String,Description="why">\n'
    )
    assert text == (
        HEADER + added + COLUMNS + ROW.replace("DP=3", "DP=3;X_D=0.5,.;X_FLAG=.,Y")
        + "c1\t7\t.\tA\t.\t.\t.\tX_FLAG=NO\n"
    )  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_are_kept(tmp_path, end):
    data = (HEADER + COLUMNS + ROW + ROW).replace("\n", end)[: -len(end)]  # none at the end of the file
    found = written(file(tmp_path, data), [[[".", "."]] * 2] * 2).decode()
    assert found.count("\n") == found.count(end)
    assert found.endswith(end + ROW.rstrip("\n"))


def test_carriage_returns_alone_end_lines_too(tmp_path):
    _, records = read(file(tmp_path, (HEADER + COLUMNS + ROW).replace("\n", "\r")))
    assert [(record.contig, record.start, record.alts) for record in records] == [("c1", 4, (b"C", b"G"))]


@pytest.mark.parametrize("wrap", [gzip.compress, lambda data: b"\xef\xbb\xbf" + data])
def test_compression_and_a_byte_order_mark_are_recognised(tmp_path, wrap):
    opened, records = read(file(tmp_path, wrap((HEADER + COLUMNS + ROW).encode())))
    assert opened.layout == "vcf"
    assert [record.line for record in records] == [4]


def test_samples_are_named_by_the_column_line(tmp_path):
    columns = COLUMNS.rstrip("\n") + "\tFORMAT\ts1\ts2\n"
    opened, records = read(file(tmp_path, HEADER + columns + ROW.rstrip("\n") + "\tGT\t0|1\t1|1\n"))
    assert opened.samples == ["s1", "s2"]
    assert records[0].samples == [b"0|1", b"1|1"]


def test_a_table_is_not_given_a_column_twice(tmp_path):
    path = file(tmp_path, "chrom\tpos\tref\talt\td\nc1\t5\tA\tC\t7\n", "v.tsv")
    with pytest.raises(FormatError, match="has the column d already") as raised:
        written(path, [[["1", "."]]], TableWriter)
    assert raised.value.path == str(path)


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (HEADER + ROW, 3, "precedes the line #CHROM"),
        (HEADER, None, "no line #CHROM"),
        (HEADER + COLUMNS + "c1\t5\trs1\tA\n", 4, "has 4 columns"),
        (HEADER + COLUMNS + ROW.replace("\t5\t", "\tx\t"), 4, "the position is 'x'"),
        (HEADER + COLUMNS + ROW.replace("\t5\t", "\t-5\t"), 4, "the position is '-5'"),
        (HEADER + COLUMNS + ROW.replace("\tA\t", "\t\t"), 4, "is empty"),
        (HEADER + COLUMNS + ROW.replace("C,G", "C,"), 4, "an allele of ALT is empty"),
        ("chrom\tpos\tref\talt\nc1\t5\tA\tC,,G\n", 2, "an allele of ALT is empty"),
        (HEADER + COLUMNS + ROW.replace("rs1", "r\0"), 4, "not a text file"),
        ("", None, "is empty"),
        ("to be\nor not\n", 1, "expected VCF"),
        ("c1\t5\tA\tC\nc1\t6\tA\n", 2, "has 3 columns"),
    ],
)
def test_bad_files_are_named_with_the_line(tmp_path, data, line, words):
    path = file(tmp_path, data)
    with pytest.raises(FormatError, match=words) as raised:
        read(path)
    assert raised.value.line == line
    assert raised.value.path == str(path)


@pytest.mark.parametrize(
    "text",
    [
        "chrom\tpos\tref\talt\tscore\nc1\t5\tA\tC,G\t9\n",
        "score\tAlt\tREF\tposition\t#chrom\n9\tC,G\tA\t5\tc1\n",
        "c1\t5\tA\tC,G\t9\n",
        "##made=1\n#chrom\tpos\tid\tref\talt\nc1\t5\t.\tA\tC,G\n",
    ],
)
def test_tables_are_read_by_column_names_or_by_order(tmp_path, text):
    opened, (record,) = read(file(tmp_path, text))
    assert opened.layout == "tsv"
    assert (record.contig, record.start, record.ref, record.alts) == ("c1", 4, b"A", (b"C", b"G"))


def test_a_table_has_a_line_for_each_allele_and_keeps_its_columns(tmp_path):
    path = file(tmp_path, "alt\tchrom\tpos\tref\tscore\nC,G\tc1\t5\tA\t9\n")
    text = written(path, [[["1", "."], ["2", "."]]], TableWriter).decode()
    assert text == (
        "##k=v\n#alt\tchrom\tpos\tref\tscore\td\tflag\nC\tc1\t5\tA\t9\t1\t.\nG\tc1\t5\tA\t9\t2\t.\n"
    )  # fmt: skip


def test_a_table_becomes_a_vcf(tmp_path):
    text = written(file(tmp_path, "c1\t5\tA\tC\n"), [[["1", "."]]]).decode()
    assert text.splitlines()[0] == "##fileformat=VCFv4.2"
    assert text.splitlines()[-1] == "c1\t5\t.\tA\tC\t.\t.\tX_D=1"


def test_a_field_that_is_there_already_is_refused(tmp_path):
    line = '##INFO=<ID=X_D,Number=A,Type=Float,Description="">\n'
    with pytest.raises(FormatError, match="X_D already"):
        written(file(tmp_path, HEADER + line + COLUMNS + ROW), [])


def test_rewritten_rows_change_three_columns(tmp_path):
    _, (record,) = read(file(tmp_path, "score\talt\tref\tpos\tchrom\n9\tC,G\tA\t5\tc1\n"))
    assert record.rewritten(1, b"AC", (b"A", b"AG")).cells == [b"9", b"A,AG", b"AC", b"2", b"c1"]


def test_bcf_is_read_and_written_by_a_child(tmp_path):
    path = file(tmp_path, HEADER + '##INFO=<ID=DP,Number=1,Type=Integer,Description="">\n' + COLUMNS + ROW)
    binary = tmp_path / "v.bcf"
    with open_variant_output(str(binary)) as stream:
        stream.write(path.read_bytes())
    assert binary.read_bytes()[:2] == b"\x1f\x8b"
    with pysam.VariantFile(str(binary)) as source:
        assert [(record.pos, record.alts) for record in source] == [(5, ("C", "G"))]
    opened, (record,) = read(binary)
    assert opened.layout == "vcf"
    assert record.cells == ROW.rstrip("\n").encode().split(b"\t")


def test_rows_with_symbolic_alleles_go_through_bcf_unchanged(tmp_path):
    text = HEADER + COLUMNS + "c1\t9\t.\tA\tT,<DEL>\t.\t.\t.\n" + "c1\t9\t.\tA\t<DUP>\t.\t.\t.\n"
    with open_variant_output(str(tmp_path / "v.bcf")) as stream:
        stream.write(text.encode())
    _, records = read(tmp_path / "v.bcf")
    assert [b"\t".join(record.cells).decode() for record in records] == text.splitlines()[-2:]


def test_bcf_of_rows_without_a_contig_line_is_an_error_that_names_the_contig(tmp_path):
    with (
        pytest.raises(FormatError, match=r"v\.bcf: .*##contig=<ID=c:9>; expected one for each"),
        open_variant_output(str(tmp_path / "v.bcf")) as stream,
    ):
        stream.write(("##fileformat=VCFv4.2\n" + COLUMNS + "c:9\t9\t.\tA\tT\t.\t.\t.\n").encode())
    assert not (tmp_path / "v.bcf").exists()


def test_a_damaged_bcf_is_an_error_of_the_file(tmp_path):
    path = file(
        tmp_path, HEADER + '##INFO=<ID=DP,Number=1,Type=Integer,Description="">\n' + COLUMNS + ROW * 50
    )
    with open_variant_output(str(tmp_path / "v.bcf")) as stream:
        stream.write(path.read_bytes())
    plain = gzip.decompress((tmp_path / "v.bcf").read_bytes())
    broken = file(tmp_path, plain[: len(plain) - 9], "broken.bcf")
    with pytest.raises(FormatError, match=r"broken\.bcf"):
        read(broken)


def test_a_text_that_is_no_vcf_does_not_become_bcf(tmp_path):
    with (
        pytest.raises(FormatError, match=r"v\.bcf"),
        open_variant_output(str(tmp_path / "v.bcf")) as stream,
    ):
        stream.write(b"nothing\n")
    assert not (tmp_path / "v.bcf").exists()


def test_names_are_clean_and_distinct():
    assert clean_names(["a b", "a_b", "a/b", "é", ""]) == ["a_b", "a_b_2", "a_b_3", "_", "__2"]


@pytest.mark.parametrize(
    ("places", "words"),
    [
        (["c1\t5", "c2\t1", "c1\t9"], "rows are not sorted: c1:9 comes after c2:1"),
        (["c1\t5", "c1\t5", "c1\t4"], "rows are not sorted: c1:4 comes after c1:5"),
        (["c1\t5", "c1\t600000000"], "beyond 536870912 bases"),
    ],
)
def test_an_output_that_cannot_be_indexed_says_why(tmp_path, places, words):
    path = tmp_path / "o.vcf.gz"
    rows = "".join(f"{place}\t.\tA\tC\t.\t.\t.\n" for place in places)
    with pytest.raises(SeqnetError, match=words), open_variant_output(str(path), index=True) as stream:
        stream.write((HEADER + COLUMNS + rows).encode())
    assert list(tmp_path.iterdir()) == []
