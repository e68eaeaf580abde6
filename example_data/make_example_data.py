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
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from seqnet.formats._open import open_output
from seqnet.formats.bigwig import write_bigwig
from seqnet.formats.fasta import write_fasta
from seqnet.formats.jaspar import write_jaspar
from seqnet.genome.alphabet import reverse_complement
from seqnet.genome.sequence import EncodedSequence
from seqnet.motifs.matrix import MotifInfo, MotifSet, Pfm, to_ppm

SEED = 2017
CONTIGS = {"chr1": 300_000, "chr2": 220_000, "chr3": 160_000, "chr4": 120_000}
BOUND_SITES, UNBOUND_SITES = 300, 120  # of each motif
PEAK_WIDTH = 200
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


class Site(NamedTuple):
    """A planted site."""

    contig: str
    center: int
    motif: str
    bound: bool


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


def markov_sequence(model: NDArray[np.float64], length: int, generator: Generator) -> NDArray[np.uint8]:
    """Draw a sequence of codes from an order-3 model."""
    bounds = np.cumsum(model, axis=1)[:, :3].tolist()
    draws = generator.random(length).tolist()
    codes = np.empty(length, dtype=np.uint8)
    context = 0
    for position, draw in enumerate(draws):
        first, second, third = bounds[context]
        code = (draw > first) + (draw > second) + (draw > third)
        codes[position] = code
        context = (context * 4 + code) % 64
    return codes


def draw_site(pfm: Pfm, generator: Generator) -> NDArray[np.uint8]:
    """Draw one site from a motif."""
    bounds = np.cumsum(to_ppm(pfm).probabilities, axis=1)[:, :3]
    return (generator.random(pfm.width)[:, None] > bounds).sum(axis=1).astype(np.uint8)


def plant(genome: dict[str, NDArray[np.uint8]], found: dict[str, Pfm], generator: Generator) -> list[Site]:
    """Write sites into the genome, either way round, at least 400 bases apart."""
    slots = [(contig, i) for contig, codes in genome.items() for i in range(1, len(codes) // 500 - 1)]
    kinds = [(name, i < BOUND_SITES) for name in found for i in range(BOUND_SITES + UNBOUND_SITES)]
    order = generator.permutation(len(slots))[: len(kinds)]
    sites = []
    for (name, bound), slot in zip(kinds, order.tolist(), strict=True):
        contig, number = slots[slot]
        center = number * 500 + 250 + int(generator.integers(-50, 51))
        codes = draw_site(found[name], generator)
        if generator.random() < 0.5:
            codes = reverse_complement(codes)
        start = center - len(codes) // 2
        genome[contig][start : start + len(codes)] = codes
        sites.append(Site(contig, center, name, bound))
    return sorted(sites, key=lambda site: (list(genome).index(site.contig), site.center))


def track(length: int, sites: list[Site], generator: Generator) -> NDArray[np.float64]:
    """Draw an accessibility signal per step: low noise, and a bump over every bound site."""
    steps = -(-length // TRACK_STEP)
    rate = np.full(steps, 0.6)
    places = TRACK_STEP * np.arange(steps) + TRACK_STEP / 2
    for site in sites:
        if site.bound:
            height = generator.gamma(4.0, 4.0)
            rate += height * np.exp(-0.5 * ((places - site.center) / 90.0) ** 2)
    return generator.poisson(rate).astype(np.float64)


def write_peaks(folder: Path, sites: list[Site], generator: Generator) -> None:
    """Write one narrowPeak file per motif, summits within a few bases of the sites."""
    (folder / "peaks").mkdir(exist_ok=True)
    for name in dict.fromkeys(site.motif for site in sites):
        lines = []
        for number, site in enumerate((s for s in sites if s.motif == name and s.bound), 1):
            start = site.center - PEAK_WIDTH // 2 + int(generator.integers(-30, 31))
            summit = site.center - start + round(float(generator.normal(0, 6)))
            signal = float(generator.gamma(4.0, 5.0))
            score = min(1000, round(20 * signal))
            lines.append(
                f"{site.contig}\t{start}\t{start + PEAK_WIDTH}\t{name}_{number}\t{score}\t.\t"
                f"{signal:.2f}\t-1\t-1\t{summit}\n"
            )
        (folder / "peaks" / f"{name}.narrowPeak").write_text("".join(lines))


def main(folder: Path) -> None:
    """Make every file."""
    folder.mkdir(exist_ok=True)
    generator = np.random.default_rng(SEED)
    found = motifs()
    model = background(generator)
    genome = {name: markov_sequence(model, length, generator) for name, length in CONTIGS.items()}
    sites = plant(genome, found, generator)
    with open_output(str(folder / "genome.fa")) as stream:
        write_fasta(stream, (EncodedSequence(name, codes) for name, codes in genome.items()))
    sizes = "".join(f"{name}\t{length}\n" for name, length in CONTIGS.items())
    (folder / "chrom.sizes").write_text(sizes)
    with open_output(str(folder / "motifs.jaspar")) as stream:
        write_jaspar(stream, MotifSet(tuple(found.values())))
    with open_output(str(folder / "sites.fa")) as stream:
        drawn = (draw_site(found["REB1"], generator) for _ in range(200))
        write_fasta(stream, (EncodedSequence(f"site{i}", codes) for i, codes in enumerate(drawn, 1)))
    (folder / "lecture_sites.txt").write_text("\n".join(LECTURE_SITES) + "\n")
    write_peaks(folder, sites, generator)
    with write_bigwig(str(folder / "dnase.bw"), CONTIGS) as writer:
        for name, length in CONTIGS.items():
            own = [site for site in sites if site.contig == name]
            writer.add(name, 0, track(length, own, generator), TRACK_STEP)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            print(f"{path.stat().st_size:>9,}  {path.relative_to(folder)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
