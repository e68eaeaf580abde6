#!/bin/sh
# A scan end to end: 50 Mbp of random FASTA -> BED, one motif (CTCF), p = 1e-4, both strands, one thread.
# Prints the CPU seconds (user and system) and lines of each round. Peers run where they are installed: FIMO
# from PATH, MOODS and lightmotif through a script that reads the FASTA and writes BED.
#
#   benchmarks/scan_cli.sh            BASES=50000000 ROUNDS=3 BIN=.venv/bin set what differs
set -eu
cd "$(dirname "$0")/.."
BIN=${BIN:-.venv/bin}
BASES=${BASES:-50000000}
ROUNDS=${ROUNDS:-3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 LC_ALL=C

"$BIN/python" benchmarks/scan_peers.py simulate "$BASES" "$folder/genome.fa"
"$BIN/seqnet" convert -q example_data/motifs.jaspar --motif '*CTCF*' --to meme -o "$folder/motif.meme"

timed() { # name, command...: its CPU seconds and lines
    name=$1
    shift
    "$BIN/python" benchmarks/scan_peers.py time "$name" "$folder/hits" "$@"
}

round=0
while [ "$round" -lt "$ROUNDS" ]; do
    round=$((round + 1))
    timed seqnet "$BIN/seqnet" scan example_data/motifs.jaspar "$folder/genome.fa" \
        --motif '*CTCF*' --p-value 1e-4 --threads 1
    for peer in MOODS lightmotif; do
        if "$BIN/python" -c "import $peer" 2>/dev/null; then
            timed "$peer" "$BIN/python" benchmarks/scan_peers.py "$peer" "$folder/genome.fa"
        fi
    done
    if command -v fimo >/dev/null; then
        timed fimo fimo --text --thresh 1e-4 "$folder/motif.meme" "$folder/genome.fa"
    fi
done
