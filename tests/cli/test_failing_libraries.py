"""A library that cannot be loaded, or that runs out of memory, is one line and exit 1."""

import pytest

from seqnet.errors import describe, failed_import, lacks_memory
from tests.running import run_child

TRAIN = ("train", "cnn", "--positives", "p.fa", "--negatives", "shuffle", "-o", "m.safetensors")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "raise ImportError('libtorch_cpu.so: cannot open shared object file')",
            "torch cannot be loaded: libtorch_cpu.so: cannot open shared object file; install it again",
        ),
        (
            "raise ImportError('libtorch_cpu.so: failed to map segment from shared object')",
            "failed to map segment from shared object; free memory and temporary space, or install it again",
        ),
        (
            "raise OSError('libcudart.so.12: cannot open shared object file')",
            "libcudart.so.12: cannot open shared",
        ),
        (
            "raise RuntimeError('compiled for another numpy')",
            "torch cannot be loaded: compiled for another numpy; free memory and temporary space, or install",
        ),
        ("from torch import missing_part", "torch cannot be loaded: cannot import name"),
        ("import no_such_library_at_all", "no_such_library_at_all cannot be loaded: No module named"),
        ("raise MemoryError", "out of memory"),
    ],
)
def test_a_torch_that_cannot_be_imported_is_one_line(tmp_path, code, message):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text(code + "\n")
    (tmp_path / "p.fa").write_text(">a\nACGTACGTAC\n>b\nACGGACGTAC\n")
    finished = run_child(*TRAIN, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert finished.code == 1
    assert message in finished.err
    assert "Traceback" not in finished.err
    assert sum("error: " in line for line in finished.err.splitlines()) == 1
    assert not (tmp_path / "m.safetensors").exists()


@pytest.mark.parametrize(
    "text",
    [
        "CUDA out of memory. Tried to allocate 20.00 GiB", "std::bad_alloc",
        "[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: you tried",
        "DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes.", "CUBLAS_STATUS_ALLOC_FAILED when",
        "MPS backend out of memory (MPS allocated: 9 GB)",
    ],
)  # fmt: skip
def test_want_of_memory_is_told_by_the_words_of_every_library(text):
    assert lacks_memory(RuntimeError(text))
    assert describe(RuntimeError(text)).startswith("out of memory")
    assert not lacks_memory(ValueError(text))


def test_an_extension_that_fails_without_a_word_lacks_memory():
    assert lacks_memory(SystemError("error return without exception set"))
    assert not lacks_memory(SystemError("bad argument to internal function"))


def test_a_thread_that_cannot_start_is_want_of_memory_or_of_threads():
    error = RuntimeError("can't start new thread")
    assert lacks_memory(error)
    assert describe(error) == "no thread can be started; free memory, or use fewer threads"


def test_other_errors_are_not_hidden():
    assert not failed_import(RuntimeError("a defect"))
    assert not lacks_memory(RuntimeError("a defect"))


def test_prediction_that_runs_out_of_memory_is_one_line(inside, prepared, tmp_path, monkeypatch):
    import torch

    from seqnet.commands._boundary import CommandError

    def hungry(*_arguments, **_options):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    monkeypatch.setattr("seqnet.inference.ready_network.predict_logits", hungry)
    with pytest.raises(CommandError, match="out of memory; use smaller input"):
        inside(
            "predict", prepared / "cnn.safetensors", "--regions", prepared / "regions.bed", "--genome",
            prepared.data / "genome.fa", "-o", tmp_path / "x.bed",
        )  # fmt: skip
    assert not (tmp_path / "x.bed").exists()
