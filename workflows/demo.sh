#!/usr/bin/env bash
# The whole pipeline on the example data: from binding sites to an evaluated prediction track.
# Usage: demo.sh [EXAMPLE_DATA [OUTPUT]]
set -euo pipefail

data=${1:-example_data}
out=${2:-demo_output}
mkdir -p "$out"
say() { printf '\n== %s\n' "$*"; }

say "1. build-pwm: aligned sites to a motif"
seqnet build-pwm "$data/sites.fa" --name REB1 -v -o "$out/reb1.meme"

say "2. pssm: log-odds scores under the genome's background"
seqnet pssm "$out/reb1.meme" --background "from:$data/genome.fa" -o "$out/reb1.pssm"

say "3. scan: hits on both strands, and a score track"
seqnet scan "$out/reb1.pssm" "$data/genome.fa" --p-value 1e-4 -v -o "$out/reb1.hits.bed"
seqnet scan "$out/reb1.pssm" "$data/genome.fa" --track "$out/reb1.scores.bw" --rectify

say "4. label and kmer-featurize: peaks to labelled regions to a k-mer table"
seqnet label "$data"/peaks/*.narrowPeak --genome "$data/genome.fa" --width 200 \
    --valid-chroms chr3 --test-chroms chr4 -o "$out/regions.bed"
seqnet kmer-featurize --regions "$out/regions.bed" --genome "$data/genome.fa" -k 6 \
    --normalize sqrt -o "$out/kmers.npz"

say "5. train: logistic regression on k-mers, and a convolutional network"
seqnet train linear --features "$out/kmers.npz" --labels "$out/regions.bed" \
    -o "$out/linear.safetensors"
seqnet train cnn --regions "$out/regions.bed" --genome "$data/genome.fa" --batch-size 32 \
    -o "$out/cnn.safetensors"

say "6. predict: the held-out chromosome, as BED and as one bigWig per task"
for model in linear cnn; do
    seqnet predict "$out/$model.safetensors" --regions "$out/regions.bed" \
        --genome "$data/genome.fa" -o "$out/$model.predictions.bed"
done
seqnet predict "$out/cnn.safetensors" --genome "$data/genome.fa" --chroms chr4 --tile 50 \
    -o "$out/cnn.{task}.bw"

say "7. evaluate: rows of the held-out chromosome"
for model in linear cnn; do
    seqnet evaluate "$out/$model.predictions.bed" --labels "$out/regions.bed" \
        --json "$out/$model.metrics.json" --report "$out/$model.report.html" -o "$out/$model.metrics.tsv"
done

say "made in $out"
ls "$out"
for model in linear cnn; do
    printf '\n%s, held-out chr4\n' "$model"
    cat "$out/$model.metrics.tsv"
done
