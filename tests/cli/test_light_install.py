"""Without PyTorch and the other extras: all commands but networks work, and those name the extra."""

import json
import os
import subprocess
import sys

import pytest

from seqnet.errors import MissingLibraryError
from seqnet.lookup import OPTIONAL_LIBRARIES, is_installed, require, resolve
from tests.cli.test_contract import NAMES, arguments, good_input
from tests.conftest import ROOT, Finished

BLOCKED = ("torch", "sklearn", "pyarrow", "isal", "pandas")
NETWORKS = {
    ("train", "dense"), ("train", "cnn"), ("train", "denoise"), ("predict",), ("explain",), ("variants",),
    ("perturb",),
}  # fmt: skip
"""Commands that `arguments` runs with a network."""
EXTRA = "networks, GPUs and bf16 need PyTorch, which is not installed; pip install 'seqnet[torch]'"

ROWS = "--regions {p}/regions.bed --genome {data}/genome.fa"
WORK = {
    "train linear from regions": f"train linear {ROWS} -k 3 -o {{out}}/linear.safetensors",
    "train linear from FASTA": "train linear --positives {p}/sites.fa --negatives shuffle --gapped"
    " -o {out}/gapped.safetensors",
    "predict regions": f"predict {{p}}/linear.safetensors {ROWS}",
    "predict a table": "predict {p}/linear.safetensors --features {p}/k.npz",
    "predict tiles": "predict {p}/linear.safetensors --genome {data}/genome.fa --tile 50 --chroms chr4"
    " -o {out}/{{task}}.bw",
    "evaluate a model": f"evaluate --model {{p}}/linear.safetensors {ROWS} --report {{out}}/report.html",
    "variants of a linear model": "variants {p}/linear.safetensors {p}/calls.vcf --genome {data}/genome.fa"
    " --width 100",
    "variants of motifs": "variants {p}/reb1.pssm {p}/calls.vcf --genome {data}/genome.fa --motifs {p}/reb1.meme",
    "perturb a linear model": f"perturb {{p}}/linear.safetensors {ROWS} --insert {{p}}/reb1.meme --width 100",
    "show a linear model": "show {p}/linear.safetensors",
    "show a network": "show {p}/cnn.safetensors",
    "show a denoiser": "show {old}/denoise.safetensors",
    "draw a logo": "build-pwm {p}/sites.fa --logo {out}/logo.svg",
    "list versions": "--version -v",
}
"""What works beside the runs of `arguments`."""
FAIL = {
    "train cnn for a dry run": f"train cnn {ROWS} --dry-run",
    "predict tiles with a network": "predict {p}/cnn.safetensors --genome {data}/genome.fa --tile 50"
    " -o {out}/cnn.{{task}}.bw",
    "predict on a GPU": f"predict {{p}}/linear.safetensors {ROWS} --device cuda",
    "predict in bf16": f"predict {{p}}/linear.safetensors {ROWS} --precision bf16 -o {{out}}/cnn.bed",
    "denoise": "predict {old}/denoise.safetensors --signal {old}/signal.bw -o {out}/cnn.bw",
    "evaluate a network": f"evaluate --model {{p}}/cnn.safetensors {ROWS} -o {{out}}/cnn.tsv",
    "evaluate a denoiser": "evaluate --model {old}/denoise.safetensors --signal {old}/signal.bw"
    " --target-track {old}/signal.bw -o {out}/cnn.tsv",
}
"""What needs PyTorch beside the runs of `arguments`."""
OTHERS = {
    "parquet": "kmer-featurize {p}/head.fa -k 2 -o {out}/cnn.parquet",
    "contradiction": "train cnn --regions r.bed --positives p.fa -o {out}/cnn.safetensors",
}

