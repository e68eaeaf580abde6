"""The fault table: which test covers which fault of which command, and why others need none.

``make faults`` prints it. `tests/faults/test_table.py` requires that every cell names a test that exists, or
gives a reason.
"""

import re
import subprocess
import sys
from collections.abc import Collection
from typing import NamedTuple

from tests.faults.lines import NAMES, STREAMING, TRAINING, ids
from tests.faults.test_first_use import CACHING
from tests.faults.test_odd_inputs import EFFECTS, READERS_OF_FASTA, READERS_OF_MODELS
from tests.faults.test_same_results import PLACES, THREADED

Names = tuple[str, ...]
NETWORKS = [names for names in TRAINING if names != ("train", "linear")]
SCORING = [("pssm",), ("scan",)]
LIBRARY = "tests/unit/formats"


class Cover(NamedTuple):
    """A test and the commands it covers."""

    test: str
    """File and function; those with a parameter of commands have a case for each."""
    commands: Collection[Names]
    each: bool = True
    """Whether the test has a case for each command; otherwise it is of what they have in common."""


class Fault(NamedTuple):
    """A row of the table."""

    name: str
    covers: tuple[Cover, ...]
    elsewhere: str = ""
    """Why the fault cannot meet the other commands."""

    def cell(self, names: Names) -> list[str]:
        """Return the tests of a command."""
        return [
            f"{cover.test}[{ids(names)}]" if cover.each else cover.test
            for cover in self.covers
            if names in cover.commands
        ]


def own(file: str, test: str, commands: Collection[Names] = NAMES) -> Cover:
    """Return a test of this folder that has a case for each command."""
    return Cover(f"tests/faults/test_{file}.py::test_{test}", commands)


def shared(test: str, commands: Collection[Names]) -> Cover:
    """Return a test of what commands have in common, such as a reader."""
    return Cover(test, commands, each=False)


NO_GENOME = "reads no places of a genome"
NO_TRACK = "keeps no track between runs: it reads none, or each once from its file"
NO_NETWORK = "trains no network"
NO_MODEL = "reads no model"

