#!/usr/bin/env bash
# From ChIP-exo peaks to an evaluated prediction track: Reb1 and five more factors in yeast.
# Usage: yeast_reb1.sh YEAST_FOLDER OUTPUT
#   YEAST_FOLDER  holds sacCer3.fa.gz and chexmix_peaks/*.bed
# Environment: EPOCHS (25), TASKS (Reb1 Abf1 Mbp1 Sko1 Spt15 Bur6), THREADS (0 = all CPUs)
set -euo pipefail

data=$1
out=$2
epochs=${EPOCHS:-25}
tasks=${TASKS:-Reb1 Abf1 Mbp1 Sko1 Spt15 Bur6}
threads=${THREADS:-0}
genome=$data/sacCer3.fa.gz
peaks=$data/chexmix_peaks
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
say() { printf '\n== %s\n' "$*" >&2; }

say "motif: the best site near each Reb1 peak point, both strands, rebuilt until no site moves"
seqnet build-pwm "$peaks/Reb1.bed" --genome "$genome" --width 40 --seed NNTTACCCGNN --name REB1 \
    --sites-out "$out/reb1.sites.fa" -v -o "$out/reb1.meme"
seqnet pssm "$out/reb1.meme" --background "from:$genome" -o "$out/reb1.pssm"

say "scan: the whole genome, hits and score track"
seqnet scan "$out/reb1.pssm" "$genome" --p-value 1e-4 -t "$threads" -v -o "$out/reb1.hits.bed.gz"
seqnet scan "$out/reb1.pssm" "$genome" -t "$threads" --track "$out/reb1.scores.bw"
python3 "$here/enrichment.py" "$out/reb1.hits.bed.gz" "$peaks/Reb1.bed" "$genome" |
    tee "$out/reb1.enrichment.tsv"

say "label: six factors, chrIV to validate on, chrXII held out"
files=()
for task in $tasks; do files+=("$peaks/$task.bed"); done
seqnet label "${files[@]}" --genome "$genome" --width 200 --valid-chroms chrIV --test-chroms chrXII \
    -o "$out/regions.bed"

say "k-mers: logistic regression"
seqnet kmer-featurize --regions "$out/regions.bed" --genome "$genome" -k 6 --normalize sqrt \
    -o "$out/kmers.npz"
seqnet train linear --features "$out/kmers.npz" --labels "$out/regions.bed" -t "$threads" \
    -o "$out/linear.safetensors"

say "sequence: a convolutional network"
seqnet train cnn --regions "$out/regions.bed" --genome "$genome" --epochs "$epochs" --batch-size 32 \
    -t "$threads" -o "$out/cnn.safetensors"

say "predict: every region, and the whole of chrXII in tiles of 50 bp"
for model in linear cnn; do
    seqnet predict "$out/$model.safetensors" --regions "$out/regions.bed" --genome "$genome" \
        -t "$threads" -o "$out/$model.predictions.bed"
done
seqnet predict "$out/cnn.safetensors" --genome "$genome" --chroms chrXII --tile 50 -t "$threads" \
    -o "$out/cnn.{task}.chrXII.bw"

say "evaluate: the held-out chromosome, beside the motif alone"
seqnet scan "$out/reb1.pssm" --genome "$genome" --regions "$out/regions.bed" --per-sequence |
    awk -F '\t' -v OFS='\t' 'BEGIN { print "#name", "Reb1" } !/^#/ { print $1, $3 }' \
    > "$out/pwm.scores.tsv"
seqnet evaluate "$out/pwm.scores.tsv" --labels "$out/regions.bed" -o "$out/pwm.metrics.tsv"
for model in linear cnn; do
    seqnet evaluate "$out/$model.predictions.bed" --labels "$out/regions.bed" \
        --json "$out/$model.metrics.json" --report "$out/$model.report.html" -o "$out/$model.metrics.tsv"
done
for model in pwm linear cnn; do
    printf '\n%s, chrXII\n' "$model"
    cat "$out/$model.metrics.tsv"
done
