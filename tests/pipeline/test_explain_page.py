"""docs/explain.md runs as written: peaks to a named motif, a track and a picture."""

import contextlib
import io
import re
import shlex

import numpy as np
import pytest

from seqnet.cli import seqnet
from seqnet.formats.motifs.any_format import read_motifs
from tests.conftest import EXAMPLE_DATA, ROOT

PAGE = (ROOT / "docs" / "explain.md").read_text()


@pytest.mark.slow
def test_the_page_goes_from_peaks_to_a_named_motif_and_a_track(tmp_path, monkeypatch):
    monkeypatch.chdir(EXAMPLE_DATA)
    folder, *lines = re.search(r"```bash\n(.*?)```", PAGE, re.DOTALL)[1].splitlines()
    assert folder == "cd example_data"
    assert len(lines) == 6
    for line in lines:
        words = shlex.split(line.replace("/tmp", str(tmp_path)))
        seqnet.main([*words[1:], "-q", *([] if "label" in line else ["-t", "1"])],
                    prog_name="seqnet", standalone_mode=False)  # fmt: skip
    best = read_motifs(str(tmp_path / "filters.meme")).motifs[:3]
    assert "MA0363.2" in {motif.info.alt_name for motif in best}
    assert {path.name for path in tmp_path.iterdir()} >= {
        "reb1.bw",
        "reb1.tsv",
        "reb1.svg",
        "reb1.onehot.npz",
    }
    with np.load(tmp_path / "reb1.npz") as arrays, np.load(tmp_path / "reb1.onehot.npz") as sequences:
        assert arrays["arr_0"].shape == sequences["arr_0"].shape
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    printed = io.StringIO()
    code = code.replace("/tmp", str(tmp_path)).replace("example_data/", "")
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "docs/explain.md", "exec"), {})
    assert printed.getvalue().splitlines()[1] == "True"


@pytest.mark.slow
def test_an_influential_filter_of_the_lecture_s_network_is_the_motif_of_its_factor(tmp_path, seqnet_ok):
    regions, model = tmp_path / "regions.bed", tmp_path / "cnn.safetensors"
    filters, genome = tmp_path / "filters.meme", EXAMPLE_DATA / "genome.fa"
    seqnet_ok("label", EXAMPLE_DATA / "peaks" / "REB1.narrowPeak", "--genome", genome, "--width", 100,
              "--valid-chroms", "chr3", "--test-chroms", "chr4", "-q", "-o", regions)  # fmt: skip
    seqnet_ok("train", "cnn", "--regions", regions, "--genome", genome, "--preset", "lecture", "--epochs", 60,
              "-t", 1, "-q", "-o", model)  # fmt: skip
    seqnet_ok("explain", model, "--regions", regions, "--genome", genome, "--filters", filters,
              "--motifs", EXAMPLE_DATA / "motifs.jaspar", "-t", 1, "-q")  # fmt: skip
    first = read_motifs(str(filters)).motifs[0]  # they are in the order of their influence
    assert (first.info.alt_name, first.width) == ("MA0363.2", 4)