BLOCKER = f"""
import sys
from importlib.machinery import PathFinder

class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name in {BLOCKED!r} else super().find_spec(name, path, target)

sys.meta_path[:] = [Finder if finder is PathFinder else finder for finder in sys.meta_path]
"""
"""Python's start-up code (``sitecustomize``) that finds no optional library."""
RUNNER = """
import json, os, sys
import seqnet
from seqnet.__main__ import main

for name in seqnet.API:  # loaded once, so that each command starts quickly
    getattr(seqnet, name)
for number, args in enumerate(json.load(sys.stdin)):
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for descriptor, kind in ((1, "out"), (2, "err")):
            os.dup2(os.open(f"{number}.{kind}", os.O_WRONLY | os.O_CREAT), descriptor)
        sys.argv = ["seqnet", *args]
        main()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def light_python(code, folder, **options):
    """Run Python where none of the optional libraries can be imported, in its children neither."""
    (folder / "sitecustomize.py").write_text(BLOCKER)
    path = os.pathsep.join([str(folder), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code]
    finished = subprocess.run(
        command, env=env, cwd=folder, capture_output=True, text=True, check=False, **options
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def light(prepared, tmp_path_factory):
    """How every case ended without the optional libraries, by its name; and the folder of outputs."""
    folder, out = tmp_path_factory.mktemp("light"), tmp_path_factory.mktemp("outputs")
    places = {"p": prepared.folder, "data": prepared.data, "out": out}
    places["old"] = ROOT / "tests" / "fixtures" / "models_0_1_0"
    moved = {prepared / "out.safetensors": out / "new.safetensors"}
    cases = {}
    for names in NAMES:
        given = arguments(names, prepared, good_input(names, prepared))
        cases[names] = [*names, *(str(moved.get(value, value)) for value in given), "-q"]
    cases |= {
        name: [word.format(**places) for word in line.split()]
        for name, line in (WORK | FAIL | OTHERS).items()
    }
    codes = map(int, light_python(RUNNER, folder, input=json.dumps(list(cases.values()))).split())
    results = {
        name: Finished(code, (folder / f"{i}.out").read_bytes(), (folder / f"{i}.err").read_text())
        for i, (name, code) in enumerate(zip(cases, codes, strict=True))
    }
    return results, out


def expect_extra(finished, message=EXTRA):
    assert (finished.code, finished.out) == (1, b""), finished.err
    assert finished.err.count("\n") == 1
    assert finished.err.endswith(f": error: {message}\n")


@pytest.mark.parametrize("names", NAMES, ids=" ".join)
def test_commands_work_or_name_the_extra(light, names):
    finished = light[0][names]
    if names in NETWORKS:
        expect_extra(finished)
        assert finished.err.startswith(f"seqnet {' '.join(names)}: error: ")
    else:
        assert (finished.code, finished.err) == (0, "")


@pytest.mark.parametrize("name", WORK)
def test_linear_models_and_descriptions_need_no_torch(light, name):
    assert light[0][name].code == 0, light[0][name].err


@pytest.mark.parametrize("name", FAIL)
def test_networks_name_the_extra_and_write_nothing(light, name):
    results, out = light
    expect_extra(results[name])
    assert not list(out.glob("cnn*"))
    assert not list(out.glob("new*.curve.svg"))


def test_parquet_names_its_extra_too(light):
    message = "parquet files need pyarrow, which is not installed; pip install 'seqnet[parquet]'"
    expect_extra(light[0]["parquet"], message)


def test_contradicting_options_are_found_without_torch(light):
    finished = light[0]["contradiction"]
    assert finished.code == 2
    assert "found --regions and --positives" in finished.err


def test_predictions_of_linear_models_are_those_of_a_full_install(light, prepared, seqnet_ok):
    rows = ("--regions", prepared / "regions.bed", "--genome", prepared.data / "genome.fa")
    full = seqnet_ok("predict", prepared / "linear.safetensors", *rows)
    assert light[0]["predict regions"].out == full.out


def test_models_are_described_as_in_a_full_install_but_for_shapes_of_networks(light, prepared, seqnet_ok):
    results, _ = light
    assert results["show a linear model"].out == seqnet_ok("show", prepared / "linear.safetensors").out
    full, short = seqnet_ok("show", prepared / "cnn.safetensors").rows, results["show a network"].rows
    assert len(full) == len(short)
    for row, other in zip(full, short, strict=True):  # shapes, in tables of five columns, are left out
        assert all(cell in (value, ".") for value, cell in zip(row, other, strict=True))
        assert [row[0], *row[3:4]] == [other[0], *other[3:4]]
    assert "shapes of layers are left out: they need PyTorch" in results["show a network"].err


def test_python_names_the_extra_when_a_function_is_called(tmp_path):
    code = """
import inspect
import seqnet
from seqnet import *
from seqnet.errors import MissingLibraryError, SeqnetError
assert "regions" in inspect.signature(train_cnn).parameters
for function, fields in (
    (train_dense, {"regions": "r", "genome": "g"}),
    (train_cnn, {"regions": "r", "genome": "g"}),
    (train_denoise, {"signals": "s.bw", "target_tracks": "t.bw"}),
):
    try:
        function(**fields)
    except MissingLibraryError as error:
        assert isinstance(error, SeqnetError)
        print(error)
"""
    assert light_python(code, tmp_path).splitlines() == [EXTRA] * 3


def test_a_module_that_another_library_misses_is_not_taken_for_an_extra(tmp_path, monkeypatch):
    (tmp_path / "lacks_a_module.py").write_text("import no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        resolve("lacks_a_module:anything")


def test_each_optional_library_has_an_extra_of_its_name():
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for module, library in OPTIONAL_LIBRARIES.items():
        assert [line.partition(">")[0] for line in extras[library.extra]] == [module]
        assert is_installed(module)
        require(module)


def test_a_required_library_is_looked_for_and_not_loaded(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingLibraryError, match=r"seqnet\[torch\]"):
        require("torch")
