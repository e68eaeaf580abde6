"""Longer command lines that work, to which the grammar of mistakes is applied: `mistakes` runs them.

Each row is what follows the command's name. ``@NAME`` is a prepared input; other names are written into the
folder that a line runs in.
"""

PLACES = "--regions @small.bed --genome @genome.fa -t 1"

BEGINNINGS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("build-pwm",): (
        "@peaks.narrowPeak --genome @genome.fa --width 40 --seed TTACCCG -o m.meme --sites-out s.fa --logo l.svg",
        "@sites.fa --weights @weights.tsv --to json --ambiguous fraction",
    ),
    ("pssm",): (
        "@motifs.jaspar --background 0.3,0.2,0.2,0.3 --pseudocount 0.5 -o p.pssm --thresholds t.tsv",
        "@motifs.jaspar --motif REB1 --thresholds t.tsv --p-values 1e-3,1e-4 --exact --strands forward",
    ),
    ("scan",): (
        "@motifs.jaspar @head.fa --best --strands reverse --to gff3",
        "@motifs.jaspar --regions @small.bed --genome @genome.fa --q-value 0.5 --overlaps best-strand",
        "@motifs.jaspar @small.fa --per-sequence --matrix -o s.tsv",
        "@reb1.pssm @head.fa --track t.bw --track-min 0 --rectify",
        "@motifs.jaspar @head.fa --hits-per-mb 100 --top 5 --tests t.tsv -o h.bed.gz --index",
    ),
    ("kmer-featurize",): (
        "--regions @peaks.narrowPeak --genome @genome.fa --width 60 --center summit -k 2 -k 3 --gapped -o k.npz",
        "@sites.fa --pattern 1101 --hash 6 --normalize log --strands forward",
        "@sites.fa --like @k.npz",
    ),
    ("train", "linear"): (
        f"{PLACES} -k 3 --strength 1 --loss hinge -o l.safetensors",
        f"{PLACES} --motifs @motifs.jaspar -o l.safetensors --metrics m.tsv --json m.json",
        "--table @numbers.csv --sequence-column seq --target y --valid-fraction 0.2 -k 2 -t 1 -o l.safetensors",
        "--positives @sites.fa --negatives shuffle --valid-fraction 0.2 -k 2 -t 1 -o l.safetensors",
    ),
    ("train", "dense"): (
        f"{PLACES} -k 2 --hidden 4 --epochs 1 --ensemble 2 -o d.safetensors",
        f"{PLACES} -k 2 --signal @track.bw --hidden 4 --epochs 1 -o d.safetensors --cache-dir cache",
    ),
    ("train", "cnn"): (
        f"{PLACES} --layers 'conv 2x5, relu, global_pool max' --motifs @motifs.jaspar --epochs 1 -o c.safetensors",
        f"{PLACES} --preset lecture --checkpoint-dir run --checkpoint-every 1 --epochs 1 -o c.safetensors",
        f"{PLACES} --preset lecture --signal @track.bw --towers --epochs 1 -o c.safetensors --cache-dir cache",
        "--table @numbers.csv --sequence-column seq --target y --preset lecture --epochs 1 --task-type regression "
        "--target-scale z --no-kmer-term --valid-fraction 0.2 -t 1 -o c.safetensors",
    ),
    ("train", "denoise"): (
        "--signal @track.bw --target-track deep=@track.bw --valid-chroms chr3 --bin 100 --window 20 --preset coda "
        "--epochs 1 -t 1 -o n.safetensors",
    ),
    ("predict",): (
        "@cnn.safetensors --genome @genome.fa --tile 500 --chroms chr4 -t 1 -o t.{task}.bw",
        "@cnn.safetensors --genome @genome.fa --tile 500 --chroms chr4 -t 1 -o t.bed.gz --resume --work-dir parts",
        "@linear.safetensors --features @k.npz --prior 0.01 -t 1",
        "@cnn.safetensors --sequences @small.fa -t 1 --precision float32",
        f"@motif.safetensors {PLACES} --missing gap",
    ),
    ("evaluate",): (
        "@pred.bed --labels @regions.bed -o e.tsv --json e.json --report e.html --mqc e --baseline b=@pred.bed",
        f"--model @cnn.safetensors --model @linear.safetensors {PLACES} --split all --report e.html",
        "@pred.bed --labels @regions.bed --tiles @tiles.{task}.bw --tile 500 --peaks @peaks.narrowPeak",
        "@pred.bed --labels @regions.bed --report e.html --patterns @patterns.json --title T",
        "--compare @evaluated.json @evaluated.json",
        "--compare @cnn.json @evaluated.json",
    ),
    ("explain",): (
        f"@cnn.safetensors {PLACES} --task REB1 --max-rows 2 --method ism -o a.bw -o a.npz -o a.svg --rows top:1",
        f"@cnn.safetensors {PLACES} --task REB1 --filters f.meme --motifs @motifs.jaspar --report r.html "
        "--max-rows 3 --shuffles 1",
        f"@motif.safetensors {PLACES} --rows top:2 --task REB1 --central 20",
        "@cnn.safetensors @small.fa --references @small.fa --rows all --max-rows 2 --task CTCF -t 1",
    ),
    ("discover",): (
        "--attributions @attributions.npz --min-seqlets 2 --fdr 1 --motifs @motifs.jaspar -o p.meme -t 1",
        "--attributions @attributions.npz --onehot @attributions.onehot.npz --fdr 1 --min-seqlets 2 -t 1",
        f"@linear.safetensors {PLACES} --task REB1 --shuffles 1 --min-seqlets 3 --fdr 1 --motifs @motifs.jaspar "
        "-o p.meme --seqlets s.bed --hits h.bed --report r.html --json p.json",
        f"@motif.safetensors {PLACES} --task REB1 --shuffles 1 --min-seqlets 3 --fdr 1",
    ),
    ("perturb",): (
        f"@cnn.safetensors {PLACES} --insert @motifs.jaspar --pair REB1,CTCF --distance 0-3 --max-regions 3 "
        "-o p.tsv --plot p.svg",
        f"@linear.safetensors {PLACES} --ablate @hits.bed --shuffles 1 --max-regions 3 --task REB1",
        f"@motif.safetensors {PLACES} --insert @motifs.jaspar --motif REB1 --keep-regions --max-regions 3",
    ),
    ("variants",): (
        "@cnn.safetensors @calls.vcf --genome @genome.fa --motifs @motifs.jaspar --motif-p 0.01 --null 3 -t 1",
        "@cnn.safetensors @linear.safetensors @calls.vcf --genome @genome.fa --shifts -2,0,2 -t 1 -o v.tsv",
        "@reb1.pssm @calls.vcf --genome @genome.fa -o v.vcf.gz --index",
        "@motif.safetensors --saturation --regions @few.bed --genome @genome.fa -t 1",
        "@cnn.safetensors @phased.vcf --haplotypes all --regions @few.bed --genome @genome.fa -t 1",
        "@linear.safetensors @calls.vcf --genome @genome.fa --targets @small.bed --normalize --on-mismatch flag "
        "--resume --work-dir parts -o v.bcf -t 1",
    ),
    ("background",): ("@head.fa --order 2 --symmetric --pseudocount 1 --soft-mask mask",),
    ("convert",): (
        "@motifs.jaspar --to meme --to transfac -o m.{format} --on-duplicate rename",
        "@motifs.jaspar @reb1.meme --trim 0.3 --reverse-complement --on-bad skip --on-duplicate rename",
    ),
    ("merge-hits",): ("@scanned.bed --tests @scanned.tests.tsv --q-value 0.5 -o m.bed.gz --index",),
    ("coverage",): (
        "@peaks.narrowPeak --genome @genome.fa --count cuts --shift 4,-5 --bin 20 --normalize cpm -o c.bw",
        "@peaks.narrowPeak --genome @genome.fa --count fragments --extend 200 --subsample 0.5 -t 1",
    ),
    ("label",): (
        "--samples @samples.tsv --genome @genome.fa --width 100 --valid-fraction 0.1 --test-fraction 0.1",
        "@peaks.narrowPeak --genome @genome.fa --bins 200 --step 100 --min-overlap 0.5 --negatives 2",
        "@peaks.narrowPeak --genome @genome.fa --width 100 --signal x=@track.bw --dropped d.tsv -o r.bed "
        "--blacklist @few.bed --split-blocks 20000 --valid-fraction 0.2",
    ),
    ("negatives",): (
        "@sites.fa --shuffle dinucleotide --ratio 2 --labels-out l.bed -o n.fa",
        "@peaks.narrowPeak --genome @genome.fa --width 100 --exclude @few.bed --margin 10 --only",
    ),
    ("simulate", "single"): ("@motifs.jaspar --motif CTCF --positives 5 --negatives 5 --length 60 --gc 0.4 "
                             "--labels-out l.bed --truth t.bed -o s.fa",),
    ("simulate", "density"): ("@motifs.jaspar --motif CTCF --positives 5 --negatives 5 --length 200",),
    ("simulate", "genome"): ("@motifs.jaspar --motif CTCF --contig c=30000 --bound 5 --unbound 5 -o g.fa "
                             "--peaks-out p.narrowPeak --signal-out s.bw --sites-out s.fa --truth t.bed",),
    ("logo",): ("@motifs.jaspar --height probability --scale 2 --columns 2 -o l.png",),
    ("compare",): ("@reb1.meme @motifs.jaspar --distance euclidean --min-overlap 4 --q-value 1 --top 2",),
    ("enrich",): (
        "@motifs.jaspar --regions @peaks.narrowPeak --genome @genome.fa --width 60 --against-regions @small.bed",
        "@motifs.jaspar @small.fa --strands both --sort-by motif --score 5 -t 1",
    ),
    ("check",): ("@small.bed --genome @genome.fa --signal x=@track.bw --motifs @motifs.jaspar --predictions @pred.bed "
                 "-o c.tsv --json c.json",),
    ("show",): ("@linear.safetensors --coefficients", "@motif.safetensors", "@track.bw", "@patterns.json",
                "@evaluated.json"),
}  # fmt: skip


