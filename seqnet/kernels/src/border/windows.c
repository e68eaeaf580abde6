#include "border.h"

#include <math.h>

#include "../windows.h"

/* Whether scores holds rows of four that the kernels take; sets the error if not. */
static int holds_motif(const Py_buffer *scores, struct seqnet_motif *motif) {
    const Py_ssize_t row = 4 * sizeof(double);
    if (scores->len < row || scores->len % row) {
        seqnet_refuse("scores must hold at least one row of four");
        return 0;
    }
    *motif = (struct seqnet_motif){.scores = scores->buf, .width = (size_t)(scores->len / row)};
    for (size_t i = 0; i < 4 * motif->width; i++) {
        const double score = motif->scores[i];
        if (fabs(score) <= 1e100 || score == -INFINITY) continue;
        seqnet_refuse("scores must be at most 1e100 in size, or -inf");
        return 0;
    }
    return 1;
}

PyDoc_STRVAR(track_doc, "track(codes, scores, strand, out) -> None\n\n"
                        "out holds doubles or floats, as its size says.");

static PyObject *track(const struct call *c) {
    const Py_buffer *codes = &c->b[0], *scores = &c->b[1], *out = &c->b[2];
    struct seqnet_motif motif;
    if (!holds_motif(scores, &motif)) return NULL;
    if (c->n[0] < -1 || c->n[0] > 1) return seqnet_refuse("strand must be -1, 0 or 1");
    const int strand = (int)c->n[0], narrow = out->itemsize == sizeof(float);
    const size_t length = (size_t)codes->len;
    const Py_ssize_t windows = length < motif.width ? 0 : (Py_ssize_t)(length - motif.width + 1);
    if (!seqnet_holds(out, windows, narrow ? sizeof(float) : sizeof(double), "out")) return NULL;
    int failed;
    Py_BEGIN_ALLOW_THREADS
    failed = narrow ? seqnet_track_float(codes->buf, length, motif, strand, out->buf)
                    : seqnet_track(codes->buf, length, motif, strand, out->buf);
    Py_END_ALLOW_THREADS
    return seqnet_none_unless(failed);
}

PyDoc_STRVAR(summarise_doc, "summarise(codes, offsets, scores, thresholds, sign, start, strand, "
                            "score, hits, total) -> None");

static PyObject *summarise(const struct call *c) {
    enum { CODES, OFFSETS, SCORES, THRESHOLDS, START, STRAND, SCORE, HITS, TOTAL };
    const Py_buffer *b = c->b;
    const Py_ssize_t n = items(&b[OFFSETS], sizeof(int64_t)) - 1, size = sizeof(double);
    struct seqnet_motif motif;
    if (n < 0) return seqnet_refuse("offsets must hold at least one value");
    if (!seqnet_holds(&b[OFFSETS], n + 1, size, "offsets") || !holds_motif(&b[SCORES], &motif) ||
        !seqnet_holds(&b[THRESHOLDS], 2, size, "thresholds") || !seqnet_holds(&b[START], n, size, "start") ||
        !seqnet_holds(&b[STRAND], n, 1, "strand") || !seqnet_holds(&b[SCORE], n, size, "score") ||
        !seqnet_holds(&b[HITS], n, size, "hits") || !seqnet_holds(&b[TOTAL], n, size, "total") ||
        !seqnet_ascend(b[OFFSETS].buf, n, b[CODES].len))
        return NULL;
    const double *thresholds = b[THRESHOLDS].buf;
    if (isnan(thresholds[0]) || isnan(thresholds[1])) return seqnet_refuse("thresholds must not be NaN");
    const enum seqnet_strand strand = c->n[0] > 0 ? SEQNET_PLUS : c->n[0] < 0 ? SEQNET_MINUS : SEQNET_HIGHER;
    const struct seqnet_summaries out = {b[START].buf, b[STRAND].buf, b[SCORE].buf, b[HITS].buf, b[TOTAL].buf};
    int failed;
    Py_BEGIN_ALLOW_THREADS
    failed = seqnet_summarise(b[CODES].buf, b[OFFSETS].buf, (size_t)n, motif, strand, thresholds, out);
    Py_END_ALLOW_THREADS
    return seqnet_none_unless(failed);
}

struct function seqnet_border_windows[] = {
    FUNCTION(track, "rrnw"),
    FUNCTION(summarise, "rrrrnwwwww"),
    END_OF_FUNCTIONS,
};