FAULTS = (
    Fault("disk full: files", (own("streams", "files_that_may_not_grow_leave_the_old_ones"),)),
    Fault(
        "disk full: devices",
        (own("streams", "a_full_device_is_one_line", STREAMING),
         own("streams", "models_need_a_regular_file", TRAINING)),
    ),
    Fault(
        "closed pipe",
        (own("streams", "a_pipe_that_is_closed_before_the_first_byte_ends_silently_with_141", STREAMING),),
        "writes a model, which needs a file: nothing goes to standard output",
    ),
    Fault("killed while writing",
          (own("killed", "a_killed_run_leaves_old_or_complete_outputs_and_the_next_sweeps"),
           own("killed", "runs_killed_fifty_times_leave_old_or_complete_outputs"))),
    Fault("two runs, one output", (own("killed", "of_several_runs_with_one_output_one_wins_whole"),)),
    Fault("unwritable output",
          (own("permissions", "a_folder_that_takes_no_files_is_an_error_before_the_input_is_read"),)),
    Fault("unreadable input", (own("permissions", "an_input_that_may_not_be_read_is_one_line_naming_it"),)),
    Fault("special outputs: devices, FIFOs",
          (own("streams", "text_goes_straight_into_special_files", STREAMING),
           own("streams", "models_need_a_regular_file", TRAINING))),
    Fault("special outputs: links, modes", (own("streams", "symbolic_links_are_followed_and_modes_kept"),)),
    Fault("interrupted stdin: breaks off",
          (own("streams", "compressed_input_that_breaks_off_in_a_pipe_is_one_line"),)),
    Fault("interrupted stdin: pauses", (own("streams", "input_that_comes_in_drops_is_read_as_a_file"),)),
    Fault("interrupted stdin: signals",
          (own("streams", "a_signal_while_input_is_awaited_leaves_nothing"),)),
    Fault("interrupted stdin: closed", (own("streams", "a_closed_standard_input_is_one_line"),)),
    Fault(
        "killed while training",
        (shared("tests/faults/test_training.py::test_runs_killed_at_random_times_end_with_the_same_bytes",
                [("train", "dense"), ("train", "cnn")]),
         shared("tests/cli/test_denoising.py::test_a_run_goes_on_to_the_same_bytes", [("train", "denoise")])),
        NO_NETWORK,
    ),
    Fault(
        "SIGTERM, SIGUSR1 in training",
        (shared("tests/faults/test_training.py::test_signals_save_the_state_and_end_with_their_code",
                NETWORKS),),
        NO_NETWORK,
    ),
    Fault(
        "NaN loss",
        (shared("tests/faults/test_training.py::test_a_loss_that_is_no_number_leaves_the_last_good_state",
                NETWORKS),),
        NO_NETWORK,
    ),
    Fault(
        "damaged or hostile model",
        (own("odd_inputs", "damaged_and_hostile_models_are_one_line", READERS_OF_MODELS),), NO_MODEL,
    ),
    Fault(
        "damaged checkpoint",
        (shared("tests/faults/test_training.py::test_what_cannot_be_resumed_is_said_in_one_line", NETWORKS),),
        NO_NETWORK,
    ),
    Fault(
        "NaN or inf in predictions",
        (shared("tests/unit/pipeline/test_predict.py::"
                "test_predictions_that_are_no_number_are_gaps_or_an_error", [("predict",), ("evaluate",)]),
         own("odd_inputs", "outputs_that_are_no_finite_numbers_have_no_effects", EFFECTS)),
        "predicts nothing",
    ),
    Fault("mutated inputs", (
        shared("tests/faults/test_mutants.py::test_mutated_motifs_and_sites_are_sound_or_refused_by_name",
               [("build-pwm",), ("pssm",), ("scan",), ("convert",), ("logo",), ("compare",), ("enrich",),
                ("show",), *[names for names in NAMES if names[0] == "simulate"]]),
        shared("tests/faults/test_mutants.py::test_mutants_are_read_or_refused_by_name", NAMES),
        shared("tests/faults/test_mutants.py::test_mutated_bams_are_counted_or_refused_by_name",
               [("coverage",)]),
        shared("tests/faults/test_mutants.py::test_mutated_bigwigs_never_bring_the_reader_down",
               [*CACHING, ("label",), ("check",)]),
        shared(f"{LIBRARY}/sequences/test_fasta_index.py::test_a_wrong_number_anywhere_is_noticed", PLACES),
    )),
    Fault("stale .fai, times preserved",
          (own("same_results", "a_stale_index_whose_time_was_preserved_gives_no_foreign_bases", PLACES),),
          NO_GENOME),
    Fault("stale .fai, newer FASTA",
          (shared(f"{LIBRARY}/sequences/test_fasta_index.py::test_an_index_older_than_its_file_is_refused",
                  PLACES),), NO_GENOME),
    Fault("16 first users of a cache, kills among them",
          (own("first_use", "sixteen_first_users_of_a_cache", CACHING),), NO_TRACK),
    Fault("cache: links",
          (own("first_use", "a_cache_behind_a_link_is_used", CACHING),
           own("first_use", "links_in_the_place_of_cache_files_are_not_written_through", CACHING)), NO_TRACK),
    Fault("cache: permissions",
          (own("first_use", "a_cache_that_cannot_be_made_is_one_line_naming_it", CACHING),
           own("first_use", "a_cache_that_is_there_needs_no_permission_to_write", CACHING),
           own("first_use", "a_cache_file_that_may_not_be_read_is_one_line_naming_it", CACHING)), NO_TRACK),
    Fault("FASTA oddities: genome",
          (own("odd_inputs", "a_genome_in_another_form_gives_the_same_bytes", PLACES),
           own("odd_inputs", "a_genome_that_is_no_fasta_is_one_line_naming_it", PLACES)), NO_GENOME),
    Fault("FASTA oddities: sequences",
          (own("odd_inputs", "sequences_that_are_no_fasta_are_one_line_naming_them", READERS_OF_FASTA),
           shared(f"{LIBRARY}/sequences/test_fasta.py::test_latin_1_headers_survive", READERS_OF_FASTA)),
          "takes no FASTA, or with the reader that the other commands have"),
    Fault("contig names of another style",
          (own("odd_inputs", "names_of_another_style_are_shown_beside_the_genome_s", PLACES),), NO_GENOME),
    Fault("contigs that the genome does not have",
          (own("same_results", "a_contig_that_the_genome_does_not_have_is_named_with_its_line", PLACES),),
          NO_GENOME),
    Fault("intervals out of place",
          (own("odd_inputs", "an_interval_out_of_place_is_named_with_its_line", PLACES),), NO_GENOME),
    Fault("tracks: contigs they do not have, gaps",
          (own("first_use", "a_track_without_a_contig_is_an_error_or_zeros_by_choice", CACHING),
           shared("tests/faults/test_first_use.py::test_a_target_track_without_a_contig_is_an_error",
                  [("train", "denoise")]),
           shared("tests/unit/formats/tracks/test_bigwig.py::test_a_gap_where_none_may_be_is_refused",
                  [("label",), ("check",)])), "reads no track"),
    Fault("a line of 600 MB in a small file",
          (own("odd_inputs", "a_line_that_unpacks_to_600_megabytes_takes_bounded_memory"),)),
    Fault("out of memory (RLIMIT_AS, torch loaded)",
          (own("permissions", "want_of_memory_is_one_line_or_no_matter"),)),
    Fault("sizes of pieces", (own("same_results", "the_size_of_pieces_changes_no_byte"),)),
    Fault("threads", (own("same_results", "four_threads_change_no_byte", THREADED),),
          "takes no threads, or (training) their number is one of its options"),
    Fault("two runs", (own("same_results", "two_processes_give_the_same_bytes"),)),
    Fault("arithmetic", (
        shared("tests/properties/test_scan_identities.py", SCORING),
    ), "scores no motif; each routine's oracle is in its unit tests"),
)  # fmt: skip


