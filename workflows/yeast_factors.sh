#!/usr/bin/env bash
# One network for the sequence-specific factors of yeast: from ChIP-exo peaks to a track and a report.
# Usage: yeast_factors.sh YEAST_FOLDER JASPAR.transfac.gz OUTPUT
#   YEAST_FOLDER  holds sacCer3.fa.gz, chexmix_peaks/*.bed and motifs/ (MacIsaac, UniPROBE)
#   JASPAR        a release in TRANSFAC format; its fungal motifs are used
# Environment: PEAKS (80: a factor needs as many), EPOCHS (the default: 25), THREADS (0 = all CPUs), CHROMS (all of them:
# contigs that get tracks; the held-out ones must be among them)
#
# The factors are those with PEAKS peak points or more and a motif of their name in one of the three
# collections. chrVII is validated on, chrIV and chrXII are held out. Beside the network stands the best
# window under each factor's own motif, the first of its name.
set -euo pipefail

data=$1
jaspar=$2
out=$3
fewest=${PEAKS:-80}
chroms=${CHROMS:-*}
threads=${THREADS:-0}
genome=$data/sacCer3.fa.gz
mkdir -p "$out/tracks"
say() { printf '\n== %s\n' "$*" >&2; }

say "motifs: the collections put one after another"
gzip -dc "$jaspar" | awk 'BEGIN { RS = ORS = "//\n" } /tax_group:fungi/' > "$out/fungi.transfac"
for collection in "$data/motifs/macisaac_yeast.v1.meme" "$data/motifs/yeast_uniprobe_GR09.meme" \
    "$out/fungi.transfac"; do
    seqnet convert "$collection" --to jaspar -q
done > "$out/collection.jaspar"
awk '/^>/ { print toupper($2 == "" ? substr($1, 2) : $2) }' "$out/collection.jaspar" |
    tr -s : '\n' | sort -u > "$out/names.txt"

say "factors: with $fewest points or more, and a motif"
files=()
for file in "$data"/chexmix_peaks/*.bed; do
    if [ "$(wc -l < "$file")" -ge "$fewest" ] && grep -qix -- "$(basename "$file" .bed)" "$out/names.txt"; then
        files+=("$file")
    fi
done
echo "${#files[@]} factors" >&2

say "label: windows of 200 bases, as many GC-matched negatives"
seqnet label "${files[@]}" --genome "$genome" --width 200 --valid-chroms chrVII \
    --test-chroms chrIV,chrXII -o "$out/regions.bed"

say "train: the default network with the motifs of the collections"
seqnet train cnn --regions "$out/regions.bed" --genome "$genome" --motifs "$out/collection.jaspar" \
    ${EPOCHS:+--epochs "$EPOCHS"} -t "$threads" -o "$out/cnn.safetensors"

say "predict: the genome in tiles of 50 bases, a track per factor"
seqnet predict "$out/cnn.safetensors" --genome "$genome" --chroms "$chroms" --tile 50 -t "$threads" \
    -o "$out/tracks/{task}.bw"

say "baseline: the best window under each factor's own motif"
factors=$(for file in "${files[@]}"; do basename "$file" .bed; done | paste -s -d ' ' -)
awk -v factors="$factors" '
    BEGIN { n = split(toupper(factors), name, " "); for (i = 1; i <= n; i++) wanted[name[i]] = 1 }
    /^>/ {
        keep = 0
        n = split(toupper($2 == "" ? substr($1, 2) : $2), part, "::")
        for (i = 1; i <= n; i++)
            if (wanted[part[i]]) { wanted[part[i]] = 0; $0 = ">" part[i]; keep = 1; break }
    }
    keep' "$out/collection.jaspar" > "$out/own.jaspar"
# motifs as short as CCAAT cannot reach the default of 1e-4, and would be left out
seqnet scan "$out/own.jaspar" --genome "$genome" --regions "$out/regions.bed" --background "from:$genome" \
    --per-sequence --p-value 0.01 -t "$threads" -q |
    awk -F '\t' -v OFS='\t' -v factors="$factors" '
        BEGIN {
            n = split(factors, task, " ")
            printf "#name"
            for (i = 1; i <= n; i++) { printf "\t%s", task[i]; column[toupper(task[i])] = i }
            print ""
        }
        /^#/ { next }
        !($1 in seen) { seen[$1]; row[++rows] = $1 }
        { score[$1, column[$2]] = $3 }
        END {
            for (r = 1; r <= rows; r++) {
                printf "%s", row[r]
                for (i = 1; i <= n; i++) printf "\t%s", (row[r], i) in score ? score[row[r], i] : "."
                print ""
            }
        }' > "$out/motifs.tsv"

say "evaluate: the held-out chromosomes, their rows and all their tiles"
seqnet evaluate --model "$out/cnn.safetensors" --regions "$out/regions.bed" --genome "$genome" \
    --baseline "own motif=$out/motifs.tsv" --block-size 50000 --intervals tasks -t "$threads" \
    --tiles "$out/tracks/{task}.bw" --peaks "$data/chexmix_peaks/{task}.bed" --peak-width 100 --tile 50 \
    --title "Yeast factors" --report "$out/report.html" --json "$out/metrics.json" --mqc "$out/yeast" \
    -o "$out/metrics.tsv"
