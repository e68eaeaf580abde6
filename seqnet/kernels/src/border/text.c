#include "border.h"

#include <math.h>
#include <stdlib.h>

#include "../text.h"

enum {
    SEQUENCE, CODES, START, MOTIF, STRAND, LEVEL, SCORE, P_VALUE, NAMES, NAME_ENDS, ALTERNATES, ALTERNATE_ENDS,
    WIDTHS
};

/* Whether ends ascend within the bytes; sets the error if not. */
static int texts_fit(const struct call *c, int ends, int bytes) {
    const int64_t *end = c->p[ends];
    int64_t last = 0;
    int good = 1;
    for (Py_ssize_t motif = 0; motif < c->counts['m']; last = end[motif++])
        good &= end[motif] >= last && end[motif] <= c->b[bytes].len;
    return seqnet_require(good, "ends must ascend within the texts");
}

/* Whether every hit is one of a known motif, within the codes, with numbers that can be written; sets
 * the error if not. The comparisons are false for NaN. */
static int hits_fit(const struct hit_columns *hits, Py_ssize_t motifs, Py_ssize_t length) {
    int known = 1, small = 1;
    for (size_t i = 0; i < hits->count && known; i++) {
        const int32_t motif = hits->motif[i];
        known = motif >= 0 && motif < motifs && hits->widths[motif] >= 0 && hits->widths[motif] <= length &&
                hits->start[i] >= 0 && hits->start[i] <= length - hits->widths[motif];
        small &= fabs(hits->score[i]) < SEQNET_FIXED_LIMIT && fabs(hits->p_value[i]) < SEQNET_GENERAL_LIMIT;
    }
    return seqnet_require(known, "hits must be of known motifs and lie within the codes") &&
           seqnet_require(small, "scores or p-values are too large to be written here");
}

/* Text of which at most so many bytes will be needed; the limited API cannot shrink a bytes object. */
static char *text_room(size_t most) {
    char *room = malloc(most ? most : 1);
    if (!room) PyErr_NoMemory();
    return room;
}

/* The text as bytes; its room is given back. */
static PyObject *text_of(char *room, size_t written) {
    PyObject *bytes = PyBytes_FromStringAndSize(room, (Py_ssize_t)written);
    free(room);
    return bytes;
}

PyObject *seqnet_border_hit_lines(const struct call *c) {
    const int64_t shift = c->n[0];
    const struct hit_columns hits = {
        c->p[SEQUENCE], c->b[SEQUENCE].len, shift, c->p[CODES], c->p[START], c->p[MOTIF], c->p[STRAND],
        c->p[LEVEL], c->p[SCORE], c->p[P_VALUE], c->counts['n'], {c->p[NAMES], c->p[NAME_ENDS]},
        {c->p[ALTERNATES], c->p[ALTERNATE_ENDS]}, c->p[WIDTHS]};
    if (!texts_fit(c, NAME_ENDS, NAMES) || !texts_fit(c, ALTERNATE_ENDS, ALTERNATES) ||
        !seqnet_require(shift >= -INT64_MAX / 4 && shift <= INT64_MAX / 4, "shift is too large") ||
        !hits_fit(&hits, c->counts['m'], c->b[CODES].len))
        return NULL;
    char *out = text_room(seqnet_hit_lines_size(&hits));
    if (!out) return NULL;
    size_t written;
    WITHOUT_GIL(written = seqnet_hit_lines(&hits, out));
    return text_of(out, written);
}

/* A line for each double: %.6g where general is true, else %.6f. */
PyObject *seqnet_border_write_numbers(const struct call *c) {
    enum { LONGEST = 24 };
    const double *values = c->p[0];
    const Py_ssize_t n = c->counts['n'], general = c->n[0];
    const double limit = general ? SEQNET_GENERAL_LIMIT : SEQNET_FIXED_LIMIT;
    int small = 1;
    for (Py_ssize_t i = 0; i < n; i++) small &= fabs(values[i]) < limit; /* false for NaN */
    if (!seqnet_require(small, "a value is too large to be written here")) return NULL;
    char *begin = text_room((size_t)n * LONGEST), *out = begin;
    if (!begin) return NULL;
    WITHOUT_GIL(for (Py_ssize_t i = 0; i < n; i++) {
        out = general ? seqnet_general(out, values[i]) : seqnet_fixed(out, values[i]);
        *out++ = '\n';
    });
    return text_of(begin, (size_t)(out - begin));
}
