import pytest

from seqnet.errors import FormatError
from seqnet.formats.sites import read_sites


def read(tmp_path, text):
    path = tmp_path / "s.txt"
    path.write_bytes(text.encode())
    return [row.tobytes().decode() for row in read_sites(str(path))]


@pytest.mark.parametrize(
    "text",
    ["ACG\nacT\n", ">a\nACG\n>b\nac\nT\n", "# c\n\nACG \r\nacT\r\n", ">a\nA C G\n>a\nacT", "\ufeffACG\nacT"],
)
def test_sites_one_per_line_or_fasta(tmp_path, text):
    assert read(tmp_path, text) == ["ACG", "acT"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no sites"),
        ("\n# c\n", "holds no sites"),
        (">a\n>b\n", "holds headers but no sites"),
        ("ACG\nAC\n", r"s\.txt:2: site has 2 letters where the first has 3; sites must be aligned"),
        (">a\nACG\n>b\nA\nCGT\n", r"s\.txt:4: site has 4 letters"),
        ("ACG\nAXG\n", r"s\.txt:2: 'X' is not a nucleotide letter"),
        ("chr1\t5\t9\n", r"s\.txt:1: .* is not a nucleotide letter; expected one aligned site per line"),
    ],
)
def test_errors_name_file_and_line(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        read(tmp_path, text)
