"""A genome of other bases than in training: every command that reads a model and a genome warns."""

import pytest

WARNING = "other.fa: chr1 is not the sequence the model was trained on (nor are 3 others)"


@pytest.fixture(scope="module")
def genomes(prepared, tmp_path_factory):
    """The genome of training, and one of the same names and lengths in which letters are swapped."""
    path = tmp_path_factory.mktemp("genomes") / "other.fa"
    lines = (prepared.data / "genome.fa").read_text().splitlines(keepends=True)
    swapped = str.maketrans("ACGTacgt", "CATGcatg")
    path.write_text("".join(line if line[0] == ">" else line.translate(swapped) for line in lines))
    return prepared.data / "genome.fa", path


LINES = {
    "predict": ("--regions", "REGIONS"),
    "explain": ("--regions", "REGIONS", "--task", "REB1", "--max-rows", 1, "--shuffles", 1),
    "perturb": ("--regions", "REGIONS", "--insert", "MOTIF"),
    "variants": ("CALLS", "--on-mismatch", "flag"),
    "variants --saturation": ("--saturation", "--regions", "FEW"),
    "variants --haplotypes": ("CALLS", "--haplotypes", "s", "--regions", "FEW", "--on-mismatch", "flag"),
}


@pytest.mark.parametrize("name", LINES)
def test_bases_that_differ_from_training_are_a_warning(prepared, genomes, run, tmp_path, name):
    few = tmp_path / "few.bed"
    few.write_text("chr1\t505\t506\n" if "haplotypes" not in name else "chr1\t480\t580\n")
    calls = tmp_path / "calls.vcf"
    calls.write_text(
        "##fileformat=VCFv4.2\n##FORMAT=<ID=GT,Number=1,Type=String,Description=G>\n##contig=<ID=chr1>\n"
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts\nchr1\t506\t.\tA\tC\t.\t.\t.\tGT\t0|1\n"
    )
    files = {"REGIONS": prepared / "regions.bed", "MOTIF": prepared / "reb1.meme", "CALLS": calls, "FEW": few}
    words = [files.get(word, word) for word in LINES[name]]
    for genome, count in zip(genomes, (0, 1), strict=True):
        ended = run(name.split()[0], prepared / "cnn.safetensors", *words, "--genome", genome, "-t", 1)
        assert ended.code == 0, ended.err
        assert ended.err.count("is not the sequence the model was trained on") == count
        assert ended.err.count(WARNING) == count
