#include "border.h"

#include <math.h>

#include "../windows.h"

/* Whether scores holds rows of four that the kernels take; sets the error if not. */
static int holds_motif(const Py_buffer *scores, struct seqnet_motif *motif) {
    const Py_ssize_t row = 4 * sizeof(double), width = scores->len / row;
    *motif = (struct seqnet_motif){.scores = scores->buf, .width = width};
    if (!seqnet_require(width && scores->len % row == 0, "scores must hold at least one row of four")) return 0;
    int good = 1;
    for (Py_ssize_t i = 0; i < 4 * width; i++)
        good &= fabs(motif->scores[i]) <= 1e100 || motif->scores[i] == -INFINITY;
    return seqnet_require(good, "scores must be at most 1e100 in size, or -inf");
}

/* Fill out, which holds doubles or floats, as its size says. */
PyObject *seqnet_border_track(const struct call *c) {
    enum { CODES, SCORES, OUT };
    struct seqnet_motif motif;
    if (!holds_motif(&c->b[SCORES], &motif) ||
        !seqnet_require(c->n[0] >= -1 && c->n[0] <= 1, "strand must be -1, 0 or 1"))
        return NULL;
    const int strand = (int)c->n[0], narrow = c->b[OUT].itemsize == sizeof(float);
    const size_t length = c->b[CODES].len, windows = length < motif.width ? 0 : length - motif.width + 1;
    if (!seqnet_holds(&c->b[OUT], windows, narrow ? sizeof(float) : sizeof(double), "out")) return NULL;
    int failed;
    WITHOUT_GIL(failed = narrow ? seqnet_track_float(c->p[CODES], length, motif, strand, c->p[OUT])
                                : seqnet_track(c->p[CODES], length, motif, strand, c->p[OUT]));
    return seqnet_none_unless(failed);
}

PyObject *seqnet_border_summarise(const struct call *c) {
    enum { CODES, OFFSETS, SCORES, THRESHOLDS, START, STRAND, SCORE, HITS, TOTAL };
    const Py_ssize_t n = c->counts['n'];
    const double *thresholds = c->p[THRESHOLDS];
    struct seqnet_motif motif;
    if (!holds_motif(&c->b[SCORES], &motif) || !seqnet_ascend(c->p[OFFSETS], n, c->b[CODES].len) ||
        !seqnet_require(!isnan(thresholds[0]) && !isnan(thresholds[1]), "thresholds must not be NaN"))
        return NULL;
    const enum seqnet_strand strand = c->n[0] > 0 ? SEQNET_PLUS : c->n[0] < 0 ? SEQNET_MINUS : SEQNET_HIGHER;
    const struct seqnet_summaries out = {c->p[START], c->p[STRAND], c->p[SCORE], c->p[HITS], c->p[TOTAL]};
    int failed;
    WITHOUT_GIL(failed = seqnet_summarise(c->p[CODES], c->p[OFFSETS], n, motif, strand, thresholds, out));
    return seqnet_none_unless(failed);
}