PREPARING = (
    "train linear --regions @small.bed --genome @genome.fa --motifs @motifs.jaspar -t 1 -q -o @motif.safetensors",
    "explain @linear.safetensors --regions @regions.bed --genome @genome.fa --task REB1 --max-rows 60 --shuffles 1 "
    "-t 1 -q -o @attributions.npz",
    "discover @linear.safetensors --regions @regions.bed --genome @genome.fa --task REB1 --shuffles 1 -t 1 -q "
    "--min-seqlets 5 --fdr 1 --json @patterns.json -o @patterns.meme",
    "predict @cnn.safetensors --genome @genome.fa --tile 500 -t 1 -q -o @tiles.{task}.bw",
    "scan @motifs.jaspar @genome.fa -q -o @scanned.bed --tests @scanned.tests.tsv",
    "evaluate @pred.bed --labels @regions.bed -q --json @evaluated.json -o @evaluated.tsv",
)
"""Command lines that make inputs of others, in order."""
PREPARED = ("motif.safetensors", "attributions.npz", "attributions.onehot.npz", "patterns.json", "tiles.REB1.bw",
            "scanned.bed", "scanned.tests.tsv", "evaluated.json", "calls.vcf", "phased.vcf", "samples.tsv",
            "few.bed", "small.fa", "weights.tsv", "numbers.csv")  # fmt: skip
"""Files of these, which swap places with others too."""