def collected() -> set[str]:
    """Return the ids of all tests."""
    files = sorted({cover.test.partition("::")[0] for fault in FAULTS for cover in fault.covers})
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "", "-p", "no:cacheprovider", *files],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return {row for row in finished.stdout.splitlines() if "::" in row and not row.startswith("ERROR")}


def is_there(cell: str, found: Collection[str]) -> bool:
    """Return whether the test of a cell is among those collected."""
    test, _, case = cell.removesuffix("]").partition("[")
    if not case:
        return any(re.split(r"\[", each)[0] == test or each.startswith(test + "::") for each in found)
    wanted = re.compile(re.escape(test) + rf"\[(.*-)?{re.escape(case)}(-.*)?\]")
    return any(wanted.fullmatch(each) for each in found)


def gaps(found: Collection[str]) -> list[str]:
    """Return the cells without a reason whose tests do not exist, as text."""
    return [
        f"{fault.name}: {ids(names)}: {', '.join(missing) or 'no test and no reason'}"
        for fault in FAULTS
        for names in NAMES
        if (missing := [cell for cell in fault.cell(names) if not is_there(cell, found)])
        or not (fault.cell(names) or fault.elsewhere)
    ]


def text(found: Collection[str]) -> str:
    """Return the table: a row for each fault, a column for each command."""
    lines = [f"{number:>2}  {ids(names)}" for number, names in enumerate(NAMES, 1)]
    width = max(len(fault.name) for fault in FAULTS)
    lines += ["", " " * width + "".join(f"{number:>3}" for number in range(1, len(NAMES) + 1))]
    bad = gaps(found)
    for fault in FAULTS:
        marks = [str(len(fault.cell(names)) or "-") for names in NAMES]
        lines.append(fault.name.ljust(width) + "".join(mark.rjust(3) for mark in marks))
    lines += ["", "Numbers are tests; - is a fault that cannot meet the command:"]
    lines += [f"  {fault.name}: {fault.elsewhere}" for fault in FAULTS if fault.elsewhere]
    return "\n".join([*lines, "", f"{len(bad)} gaps", *bad])


if __name__ == "__main__":
    print(text(collected()))  # noqa: T201
