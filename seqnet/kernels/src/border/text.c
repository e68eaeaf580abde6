#include "border.h"

#include <math.h>
#include <stdlib.h>

#include "../text.h"

enum {
    SEQUENCE, CODES, START, MOTIF, STRAND, LEVEL, SCORE, P_VALUE, NAMES, NAME_ENDS, ALTERNATES, ALTERNATE_ENDS,
    WIDTHS
};

/* Whether ends ascend within the bytes; sets the error if not. */
static int texts_fit(const int64_t *ends, Py_ssize_t motifs, Py_ssize_t size) {
    int64_t last = 0;
    for (Py_ssize_t motif = 0; motif < motifs; last = ends[motif++]) {
        if (ends[motif] >= last && ends[motif] <= size) continue;
        seqnet_refuse("ends must ascend within the texts");
        return 0;
    }
    return 1;
}

/* Whether every hit is one of a known motif, within the codes, with numbers that can be written; sets
 * the error if not. The comparisons are false for NaN. */
static int hits_fit(const struct hit_columns *hits, Py_ssize_t motifs, Py_ssize_t length) {
    for (size_t i = 0; i < hits->count; i++) {
        const int32_t motif = hits->motif[i];
        if (motif < 0 || motif >= motifs || hits->widths[motif] < 0 || hits->widths[motif] > length ||
            hits->start[i] < 0 || hits->start[i] > length - hits->widths[motif]) {
            seqnet_refuse("hits must be of known motifs and lie within the codes");
            return 0;
        }
        if (!(fabs(hits->score[i]) < SEQNET_FIXED_LIMIT) ||
            !(fabs(hits->p_value[i]) < SEQNET_GENERAL_LIMIT)) {
            seqnet_refuse("scores or p-values are too large to be written here");
            return 0;
        }
    }
    return 1;
}

/* Whether the columns are of one length and the motifs' tables of another; sets the error if not. */
static int line_sizes_fit(const Py_buffer *b, Py_ssize_t n, Py_ssize_t motifs) {
    const Py_ssize_t size = sizeof(int64_t);
    return seqnet_holds(&b[START], n, size, "start") && seqnet_holds(&b[MOTIF], n, sizeof(int32_t), "motif") &&
           seqnet_holds(&b[STRAND], n, 1, "strand") && seqnet_holds(&b[LEVEL], n, size, "level") &&
           seqnet_holds(&b[SCORE], n, size, "score") && seqnet_holds(&b[P_VALUE], n, size, "p_value") &&
           seqnet_holds(&b[NAME_ENDS], motifs, size, "name_ends") &&
           seqnet_holds(&b[ALTERNATE_ENDS], motifs, size, "alternate_ends") &&
           seqnet_holds(&b[WIDTHS], motifs, size, "widths") &&
           texts_fit(b[NAME_ENDS].buf, motifs, b[NAMES].len) &&
           texts_fit(b[ALTERNATE_ENDS].buf, motifs, b[ALTERNATES].len);
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

PyDoc_STRVAR(hit_lines_doc,
             "hit_lines(sequence, shift, codes, start, motif, strand, level, score, p_value, names,\n"
             "          name_ends, alternates, alternate_ends, widths) -> bytes");

static PyObject *hit_lines(const struct call *c) {
    const Py_buffer *b = c->b;
    const int64_t shift = c->n[0];
    const Py_ssize_t n = items(&b[START], sizeof(int64_t)), motifs = items(&b[WIDTHS], sizeof(int64_t));
    if (!line_sizes_fit(b, n, motifs)) return NULL;
    if (shift < -INT64_MAX / 4 || shift > INT64_MAX / 4) return seqnet_refuse("shift is too large");
    const struct hit_columns hits = {
        b[SEQUENCE].buf, (size_t)b[SEQUENCE].len, shift, b[CODES].buf, b[START].buf,
        b[MOTIF].buf, b[STRAND].buf, b[LEVEL].buf, b[SCORE].buf, b[P_VALUE].buf,
        (size_t)n, {b[NAMES].buf, b[NAME_ENDS].buf},
        {b[ALTERNATES].buf, b[ALTERNATE_ENDS].buf}, b[WIDTHS].buf};
    if (!hits_fit(&hits, motifs, b[CODES].len)) return NULL;
    char *out = text_room(seqnet_hit_lines_size(&hits));
    if (!out) return NULL;
    size_t written;
    Py_BEGIN_ALLOW_THREADS
    written = seqnet_hit_lines(&hits, out);
    Py_END_ALLOW_THREADS
    return text_of(out, written);
}

PyDoc_STRVAR(write_numbers_doc, "write_numbers(values, general) -> bytes\n\n"
                                "A line for each double: %.6g where general is true, else %.6f.");

static PyObject *write_numbers(const struct call *c) {
    enum { LONGEST = 24 };
    const double *values = c->b[0].buf;
    const Py_ssize_t n = items(&c->b[0], sizeof(double));
    const int general = (int)c->n[0];
    if (!seqnet_holds(&c->b[0], n, sizeof(double), "values")) return NULL;
    for (Py_ssize_t i = 0; i < n; i++) /* the comparison is false for NaN */
        if (!(fabs(values[i]) < (general ? SEQNET_GENERAL_LIMIT : SEQNET_FIXED_LIMIT)))
            return seqnet_refuse("a value is too large to be written here");
    char *begin = text_room((size_t)n * LONGEST), *out = begin;
    if (!begin) return NULL;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < n; i++) {
        out = general ? seqnet_general(out, values[i]) : seqnet_fixed(out, values[i]);
        *out++ = '\n';
    }
    Py_END_ALLOW_THREADS
    return text_of(begin, (size_t)(out - begin));
}

struct function seqnet_border_text[] = {
    FUNCTION(hit_lines, "rnrrrrrrrrrrrr"),
    FUNCTION(write_numbers, "rt"),
    END_OF_FUNCTIONS,
};
