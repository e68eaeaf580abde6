"""Make the example data: a small genome, binding sites, peaks and an accessibility track.

Everything is simulated from one seed, so the files are free of any licence. The three motifs are
published matrices, typed in as facts: JASPAR MA0139.1 (CTCF), MA0363.2 (REB1), MA0035.1 (GATA1).

The genome is drawn from an order-3 background. Sites are drawn from the motifs and placed in open
chromatin, where they are bound and make a peak, or in closed chromatin, where they are not; the
track shows which is which.

Usage: python example_data/make_example_data.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from seqnet.datasets.simulation.genomes import (
    PlantedSite,
    draw_peaks,
    draw_signal,
    draw_strengths,
    plant_sites,
)
from seqnet.datasets.simulation.letters import draw_contig, draw_sites
from seqnet.formats.files.opening import open_output
from seqnet.formats.motifs.jaspar import write_jaspar
from seqnet.formats.sequences.fasta import write_fasta
from seqnet.formats.sequences.simulated import write_peaks
from seqnet.formats.tracks.bigwig import write_bigwig
from seqnet.genome.sequence import EncodedSequence
from seqnet.motifs.matrix import MotifInfo, MotifSet, Pfm, to_ppm

SEED = 2017
CONTIGS = {"chr1": 300_000, "chr2": 220_000, "chr3": 160_000, "chr4": 120_000}
BOUND_SITES, UNBOUND_SITES = 300, 120  # of each motif
TRACK_STEP = 20
LECTURE_SITES = ("GGATAA", "CGATAA", "CGATAT", "GGATAT")

MATRICES = {
    ("CTCF", "MA0139.1"): """
        87 167 281 56 8 744 40 107 851 5 333 54 12 56 104 372 82 117 402
        291 145 49 800 903 13 528 433 11 0 3 12 0 8 733 13 482 322 181
        76 414 449 21 0 65 334 48 32 903 566 504 890 775 5 507 307 73 266
        459 187 134 36 2 91 11 324 18 3 9 341 8 71 67 17 37 396 59""",
    ("REB1", "MA0363.2"): """
        212 159 86 281 8 28 679 2 4 3 11 104 296 133 186
        114 167 177 79 20 28 1 684 681 681 5 133 244 178 115
        109 146 113 281 5 7 3 2 5 3 578 377 58 118 147
        256 219 315 50 658 628 8 3 1 4 97 77 93 262 243""",
    ("GATA1", "MA0035.1"): """
        13 0 50 1 13 6
        14 0 2 0 6 16
        15 53 0 1 25 22
        11 0 1 51 9 9""",
}


def motifs() -> dict[str, Pfm]:
    """Return the typed-in matrices by name."""
    found = {}
    for (name, identifier), text in MATRICES.items():
        counts = np.array([line.split() for line in text.strip().splitlines()], dtype=float).T
        found[name] = Pfm(MotifInfo(name, identifier), counts)
    return found


def background(generator: Generator) -> NDArray[np.float64]:
    """Draw an order-3 model: float64 (64, 4), each context's next-base probabilities."""
    mean = np.array([0.29, 0.21, 0.21, 0.29])
    return np.array([generator.dirichlet(40 * mean) for _ in range(64)])


def write_tracks(path: str, sites: list[PlantedSite], generator: Generator) -> None:
    """Write the accessibility track: a bump of random height over every bound site."""
    with write_bigwig(path, CONTIGS) as writer:
        for name, length in CONTIGS.items():
            centers = [site.center for site in sites if site.contig == name and site.bound]
            heights = draw_strengths(len(centers), generator)
            writer.add(name, 0, draw_signal(length, TRACK_STEP, centers, heights, generator), TRACK_STEP)


def main(folder: Path) -> None:
    """Make every file."""
    folder.mkdir(exist_ok=True)
    generator = np.random.default_rng(SEED)
    found = motifs()
    ppms = [to_ppm(pfm) for pfm in found.values()]
    model = background(generator)
    tables = [model[:1], model[:4], model[:16], model]  # a contig begins as if after AAA
    genome = {name: draw_contig(tables, length, generator) for name, length in CONTIGS.items()}
    sites = plant_sites(genome, ppms, BOUND_SITES, UNBOUND_SITES, generator)
    with open_output(str(folder / "genome.fa")) as stream:
        write_fasta(stream, (EncodedSequence(name, codes) for name, codes in genome.items()))
    sizes = "".join(f"{name}\t{length}\n" for name, length in CONTIGS.items())
    (folder / "chrom.sizes").write_text(sizes)
    with open_output(str(folder / "motifs.jaspar")) as stream:
        write_jaspar(stream, MotifSet(tuple(found.values())))
    with open_output(str(folder / "sites.fa")) as stream:
        drawn = draw_sites(to_ppm(found["REB1"]), 200, generator)
        write_fasta(stream, (EncodedSequence(f"site{i}", codes) for i, codes in enumerate(drawn, 1)))
    (folder / "lecture_sites.txt").write_text("\n".join(LECTURE_SITES) + "\n")
    (folder / "peaks").mkdir(exist_ok=True)
    names = list(found)
    for number in dict.fromkeys(site.motif for site in sites):
        peaks = draw_peaks([site for site in sites if site.motif == number and site.bound], generator)
        with open_output(str(folder / "peaks" / f"{names[number]}.narrowPeak")) as stream:
            write_peaks(stream, peaks, names[number])
    write_tracks(str(folder / "dnase.bw"), sites, generator)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            print(f"{path.stat().st_size:>9,}  {path.relative_to(folder)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
