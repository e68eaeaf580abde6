import resource
import statistics
import subprocess
import sys

MOST = 6.0
"""CPU of ``seqnet --help`` against ``python -c pass``; the design's mark is 5, machines are noisy."""
ROUNDS = 15


def cpu(*command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_starts_fast():
    bare, ours = [], []
    for _ in range(ROUNDS):
        bare.append(cpu(sys.executable, "-c", "pass"))
        ours.append(cpu(sys.executable, "-m", "seqnet", "--help"))
    assert statistics.median(ours) <= MOST * statistics.median(bare)


def test_motif_and_kmer_commands_import_no_learning_library(example_data):
    code = (
        "import sys\nfrom seqnet.__main__ import main\n"
        "sys.argv = ['seqnet', *sys.argv[1:]]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "found = [m for m in ('torch', 'sklearn', 'matplotlib') if m in sys.modules]\n"
        "assert not found, found"
    )
    runs = [
        ["build-pwm", example_data / "sites.fa", "-o", "/dev/null"],
        ["build-pwm", example_data / "peaks" / "REB1.narrowPeak", "--genome", example_data / "genome.fa",
         "--width", "40", "--seed", "NNTTACCCGGNN", "-q", "-o", "/dev/null"],
        ["pssm", example_data / "motifs.jaspar", "-o", "/dev/null"],
        ["scan", example_data / "motifs.jaspar", example_data / "genome.fa", "-o", "/dev/null"],
        ["enrich", example_data / "motifs.jaspar", "--genome", example_data / "genome.fa",
         "--regions", example_data / "peaks" / "REB1.narrowPeak", "--against", example_data / "sites.fa",
         "-q", "-o", "/dev/null"],
        ["kmer-featurize", example_data / "sites.fa", "-k", "3", "-o", "/dev/null"],
        ["label", example_data / "peaks" / "REB1.narrowPeak", "--genome", example_data / "genome.fa",
         "--width", "100", "-q", "-o", "/dev/null"],
    ]  # fmt: skip
    for args in runs:
        finished = subprocess.run(
            [sys.executable, "-c", code, *map(str, args)], capture_output=True, text=True, check=False
        )
        assert finished.returncode == 0, finished.stderr
