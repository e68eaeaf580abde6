#!/usr/bin/env bash
# Which known motif is the most enriched around the ChIP-exo peaks of each yeast factor?
# Usage: enrich_yeast.sh YEAST_FOLDER JASPAR.transfac.gz OUTPUT
#   YEAST_FOLDER  holds sacCer3.fa.gz, chexmix_peaks/*.bed and motifs/ (MacIsaac, UniPROBE)
#   JASPAR        a release in TRANSFAC format; its fungal motifs are used
# Environment: FACTORS (all with a motif and at least 10 peaks), WIDTH (80), SHIFT (300), THREADS (1)
#
# Positives are windows of WIDTH bases around the peak points, negatives windows of the same width
# SHIFT bases to either side. The table tells, per factor, the peaks, the motif of the smallest p-value
# with its p and q, and the rank and p of the first motif of the factor's own name.
set -euo pipefail

data=$1
jaspar=$2
out=$3
width=${WIDTH:-80}
shift_by=${SHIFT:-300}
threads=${THREADS:-1}
genome=$data/sacCer3.fa.gz
mkdir -p "$out"

# the collection: JASPAR's format, so that files can be put one after another
gzip -dc "$jaspar" | awk 'BEGIN { RS = ORS = "//\n" } /tax_group:fungi/' > "$out/fungi.transfac"
{
    seqnet convert "$data/motifs/macisaac_yeast.v1.meme" --to jaspar -q
    seqnet convert "$data/motifs/yeast_uniprobe_GR09.meme" --to jaspar -q
    seqnet convert "$out/fungi.transfac" --to jaspar -q
} > "$out/collection.jaspar"
seqnet background "$genome" --symmetric -o "$out/genome.bg"

# the factors: peak files named like a motif
awk '/^>/ { print toupper($2 == "" ? substr($1, 2) : $2) }' "$out/collection.jaspar" |
    awk '{ n = split($1, part, "::"); for (i = 1; i <= n; i++) print part[i] }' |
    sort -u > "$out/names.txt"
if [ -z "${FACTORS:-}" ]; then
    FACTORS=
    for file in "$data"/chexmix_peaks/*.bed; do
        name=$(basename "$file" .bed)
        if [ "$(wc -l < "$file")" -ge 10 ] && grep -qix -- "$name" "$out/names.txt"; then
            FACTORS="$FACTORS $name"
        fi
    done
fi

printf '#factor\tpeaks\tfirst_motif\tp_value\tq_value\town_rank\town_p_value\n' > "$out/summary.tsv"
for factor in $FACTORS; do
    peaks=$data/chexmix_peaks/$factor.bed
    awk -v OFS='\t' -v by="$shift_by" '{ print $1, $2 - by, $3 - by; print $1, $2 + by, $3 + by }' \
        "$peaks" > "$out/$factor.flanks.bed"
    seqnet enrich "$out/collection.jaspar" --genome "$genome" --background "$out/genome.bg" \
        --regions "$peaks" --against-regions "$out/$factor.flanks.bed" --width "$width" --on-bad skip \
        -t "$threads" -q -o "$out/$factor.tsv"
    awk -F '\t' -v OFS='\t' -v factor="$factor" -v peaks="$(wc -l < "$peaks")" '
        /^#/ { next }
        {
            rank++
            name = toupper($2 == "." ? $1 : $2)
            if (rank == 1) first = name OFS $9 OFS $10
            n = split(name, part, "::")
            for (i = 1; i <= n; i++)
                if (!own && part[i] == toupper(factor)) own = rank OFS $9
        }
        END { print factor, peaks + 0, first, own ? own : "." OFS "." }
    ' "$out/$factor.tsv" | tee -a "$out/summary.tsv"
done
awk -F '\t' '!/^#/ { n++; first += $6 == 1 } END { print first + 0, "of", n, "factors: their own motif first" }' \
    "$out/summary.tsv" >&2
