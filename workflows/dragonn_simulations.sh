#!/usr/bin/env bash
# The simulations of the DragoNN tutorials, and how well a scan with the true motif tells them apart.
# Usage: dragonn_simulations.sh MOTIFS OUTPUT
#   MOTIFS  the ENCODE motifs (Kheradpour and Kellis), with TAL1_known4, CTCF_known1, ZNF143_known2 and
#           SIX5_known1, whose names can be changed by MOTIF_NAMES
# Environment: COUNT (10000 of each class), SEED (0), MOTIF_NAMES
#
# 500 bases, GC content 0.4. Sets: one site against none, for each motif; for the first motif also
# counting (2-4 sites against 1) and, of 1000 bases, localization (2-4 sites within the central 150
# against anywhere). OUTPUT/summary.tsv has, for each, the auROC on the test split of the best score and
# of the number of hits (p-value 1e-4) of each sequence, for localization also of its central 150 bases
# alone.
set -euo pipefail

motifs=$1
out=$2
count=${COUNT:-10000}
names=${MOTIF_NAMES:-TAL1_known4 CTCF_known1 ZNF143_known2 SIX5_known1}
first=${names%% *}
mkdir -p "$out"

simulate() { # GRAMMAR SET MOTIF [OPTIONS...]: sequences, labels with a task of the motif's name, sites
    local grammar=$1 set=$2 motif=$3
    shift 3
    seqnet simulate "$grammar" "$motifs" --motif "$motif" --gc 0.4 --positives "$count" \
        --negatives "$count" --valid-fraction 0.1 --test-fraction 0.1 --seed "${SEED:-0}" "$@" -q \
        --labels-out "$out/$set.bed" --truth "$out/$set.sites.bed" -o "$out/$set.fa"
}

auroc() { # TABLE COLUMN LABELS: auROC on the test split of a column of a scan's table
    awk -F '\t' -v OFS='\t' -v column="$2" '
        /^##/ { next }
        /^#/ { sub(/^#/, ""); for (i = 1; i <= NF; i++) place[$i] = i; next }
        !named { named = 1; print "name", $place["motif"] }
        { print $place["name"], $place[column] }
    ' "$1" | seqnet evaluate - --labels "$3" --split test -q | awk -F '\t' '
        /^#?task/ { for (i = 1; i <= NF; i++) if ($i == "auroc") column = i; next }
        column { print $column }'
}

score() { # ROW SET MOTIF SEQUENCES...: scan with the motif itself
    local row=$1 set=$2 motif=$3 best hits
    shift 3
    seqnet scan "$motifs" "$@" --motif "$motif" --background 0.3,0.2,0.2,0.3 --pseudocount 0.1 \
        --per-sequence -q -o "$out/$row.best.tsv"
    best=$(auroc "$out/$row.best.tsv" best_score "$out/$set.bed")
    hits=$(auroc "$out/$row.best.tsv" hits "$out/$set.bed")
    printf '%s\t%s\t%s\t%s\n' "$row" "$motif" "$best" "$hits" | tee -a "$out/summary.tsv"
}

printf '#set\tmotif\tbest_score_auroc\thits_auroc\n' | tee "$out/summary.tsv"
for motif in $names; do
    simulate single "single_$motif" "$motif" --length 500
    score "single_$motif" "single_$motif" "$motif" "$out/single_$motif.fa"
done
simulate density counting "$first" --length 500 --copies 2-4 --negative-copies 1
score counting counting "$first" "$out/counting.fa"
simulate localization localization "$first" --length 1000 --copies 2-4 --center 150
score localization localization "$first" "$out/localization.fa"
grep -v '^#' "$out/localization.bed" | awk -v OFS='\t' '{ print $1, 425, 575, $4 }' > "$out/centers.bed"
score localization_centers localization "$first" --genome "$out/localization.fa" --regions "$out/centers.bed"
