/* The compiled kernels of seqnet, as one extension module on the limited Python API.
 *
 * This file is the border: it takes buffers, checks every size, releases the GIL and calls the
 * kernel. The kernels themselves know nothing of Python. Each has a numpy twin of the same
 * signature and the same results in the Python module of the same name. */
#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "fasta.h"
#include "gather.h"
#include "kmers.h"
#include "maxima.h"
#include "screen.h"
#include "shuffle.h"
#include "tails.h"
#include "text.h"
#include "windows.h"
#include "word_maxima.h"

static const char *const kind_names[SCREEN_KINDS] = {"c", "avx2", "avx512"};

PyDoc_STRVAR(kinds_doc, "kinds() -> names of the kinds of kernels that run here, in order of speed");

static PyObject *kinds(PyObject *module, PyObject *unused) {
    (void)module, (void)unused;
    PyObject *names = PyList_New(0);
    for (int kind = 0; names && kind < SCREEN_KINDS; kind++) {
        if (!seqnet_screen_supported((enum screen_kind)kind)) continue;
        PyObject *name = PyUnicode_FromString(kind_names[kind]);
        if (!name || PyList_Append(names, name) < 0) Py_CLEAR(names);
        Py_XDECREF(name);
    }
    return names;
}

/* The kind of that name that runs here, or SCREEN_KINDS with the error set. */
static enum screen_kind kind_named(const char *name) {
    for (int kind = 0; kind < SCREEN_KINDS; kind++)
        if (!strcmp(name, kind_names[kind]) && seqnet_screen_supported((enum screen_kind)kind))
            return (enum screen_kind)kind;
    PyErr_Format(PyExc_ValueError, "no kernels of the kind %s run here", name);
    return SCREEN_KINDS;
}

PyDoc_STRVAR(encode_doc,
             "encode(kind, data, table, out) -> (written, consumed, lines)\n\n"
             "Translate the bytes of data through the 256 entries of table into out, leaving out\n"
             "bytes that map to SKIP and stopping at one that maps to INVALID.");

static PyObject *encode(PyObject *module, PyObject *args) {
    Py_buffer data, table, out;
    const char *name;
    (void)module;
    if (!PyArg_ParseTuple(args, "sy*y*w*:encode", &name, &data, &table, &out)) return NULL;
    PyObject *result = NULL;
    const enum screen_kind kind = kind_named(name);
    if (kind == SCREEN_KINDS) {
        /* the error is set */
    } else if (table.len != 256) {
        PyErr_SetString(PyExc_ValueError, "table must hold 256 bytes");
    } else if (out.len < data.len) {
        PyErr_SetString(PyExc_ValueError, "out must be at least as long as data");
    } else {
        struct encoded done;
        Py_BEGIN_ALLOW_THREADS
        done = seqnet_encode(kind, data.buf, (size_t)data.len, table.buf, out.buf);
        Py_END_ALLOW_THREADS
        result = Py_BuildValue("nnn", (Py_ssize_t)done.written, (Py_ssize_t)done.consumed,
                               (Py_ssize_t)done.lines);
    }
    PyBuffer_Release(&data);
    PyBuffer_Release(&table);
    PyBuffer_Release(&out);
    return result;
}

/* Whether a buffer holds exactly count items of size bytes; sets the error if not. */
static int holds(const Py_buffer *buffer, Py_ssize_t count, Py_ssize_t size, const char *name) {
    if (buffer->len == count * size) return 1;
    PyErr_Format(PyExc_ValueError, "%s has %zd bytes; expected %zd", name, buffer->len, count * size);
    return 0;
}

PyDoc_STRVAR(encode_records_doc,
             "encode_records(kind, data, table, out, ends, names) -> (count, consumed, lines, named)\n\n"
             "Translate whole records of FASTA text, at most as many as ends has room for.");

static PyObject *encode_records(PyObject *module, PyObject *args) {
    Py_buffer data, table, out, ends, names;
    const char *name;
    (void)module;
    if (!PyArg_ParseTuple(args, "sy*y*w*w*w*:encode_records", &name, &data, &table, &out, &ends, &names))
        return NULL;
    PyObject *result = NULL;
    const enum screen_kind kind = kind_named(name);
    const Py_ssize_t limit = ends.len / (Py_ssize_t)sizeof(int64_t);
    if (kind == SCREEN_KINDS) {
        /* the error is set */
    } else if (table.len != 256) {
        PyErr_SetString(PyExc_ValueError, "table must hold 256 bytes");
    } else if (out.len < data.len || names.len < data.len) {
        PyErr_SetString(PyExc_ValueError, "out and names must be at least as long as data");
    } else if (holds(&ends, limit, sizeof(int64_t), "ends")) {
        struct records done;
        Py_BEGIN_ALLOW_THREADS
        done = seqnet_records(kind, data.buf, (size_t)data.len, table.buf, (size_t)limit, out.buf, ends.buf,
                              names.buf);
        Py_END_ALLOW_THREADS
        result = Py_BuildValue("nnnn", (Py_ssize_t)done.count, (Py_ssize_t)done.consumed,
                               (Py_ssize_t)done.lines, (Py_ssize_t)done.named);
    }
    PyBuffer_Release(&data);
    PyBuffer_Release(&table);
    PyBuffer_Release(&out);
    PyBuffer_Release(&ends);
    PyBuffer_Release(&names);
    return result;
}

PyDoc_STRVAR(extend_doc,
             "extend(sums, weights, column, letters, limit, tie, out_sums, out_weights) -> written");

static PyObject *extend(PyObject *module, PyObject *args) {
    Py_buffer sums, weights, column, letters, out_sums, out_weights;
    double limit, tie;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*y*y*y*ddw*w*:extend", &sums, &weights, &column, &letters, &limit,
                          &tie, &out_sums, &out_weights))
        return NULL;
    const Py_ssize_t n = sums.len / (Py_ssize_t)sizeof(double), size = sizeof(double);
    const Py_ssize_t room = out_sums.len / size;
    PyObject *result = NULL;
    if (holds(&sums, n, size, "sums") && holds(&weights, n, size, "weights") &&
        holds(&column, 4, size, "column") && holds(&letters, 4, size, "letters") &&
        holds(&out_sums, room, size, "out_sums") &&
        holds(&out_weights, room, size, "out_weights")) {
        size_t written;
        Py_BEGIN_ALLOW_THREADS
        written = seqnet_extend(sums.buf, weights.buf, (size_t)n, column.buf, letters.buf, limit,
                                tie, out_sums.buf, out_weights.buf, (size_t)room);
        Py_END_ALLOW_THREADS
        result = PyLong_FromSize_t(written);
    }
    PyBuffer_Release(&sums);
    PyBuffer_Release(&weights);
    PyBuffer_Release(&column);
    PyBuffer_Release(&letters);
    PyBuffer_Release(&out_sums);
    PyBuffer_Release(&out_weights);
    return result;
}

PyDoc_STRVAR(grid_tail_doc, "grid_tail(shifts, letters, tail, scratch) -> None");

static PyObject *grid_tail(PyObject *module, PyObject *args) {
    Py_buffer shifts, letters, tail, scratch;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*y*w*w*:grid_tail", &shifts, &letters, &tail, &scratch))
        return NULL;
    const Py_ssize_t width = shifts.len / (Py_ssize_t)(4 * sizeof(int64_t));
    const Py_ssize_t bins = tail.len / (Py_ssize_t)sizeof(double), size = sizeof(double);
    PyObject *result = NULL;
    if (bins < 1) {
        PyErr_SetString(PyExc_ValueError, "tail must hold at least one value");
    } else if (holds(&shifts, 4 * width, sizeof(int64_t), "shifts") &&
               holds(&letters, 4, size, "letters") && holds(&tail, bins, size, "tail") &&
               holds(&scratch, bins, size, "scratch")) {
        Py_BEGIN_ALLOW_THREADS
        seqnet_grid_tail(shifts.buf, (size_t)width, letters.buf, tail.buf, scratch.buf,
                         (size_t)bins);
        Py_END_ALLOW_THREADS
        result = Py_None;
        Py_INCREF(result);
    }
    PyBuffer_Release(&shifts);
    PyBuffer_Release(&letters);
    PyBuffer_Release(&tail);
    PyBuffer_Release(&scratch);
    return result;
}

/* Whether scores holds rows of four that the kernels of windows.h take; sets the error if not. */
static int holds_motif(const Py_buffer *scores, struct seqnet_motif *motif) {
    const Py_ssize_t row = 4 * sizeof(double);
    if (scores->len < row || scores->len % row) {
        PyErr_SetString(PyExc_ValueError, "scores must hold at least one row of four");
        return 0;
    }
    motif->scores = scores->buf;
    motif->width = (size_t)(scores->len / row);
    for (size_t i = 0; i < 4 * motif->width; i++) {
        const double score = motif->scores[i];
        if (fabs(score) <= 1e100 || score == -INFINITY) continue;
        PyErr_SetString(PyExc_ValueError, "scores must be at most 1e100 in size, or -inf");
        return 0;
    }
    return 1;
}

PyDoc_STRVAR(track_doc, "track(codes, scores, strand, out) -> None\n\n"
                        "out holds doubles or floats, as its size says.");

/* Check the sizes of a track, score it; returns whether that went well, with the error set if not. */
static int make_track(const Py_buffer *codes, const Py_buffer *scores, int strand,
                      const Py_buffer *out) {
    struct seqnet_motif motif;
    if (!holds_motif(scores, &motif)) return 0;
    if (strand < -1 || strand > 1) {
        PyErr_SetString(PyExc_ValueError, "strand must be -1, 0 or 1");
        return 0;
    }
    const size_t length = (size_t)codes->len;
    const Py_ssize_t windows = length < motif.width ? 0 : (Py_ssize_t)(length - motif.width + 1);
    const int narrow = out->itemsize == sizeof(float);
    if (!holds(out, windows, narrow ? sizeof(float) : sizeof(double), "out")) return 0;
    int failed;
    Py_BEGIN_ALLOW_THREADS
    failed = narrow ? seqnet_track_float(codes->buf, length, motif, strand, out->buf)
                    : seqnet_track(codes->buf, length, motif, strand, out->buf);
    Py_END_ALLOW_THREADS
    if (failed) PyErr_NoMemory();
    return !failed;
}

static PyObject *track(PyObject *module, PyObject *args) {
    Py_buffer codes, scores, out;
    int strand;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*y*iw*:track", &codes, &scores, &strand, &out)) return NULL;
    PyObject *result = make_track(&codes, &scores, strand, &out) ? Py_BuildValue("") : NULL;
    PyBuffer_Release(&codes);
    PyBuffer_Release(&scores);
    PyBuffer_Release(&out);
    return result;
}

PyDoc_STRVAR(summarise_doc, "summarise(codes, offsets, scores, thresholds, start, strand, score, "
                            "hits, total) -> None");

enum { CODES, OFFSETS, SCORES, THRESHOLDS, START, STRAND, SCORE, HITS, TOTAL, SUMMARY_BUFFERS };

/* Whether the offsets ascend within the codes; sets the error if not. */
static int ascend(const int64_t *offsets, Py_ssize_t sequences, Py_ssize_t length) {
    int good = offsets[0] >= 0 && offsets[sequences] <= length;
    for (Py_ssize_t i = 0; i < sequences; i++) good &= offsets[i] <= offsets[i + 1];
    if (!good) PyErr_SetString(PyExc_ValueError, "offsets must ascend within the codes");
    return good;
}

/* Check the sizes of a summary, make it; returns whether that went well, with the error set if not. */
static int make_summary(const Py_buffer b[SUMMARY_BUFFERS]) {
    const Py_ssize_t n = b[OFFSETS].len / (Py_ssize_t)sizeof(int64_t) - 1, size = sizeof(double);
    struct seqnet_motif motif;
    if (n < 0) {
        PyErr_SetString(PyExc_ValueError, "offsets must hold at least one value");
        return 0;
    }
    if (!holds(&b[OFFSETS], n + 1, size, "offsets") || !holds_motif(&b[SCORES], &motif) ||
        !holds(&b[THRESHOLDS], 2, size, "thresholds") || !holds(&b[START], n, size, "start") ||
        !holds(&b[STRAND], n, 1, "strand") || !holds(&b[SCORE], n, size, "score") ||
        !holds(&b[HITS], n, size, "hits") || !holds(&b[TOTAL], n, size, "total") ||
        !ascend(b[OFFSETS].buf, n, b[CODES].len))
        return 0;
    const double *thresholds = b[THRESHOLDS].buf;
    if (isnan(thresholds[0]) || isnan(thresholds[1])) {
        PyErr_SetString(PyExc_ValueError, "thresholds must not be NaN");
        return 0;
    }
    const struct seqnet_summaries out = {b[START].buf, b[STRAND].buf, b[SCORE].buf, b[HITS].buf,
                                         b[TOTAL].buf};
    int failed;
    Py_BEGIN_ALLOW_THREADS
    failed = seqnet_summarise(b[CODES].buf, b[OFFSETS].buf, (size_t)n, motif, thresholds, out);
    Py_END_ALLOW_THREADS
    if (failed) PyErr_NoMemory();
    return !failed;
}

static PyObject *summarise(PyObject *module, PyObject *args) {
    Py_buffer b[SUMMARY_BUFFERS];
    (void)module;
    if (!PyArg_ParseTuple(args, "y*y*y*y*w*w*w*w*w*:summarise", &b[CODES], &b[OFFSETS], &b[SCORES],
                          &b[THRESHOLDS], &b[START], &b[STRAND], &b[SCORE], &b[HITS], &b[TOTAL]))
        return NULL;
    PyObject *result = make_summary(b) ? Py_BuildValue("") : NULL;
    for (int i = 0; i < SUMMARY_BUFFERS; i++) PyBuffer_Release(&b[i]);
    return result;
}

PyDoc_STRVAR(shuffle_doc, "shuffle(codes, offsets, streams, k, seed, out) -> None");

/* Whether no sequence is longer than the kernel counts, and every code is a letter; sets the error if
 * not. */
static int can_be_shuffled(const Py_buffer *codes, const int64_t *offsets, Py_ssize_t n) {
    for (Py_ssize_t i = 0; i < n; i++)
        if (offsets[i + 1] - offsets[i] > INT32_MAX) {
            PyErr_SetString(PyExc_ValueError, "a sequence is too long to be shuffled");
            return 0;
        }
    const uint8_t *letters = codes->buf;
    uint8_t largest = 0;
    for (Py_ssize_t i = 0; i < codes->len; i++) largest = letters[i] > largest ? letters[i] : largest;
    if (largest < SEQNET_LETTERS) return 1;
    PyErr_SetString(PyExc_ValueError, "codes must be 0 to 4");
    return 0;
}

/* Check the sizes, shuffle; returns whether that went well, with the error set if not. */
static int make_shuffle(const Py_buffer *codes, const Py_buffer *offsets, const Py_buffer *streams, int k,
                        uint64_t seed, const Py_buffer *out) {
    const Py_ssize_t size = sizeof(int64_t), n = streams->len / size;
    if (k < 1 || k > SEQNET_LARGEST_K) {
        PyErr_Format(PyExc_ValueError, "k must be 1 to %d", SEQNET_LARGEST_K);
        return 0;
    }
    if (!holds(streams, n, size, "streams") || !holds(offsets, n + 1, size, "offsets") ||
        !holds(out, codes->len, 1, "out") || !ascend(offsets->buf, n, codes->len) ||
        !can_be_shuffled(codes, offsets->buf, n))
        return 0;
    int failed;
    Py_BEGIN_ALLOW_THREADS
    failed = seqnet_shuffle(codes->buf, offsets->buf, streams->buf, (size_t)n, k, seed, out->buf);
    Py_END_ALLOW_THREADS
    if (failed) PyErr_NoMemory();
    return !failed;
}

static PyObject *shuffle(PyObject *module, PyObject *args) {
    Py_buffer codes, offsets, streams, out;
    unsigned long long seed;
    int k;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*y*y*iKw*:shuffle", &codes, &offsets, &streams, &k, &seed, &out))
        return NULL;
    PyObject *result = make_shuffle(&codes, &offsets, &streams, k, seed, &out) ? Py_BuildValue("") : NULL;
    PyBuffer_Release(&codes);
    PyBuffer_Release(&offsets);
    PyBuffer_Release(&streams);
    PyBuffer_Release(&out);
    return result;
}

/* Whether the widths are at least 1 and share out exactly the columns; sets the error if not. */
static int widths_fit(const int64_t *widths, Py_ssize_t motifs, Py_ssize_t columns) {
    for (Py_ssize_t motif = 0; motif < motifs; motif++) {
        if (widths[motif] < 1 || widths[motif] > columns) {
            PyErr_SetString(PyExc_ValueError, "widths must be positive and add up to the columns");
            return 0;
        }
        columns -= (Py_ssize_t)widths[motif];
    }
    if (!columns) return 1;
    PyErr_SetString(PyExc_ValueError, "widths must add up to the columns");
    return 0;
}

static const char screen_name[] = "seqnet.kernels.screen";

static void drop_screen(PyObject *capsule) {
    seqnet_screen_free(PyCapsule_GetPointer(capsule, screen_name));
}

static PyObject *wrap_screen(struct screen *screen) {
    if (!screen) return PyErr_NoMemory();
    PyObject *capsule = PyCapsule_New(screen, screen_name, drop_screen);
    if (!capsule) seqnet_screen_free(screen);
    return capsule;
}

PyDoc_STRVAR(screen_prepare_doc, "screen_prepare(kind, widths, scores, thresholds) -> screen");

static PyObject *screen_prepare(PyObject *module, PyObject *args) {
    const char *name;
    Py_buffer widths, scores, thresholds;
    (void)module;
    if (!PyArg_ParseTuple(args, "sy*y*y*:screen_prepare", &name, &widths, &scores, &thresholds))
        return NULL;
    const Py_ssize_t motifs = widths.len / (Py_ssize_t)sizeof(int64_t), size = sizeof(double);
    const Py_ssize_t columns = scores.len / (4 * size);
    const enum screen_kind kind = kind_named(name);
    PyObject *result = NULL;
    if (kind != SCREEN_KINDS && motifs > INT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "too many motifs");
    } else if (kind != SCREEN_KINDS && holds(&widths, motifs, sizeof(int64_t), "widths") &&
               holds(&scores, 4 * columns, size, "scores") &&
               holds(&thresholds, 2 * motifs, size, "thresholds") &&
               widths_fit(widths.buf, motifs, columns)) {
        struct screen *screen;
        Py_BEGIN_ALLOW_THREADS
        screen = seqnet_screen_new(kind, (size_t)motifs, widths.buf, scores.buf, thresholds.buf);
        Py_END_ALLOW_THREADS
        result = wrap_screen(screen);
    }
    PyBuffer_Release(&widths);
    PyBuffer_Release(&scores);
    PyBuffer_Release(&thresholds);
    return result;
}

/* Memory of a kernel's result, handed on without a copy: an object with the buffer protocol. */
struct column {
    PyObject_HEAD
    void *memory;
    Py_ssize_t bytes;
};

static PyObject *column_type; /* set once, when the module is made */

static int column_buffer(PyObject *self, Py_buffer *view, int flags) {
    const struct column *column = (const struct column *)self;
    static char nothing;
    return PyBuffer_FillInfo(view, self, column->bytes ? column->memory : &nothing, column->bytes, 0,
                             flags);
}

static void column_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    free(((struct column *)self)->memory);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyType_Slot column_slots[] = {
    {Py_tp_dealloc, column_dealloc},
    {Py_bf_getbuffer, column_buffer},
    {0, NULL},
};

static PyType_Spec column_spec = {
    .name = "seqnet.kernels._compiled.Column",
    .basicsize = sizeof(struct column),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = column_slots,
};

/* Hand memory on; it belongs to the column, or is freed if there can be none. */
static PyObject *column_of(void *memory, size_t bytes) {
    struct column *column = PyObject_New(struct column, (PyTypeObject *)column_type);
    if (!column) {
        free(memory);
        return NULL;
    }
    column->memory = memory;
    column->bytes = (Py_ssize_t)bytes;
    return (PyObject *)column;
}

static PyObject *found_columns(const struct found *found) {
    const size_t n = found->count;
    PyObject *start = column_of(found->start, n * sizeof *found->start);
    PyObject *motif = column_of(found->motif, n * sizeof *found->motif);
    PyObject *strand = column_of(found->strand, n * sizeof *found->strand);
    PyObject *score = column_of(found->score, n * sizeof *found->score);
    if (start && motif && strand && score) return Py_BuildValue("NNNN", start, motif, strand, score);
    Py_XDECREF(start);
    Py_XDECREF(motif);
    Py_XDECREF(strand);
    Py_XDECREF(score);
    return NULL;
}

PyDoc_STRVAR(screen_find_doc,
             "screen_find(screen, codes, starts) -> (start, motif, strand, score)\n\n"
             "Columns as buffers of int64, int32, int8 and float64.");

static PyObject *screen_find(PyObject *module, PyObject *args) {
    PyObject *capsule;
    Py_buffer codes;
    Py_ssize_t starts;
    (void)module;
    if (!PyArg_ParseTuple(args, "Oy*n:screen_find", &capsule, &codes, &starts)) return NULL;
    const struct screen *screen = PyCapsule_GetPointer(capsule, screen_name);
    PyObject *result = NULL;
    if (screen && (starts < 0 || starts > codes.len)) {
        PyErr_SetString(PyExc_ValueError, "starts must lie between 0 and the number of codes");
    } else if (screen) {
        struct found found;
        int failed;
        Py_BEGIN_ALLOW_THREADS
        failed = seqnet_screen_find(screen, codes.buf, (size_t)codes.len, (size_t)starts, &found);
        Py_END_ALLOW_THREADS
        if (failed) {
            seqnet_found_free(&found);
            PyErr_NoMemory();
        } else {
            result = found_columns(&found);
        }
    }
    PyBuffer_Release(&codes);
    return result;
}

PyDoc_STRVAR(hit_lines_doc,
             "hit_lines(sequence, shift, codes, start, motif, strand, level, score, p_value, names,\n"
             "          name_ends, alternates, alternate_ends, widths) -> bytes");

enum {
    LINE_SEQUENCE, LINE_CODES, LINE_START, LINE_MOTIF, LINE_STRAND, LINE_LEVEL, LINE_SCORE, LINE_P_VALUE,
    LINE_NAMES, LINE_NAME_ENDS, LINE_ALTERNATES, LINE_ALTERNATE_ENDS, LINE_WIDTHS, LINE_BUFFERS
};

/* Whether ends ascend within the bytes; sets the error if not. */
static int texts_fit(const int64_t *ends, Py_ssize_t motifs, Py_ssize_t size) {
    int64_t last = 0;
    for (Py_ssize_t motif = 0; motif < motifs; last = ends[motif++]) {
        if (ends[motif] >= last && ends[motif] <= size) continue;
        PyErr_SetString(PyExc_ValueError, "ends must ascend within the texts");
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
            PyErr_SetString(PyExc_ValueError, "hits must be of known motifs and lie within the codes");
            return 0;
        }
        if (!(fabs(hits->score[i]) < SEQNET_FIXED_LIMIT) ||
            !(fabs(hits->p_value[i]) < SEQNET_GENERAL_LIMIT)) {
            PyErr_SetString(PyExc_ValueError, "scores or p-values are too large to be written here");
            return 0;
        }
    }
    return 1;
}

/* Whether the columns are of one length and the motifs' tables of another; sets the error if not. */
static int line_sizes_fit(const Py_buffer b[LINE_BUFFERS], Py_ssize_t n, Py_ssize_t motifs) {
    const Py_ssize_t size = sizeof(int64_t);
    return holds(&b[LINE_START], n, size, "start") && holds(&b[LINE_MOTIF], n, sizeof(int32_t), "motif") &&
           holds(&b[LINE_STRAND], n, 1, "strand") && holds(&b[LINE_LEVEL], n, size, "level") &&
           holds(&b[LINE_SCORE], n, size, "score") && holds(&b[LINE_P_VALUE], n, size, "p_value") &&
           holds(&b[LINE_NAME_ENDS], motifs, size, "name_ends") &&
           holds(&b[LINE_ALTERNATE_ENDS], motifs, size, "alternate_ends") &&
           holds(&b[LINE_WIDTHS], motifs, size, "widths") &&
           texts_fit(b[LINE_NAME_ENDS].buf, motifs, b[LINE_NAMES].len) &&
           texts_fit(b[LINE_ALTERNATE_ENDS].buf, motifs, b[LINE_ALTERNATES].len);
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

/* Check the columns, write their lines; NULL with the error set if that cannot be. */
static PyObject *make_lines(const Py_buffer b[LINE_BUFFERS], int64_t shift) {
    const Py_ssize_t size = sizeof(int64_t), n = b[LINE_START].len / size;
    const Py_ssize_t motifs = b[LINE_WIDTHS].len / size;
    if (!line_sizes_fit(b, n, motifs)) return NULL;
    if (shift < -INT64_MAX / 4 || shift > INT64_MAX / 4) {
        PyErr_SetString(PyExc_ValueError, "shift is too large");
        return NULL;
    }
    const struct hit_columns hits = {
        b[LINE_SEQUENCE].buf, (size_t)b[LINE_SEQUENCE].len, shift, b[LINE_CODES].buf, b[LINE_START].buf,
        b[LINE_MOTIF].buf, b[LINE_STRAND].buf, b[LINE_LEVEL].buf, b[LINE_SCORE].buf, b[LINE_P_VALUE].buf,
        (size_t)n, {b[LINE_NAMES].buf, b[LINE_NAME_ENDS].buf},
        {b[LINE_ALTERNATES].buf, b[LINE_ALTERNATE_ENDS].buf}, b[LINE_WIDTHS].buf};
    if (!hits_fit(&hits, motifs, b[LINE_CODES].len)) return NULL;
    char *out = text_room(seqnet_hit_lines_size(&hits));
    if (!out) return NULL;
    size_t written;
    Py_BEGIN_ALLOW_THREADS
    written = seqnet_hit_lines(&hits, out);
    Py_END_ALLOW_THREADS
    return text_of(out, written);
}

static PyObject *hit_lines(PyObject *module, PyObject *args) {
    Py_buffer b[LINE_BUFFERS];
    long long shift;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*Ly*y*y*y*y*y*y*y*y*y*y*y*:hit_lines", &b[LINE_SEQUENCE], &shift,
                          &b[LINE_CODES], &b[LINE_START], &b[LINE_MOTIF], &b[LINE_STRAND], &b[LINE_LEVEL],
                          &b[LINE_SCORE], &b[LINE_P_VALUE], &b[LINE_NAMES], &b[LINE_NAME_ENDS],
                          &b[LINE_ALTERNATES], &b[LINE_ALTERNATE_ENDS], &b[LINE_WIDTHS]))
        return NULL;
    PyObject *result = make_lines(b, shift);
    for (int i = 0; i < LINE_BUFFERS; i++) PyBuffer_Release(&b[i]);
    return result;
}

PyDoc_STRVAR(write_numbers_doc, "write_numbers(values, general) -> bytes\n\n"
                                "A line for each double: %.6g where general is true, else %.6f.");

/* Write doubles, a line each; NULL with the error set if one is too large. */
static PyObject *make_numbers(const double *values, Py_ssize_t n, int general) {
    enum { LONGEST = 24 };
    for (Py_ssize_t i = 0; i < n; i++) {
        if (fabs(values[i]) < (general ? SEQNET_GENERAL_LIMIT : SEQNET_FIXED_LIMIT)) continue;
        PyErr_SetString(PyExc_ValueError, "a value is too large to be written here");
        return NULL;
    }
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

static PyObject *write_numbers(PyObject *module, PyObject *args) {
    Py_buffer values;
    int general;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*p:write_numbers", &values, &general)) return NULL;
    const Py_ssize_t n = values.len / (Py_ssize_t)sizeof(double);
    PyObject *result = NULL;
    if (holds(&values, n, sizeof(double), "values")) result = make_numbers(values.buf, n, general);
    PyBuffer_Release(&values);
    return result;
}

PyDoc_STRVAR(gather_one_hot_doc,
             "gather_one_hot(kind, codes, start, low, high, flip, width, channels, out) -> None");

enum { GATHER_SOURCE, GATHER_START, GATHER_LOW, GATHER_HIGH, GATHER_FLIP, GATHER_OUT, GATHER_BUFFERS };

/* Make places of buffers for a source of so many items; returns whether they fit each other and out, with
 * the error set if not. */
static int places_fit(const Py_buffer b[GATHER_BUFFERS], Py_ssize_t items, Py_ssize_t width,
                      Py_ssize_t channels, struct places *places) {
    const Py_ssize_t n = b[GATHER_FLIP].len, size = sizeof(int64_t);
    if (!holds(&b[GATHER_START], n, size, "start") || !holds(&b[GATHER_LOW], n, size, "low") ||
        !holds(&b[GATHER_HIGH], n, size, "high"))
        return 0;
    /* the products below then stay far from overflow */
    if (width < 0 || width > INT32_MAX || channels > 4096 ||
        (n && width && n > PY_SSIZE_T_MAX / (width * channels * (Py_ssize_t)sizeof(float)))) {
        PyErr_SetString(PyExc_ValueError, "the batch is too large");
        return 0;
    }
    if (!holds(&b[GATHER_OUT], n * width * channels, sizeof(float), "out")) return 0;
    *places = (struct places){b[GATHER_START].buf, b[GATHER_LOW].buf, b[GATHER_HIGH].buf,
                              b[GATHER_FLIP].buf, (size_t)n, (size_t)width};
    const int64_t far = INT64_MAX / 4;
    int good = 1;
    for (Py_ssize_t i = 0; i < n; i++)
        good &= places->low[i] >= 0 && places->high[i] <= items && places->low[i] <= items &&
                places->high[i] >= 0 && places->start[i] > -far && places->start[i] < far;
    if (!good) PyErr_SetString(PyExc_ValueError, "windows must lie within bounds, those within the array");
    return good;
}

static PyObject *gather_one_hot(PyObject *module, PyObject *args) {
    const char *name;
    Py_buffer b[GATHER_BUFFERS];
    Py_ssize_t width, channels;
    (void)module;
    if (!PyArg_ParseTuple(args, "sy*y*y*y*y*nnw*:gather_one_hot", &name, &b[GATHER_SOURCE],
                          &b[GATHER_START], &b[GATHER_LOW], &b[GATHER_HIGH], &b[GATHER_FLIP], &width,
                          &channels, &b[GATHER_OUT]))
        return NULL;
    PyObject *result = NULL;
    struct places places;
    const enum screen_kind kind = kind_named(name);
    if (kind == SCREEN_KINDS) {
        /* the error is set */
    } else if (channels < 4) {
        PyErr_SetString(PyExc_ValueError, "there must be four channels at least");
    } else if (places_fit(b, b[GATHER_SOURCE].len, width, channels, &places)) {
        Py_BEGIN_ALLOW_THREADS
        seqnet_gather_one_hot(kind, b[GATHER_SOURCE].buf, places, (size_t)channels, b[GATHER_OUT].buf);
        Py_END_ALLOW_THREADS
        result = Py_BuildValue("");
    }
    for (int i = 0; i < GATHER_BUFFERS; i++) PyBuffer_Release(&b[i]);
    return result;
}

PyDoc_STRVAR(gather_values_doc,
             "gather_values(values, start, low, high, flip, width, channels, channel, out) -> None");

static PyObject *gather_values(PyObject *module, PyObject *args) {
    Py_buffer b[GATHER_BUFFERS];
    Py_ssize_t width, channels, channel;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*nnnw*:gather_values", &b[GATHER_SOURCE], &b[GATHER_START],
                          &b[GATHER_LOW], &b[GATHER_HIGH], &b[GATHER_FLIP], &width, &channels, &channel,
                          &b[GATHER_OUT]))
        return NULL;
    const Py_ssize_t items = b[GATHER_SOURCE].len / (Py_ssize_t)sizeof(float);
    PyObject *result = NULL;
    struct places places;
    if (channel < 0 || channel >= channels) {
        PyErr_SetString(PyExc_ValueError, "channel must be one of the channels");
    } else if (holds(&b[GATHER_SOURCE], items, sizeof(float), "values") &&
               places_fit(b, items, width, channels, &places)) {
        Py_BEGIN_ALLOW_THREADS
        seqnet_gather_values(b[GATHER_SOURCE].buf, places, (size_t)channels, (size_t)channel,
                             b[GATHER_OUT].buf);
        Py_END_ALLOW_THREADS
        result = Py_BuildValue("");
    }
    for (int i = 0; i < GATHER_BUFFERS; i++) PyBuffer_Release(&b[i]);
    return result;
}

PyDoc_STRVAR(count_words_doc,
             "count_words(kind, codes, offsets, fresh, masks, bases, tables, starts, features, hash_bits,\n"
             "ends, columns, counts) -> how many counts there are\n\nThe last three are filled.");

enum {
    WORD_CODES, WORD_OFFSETS, WORD_FRESH, WORD_MASKS, WORD_BASES, WORD_TABLES, WORD_STARTS, WORD_ENDS,
    WORD_COLUMNS, WORD_COUNTS, WORD_BUFFERS
};

/* Whether a rule counts words of 1 to KMER_LONGEST bases with a table, if any, that has them all; sets
 * the error if not. */
static int rule_fits(uint32_t mask, int64_t base, int64_t start, Py_ssize_t room) {
    int bases = 0;
    for (uint32_t rest = mask; rest; rest &= rest - 1) bases++;
    if (bases < 1 || bases > KMER_LONGEST) {
        PyErr_Format(PyExc_ValueError, "masks must have 1 to %d bits", KMER_LONGEST);
    } else if (base < 0 || base > INT64_MAX / 2) {
        PyErr_SetString(PyExc_ValueError, "bases must not be negative or too large");
    } else if (start >= 0 && (start > room || room - start < (Py_ssize_t)1 << 2 * bases)) {
        PyErr_SetString(PyExc_ValueError, "starts must be of whole tables");
    } else {
        return 1;
    }
    return 0;
}

/* The rules, allocated; NULL with the error set if one does not fit. */
static struct kmer_rule *make_rules(const Py_buffer b[WORD_BUFFERS], Py_ssize_t count) {
    const uint32_t *masks = b[WORD_MASKS].buf;
    const int64_t *bases = b[WORD_BASES].buf, *starts = b[WORD_STARTS].buf;
    const int32_t *tables = b[WORD_TABLES].buf;
    const Py_ssize_t room = b[WORD_TABLES].len / (Py_ssize_t)sizeof(int32_t);
    struct kmer_rule *rules = malloc(((size_t)count + 1) * sizeof *rules);
    if (!rules) PyErr_NoMemory();
    for (Py_ssize_t i = 0; rules && i < count; i++) {
        if (!rule_fits(masks[i], bases[i], starts[i], room)) {
            free(rules);
            return NULL;
        }
        rules[i] = (struct kmer_rule){masks[i], bases[i], starts[i] < 0 ? NULL : tables + starts[i]};
    }
    return rules;
}

/* Whether rows and columns can be counted; sets the error if not. */
static int counts_fit(const Py_buffer b[WORD_BUFFERS], Py_ssize_t rows, Py_ssize_t rules,
                      Py_ssize_t features, int hash_bits) {
    const Py_ssize_t size = sizeof(int64_t);
    if (rows < 0) {
        PyErr_SetString(PyExc_ValueError, "offsets must hold at least one value");
        return 0;
    }
    if (!holds(&b[WORD_OFFSETS], rows + 1, size, "offsets") || !holds(&b[WORD_FRESH], rows, size, "fresh") ||
        !holds(&b[WORD_MASKS], rules, sizeof(uint32_t), "masks") ||
        !holds(&b[WORD_BASES], rules, size, "bases") || !holds(&b[WORD_STARTS], rules, size, "starts") ||
        !holds(&b[WORD_ENDS], rows, size, "ends") ||
        !holds(&b[WORD_COLUMNS], b[WORD_COLUMNS].len / 4, sizeof(int32_t), "columns") ||
        !holds(&b[WORD_COUNTS], b[WORD_COLUMNS].len / 4, sizeof(uint32_t), "counts") ||
        !ascend(b[WORD_OFFSETS].buf, rows, b[WORD_CODES].len))
        return 0;
    const int64_t *offsets = b[WORD_OFFSETS].buf, *fresh = b[WORD_FRESH].buf;
    int good = features >= 1 && features <= INT32_MAX && hash_bits >= 0 && hash_bits <= 30 &&
               (!hash_bits || features == (Py_ssize_t)1 << hash_bits);
    for (Py_ssize_t i = 0; i < rows; i++)
        good &= fresh[i] >= 0 && (!rules || offsets[i + 1] - offsets[i] <= UINT32_MAX / rules);
    if (!good) PyErr_SetString(PyExc_ValueError, "rows or features are too many, or of a wrong size");
    return good;
}

/* Check everything, count; NULL with the error set if that cannot be. */
static PyObject *make_counts(enum screen_kind kind, const Py_buffer b[WORD_BUFFERS], Py_ssize_t features,
                             int hash_bits) {
    const Py_ssize_t size = sizeof(int64_t);
    const Py_ssize_t rows = b[WORD_OFFSETS].len / size - 1, count = b[WORD_MASKS].len / 4;
    if (!counts_fit(b, rows, count, features, hash_bits)) return NULL;
    struct kmer_rule *rules = make_rules(b, count);
    if (!rules) return NULL;
    const struct kmer_rows held = {b[WORD_CODES].buf, b[WORD_OFFSETS].buf, b[WORD_FRESH].buf, (size_t)rows};
    const Py_ssize_t room = b[WORD_COLUMNS].len / (Py_ssize_t)sizeof(int32_t);
    struct kmer_counts found = {b[WORD_COLUMNS].buf, b[WORD_COUNTS].buf, 0, (size_t)room};
    enum kmer_outcome outcome;
    Py_BEGIN_ALLOW_THREADS
    outcome = seqnet_count_words(kind, &held, rules, (size_t)count, (size_t)features, (unsigned)hash_bits,
                                 b[WORD_ENDS].buf, &found);
    Py_END_ALLOW_THREADS
    free(rules);
    if (outcome == KMER_DONE) return PyLong_FromSize_t(found.used);
    if (outcome == KMER_NO_MEMORY) return PyErr_NoMemory();
    PyErr_SetString(PyExc_ValueError, outcome == KMER_NO_ROOM ? "columns have no room for the counts"
                                                              : "tables must lead to columns below features");
    return NULL;
}

static PyObject *count_words(PyObject *module, PyObject *args) {
    const char *name;
    Py_buffer b[WORD_BUFFERS];
    Py_ssize_t features;
    int hash_bits;
    (void)module;
    if (!PyArg_ParseTuple(args, "sy*y*y*y*y*y*y*niw*w*w*:count_words", &name, &b[WORD_CODES],
                          &b[WORD_OFFSETS], &b[WORD_FRESH], &b[WORD_MASKS], &b[WORD_BASES], &b[WORD_TABLES],
                          &b[WORD_STARTS], &features, &hash_bits, &b[WORD_ENDS], &b[WORD_COLUMNS],
                          &b[WORD_COUNTS]))
        return NULL;
    const enum screen_kind kind = kind_named(name);
    PyObject *result = kind == SCREEN_KINDS ? NULL : make_counts(kind, b, features, hash_bits);
    for (int i = 0; i < WORD_BUFFERS; i++) PyBuffer_Release(&b[i]);
    return result;
}

PyDoc_STRVAR(blocks_run_doc, "blocks_run(kind) -> whether block_spectra and block_outputs run here");

static PyObject *blocks_run(PyObject *module, PyObject *args) {
    const char *name;
    (void)module;
    if (!PyArg_ParseTuple(args, "s:blocks_run", &name)) return NULL;
    const enum screen_kind kind = kind_named(name);
    return kind == SCREEN_KINDS ? NULL : PyBool_FromLong(seqnet_blocks_supported(kind));
}

/* Whether blocks of floats are cut as the transforms take them, and the table is theirs; sets the error if
 * not. Products of the sizes, which are within what memory holds, then do not overflow. */
static int blocks_fit(const char *name, Py_ssize_t blocks, Py_ssize_t size, Py_ssize_t kept,
                      Py_ssize_t channels, const Py_buffer *table) {
    const enum screen_kind kind = kind_named(name);
    if (kind == SCREEN_KINDS) return 0;
    if (!seqnet_blocks_supported(kind) || size < 1 || size > BLOCKS_LARGEST || kept < 1 || kept > size ||
        blocks < 0 || blocks > INT32_MAX || channels < 1 || channels > 1 << 20) {
        PyErr_SetString(PyExc_ValueError, "these blocks cannot be transformed here");
        return 0;
    }
    const Py_ssize_t n = size / 2 + 1, groups = (n + BLOCKS_ROWS - 1) / BLOCKS_ROWS;
    return holds(table, groups * n * 2 * BLOCKS_ROWS, sizeof(float), "table");
}

static Py_ssize_t block_rank(Py_ssize_t size) { return (Py_ssize_t)seqnet_block_rank((size_t)size); }

PyDoc_STRVAR(block_spectra_doc,
             "block_spectra(kind, x, size, kept, blocks, channels, table, out) -> None");

static PyObject *block_spectra(PyObject *module, PyObject *args) {
    const char *name;
    Py_buffer x, table, out;
    Py_ssize_t size, kept, blocks, channels;
    (void)module;
    if (!PyArg_ParseTuple(args, "sy*nnnny*w*:block_spectra", &name, &x, &size, &kept, &blocks, &channels,
                          &table, &out))
        return NULL;
    PyObject *result = NULL;
    if (!blocks_fit(name, blocks, size, kept, channels, &table)) {
        /* the error is set */
    } else if (blocks && x.len / (Py_ssize_t)sizeof(float) / channels < (blocks - 1) * kept + size) {
        PyErr_SetString(PyExc_ValueError, "x must hold all positions of the blocks");
    } else if (holds(&out, blocks * block_rank(size) * channels, sizeof(float), "out")) {
        Py_BEGIN_ALLOW_THREADS
        seqnet_block_spectra(x.buf, (struct cut){(size_t)blocks, (size_t)size, (size_t)kept},
                             (size_t)channels, table.buf, out.buf);
        Py_END_ALLOW_THREADS
        result = Py_BuildValue("");
    }
    PyBuffer_Release(&x);
    PyBuffer_Release(&table);
    PyBuffer_Release(&out);
    return result;
}

PyDoc_STRVAR(block_outputs_doc,
             "block_outputs(kind, products, first, all, size, blocks, kept, filters, table, out) -> None");

static PyObject *block_outputs(PyObject *module, PyObject *args) {
    const char *name;
    Py_buffer products, table, out;
    Py_ssize_t first, all, size, blocks, kept, filters;
    (void)module;
    if (!PyArg_ParseTuple(args, "sy*nnnnnny*w*:block_outputs", &name, &products, &first, &all, &size,
                          &blocks, &kept, &filters, &table, &out))
        return NULL;
    PyObject *result = NULL;
    if (!blocks_fit(name, all, size, kept, filters, &table)) {
        /* the error is set */
    } else if (first < 0 || blocks < 0 || first > all || blocks > all - first) {
        PyErr_SetString(PyExc_ValueError, "blocks must be among those of the products");
    } else if (holds(&products, block_rank(size) * all * filters, sizeof(float), "products") &&
               holds(&out, blocks * kept * filters, sizeof(float), "out")) {
        Py_BEGIN_ALLOW_THREADS
        seqnet_block_outputs((const float *)products.buf + first * filters, (size_t)(all * filters),
                             (struct cut){(size_t)blocks, (size_t)size, (size_t)kept}, (size_t)filters,
                             table.buf, out.buf);
        Py_END_ALLOW_THREADS
        result = Py_BuildValue("");
    }
    PyBuffer_Release(&products);
    PyBuffer_Release(&table);
    PyBuffer_Release(&out);
    return result;
}

PyDoc_STRVAR(word_maxima_doc,
             "word_maxima(kind, words, tables, row, begin, rows, filters, span, stride, floor, out) -> None");

enum { MAXIMA_WORDS, MAXIMA_TABLES, MAXIMA_ROW, MAXIMA_BEGIN, MAXIMA_OUT, MAXIMA_BUFFERS };

/* Whether each row of maxima lies within the rows of words; sets the error if not. */
static int maxima_within(Py_ssize_t rows, struct word_rows of, struct word_tables tables,
                         struct word_starts starts, struct word_pool pool) {
    const size_t behind = MAXIMA_BASES * (tables.words - 1) + pool.span, length = of.length;
    /* without products or sums that could be too large */
    int good = !pool.count || (behind <= length && (pool.count - 1) <= (length - behind) / pool.stride);
    const size_t reach = good && pool.count ? (pool.count - 1) * pool.stride + behind : 0;
    for (size_t i = 0; good && i < starts.count; i++)
        good = starts.row[i] >= 0 && starts.row[i] < rows && starts.begin[i] >= 0 &&
               (uint64_t)starts.begin[i] <= length - reach;
    if (!good) PyErr_SetString(PyExc_ValueError, "maxima must lie within the rows of words");
    for (size_t i = 0; good && i < (size_t)rows * length; i++) good = of.words[i] < MAXIMA_ENTRIES;
    if (!good && !PyErr_Occurred()) PyErr_Format(PyExc_ValueError, "words must be below %d", MAXIMA_ENTRIES);
    return good;
}

/* Check everything, fill in the maxima; NULL with the error set if that cannot be. */
static PyObject *make_maxima(enum screen_kind kind, const Py_buffer b[MAXIMA_BUFFERS], Py_ssize_t rows,
                             Py_ssize_t filters, struct word_pool pool) {
    enum { MOST = 1 << 20 };
    const Py_ssize_t size = sizeof(float), starts = b[MAXIMA_ROW].len / (Py_ssize_t)sizeof(int64_t);
    if (rows < 1 || filters < 1 || filters > MOST || !pool.span || pool.span > MOST || !pool.stride ||
        pool.stride > MOST) {
        PyErr_SetString(PyExc_ValueError, "rows, filters, span and stride must be positive and not too large");
        return NULL;
    }
    const Py_ssize_t words = b[MAXIMA_TABLES].len / (size * MAXIMA_ENTRIES * filters);
    const Py_ssize_t length = b[MAXIMA_WORDS].len / rows;
    const Py_ssize_t count = starts ? b[MAXIMA_OUT].len / (size * filters) / starts : 0;
    if (!holds(&b[MAXIMA_WORDS], rows * length, 1, "words") ||
        !holds(&b[MAXIMA_TABLES], (words ? words : 1) * MAXIMA_ENTRIES * filters, size, "tables") ||
        !holds(&b[MAXIMA_ROW], starts, sizeof(int64_t), "row") ||
        !holds(&b[MAXIMA_BEGIN], starts, sizeof(int64_t), "begin") ||
        !holds(&b[MAXIMA_OUT], starts * count * filters, size, "out"))
        return NULL;
    const struct word_rows of = {b[MAXIMA_WORDS].buf, (size_t)length};
    const struct word_tables tables = {b[MAXIMA_TABLES].buf, (size_t)words, (size_t)filters};
    const struct word_starts from = {b[MAXIMA_ROW].buf, b[MAXIMA_BEGIN].buf, (size_t)starts};
    pool.count = (size_t)count;
    if (!maxima_within(rows, of, tables, from, pool)) return NULL;
    int failed;
    Py_BEGIN_ALLOW_THREADS
    failed = seqnet_word_maxima(kind, of, tables, from, pool, b[MAXIMA_OUT].buf);
    Py_END_ALLOW_THREADS
    return failed ? PyErr_NoMemory() : Py_BuildValue("");
}

static PyObject *word_maxima(PyObject *module, PyObject *args) {
    const char *name;
    Py_buffer b[MAXIMA_BUFFERS];
    Py_ssize_t rows, filters, span, stride;
    float floor;
    (void)module;
    if (!PyArg_ParseTuple(args, "sy*y*y*y*nnnnfw*:word_maxima", &name, &b[MAXIMA_WORDS], &b[MAXIMA_TABLES],
                          &b[MAXIMA_ROW], &b[MAXIMA_BEGIN], &rows, &filters, &span, &stride, &floor,
                          &b[MAXIMA_OUT]))
        return NULL;
    const enum screen_kind kind = kind_named(name);
    const struct word_pool pool = {span > 0 ? (size_t)span : 0, stride > 0 ? (size_t)stride : 0, floor, 0};
    PyObject *result = kind == SCREEN_KINDS ? NULL : make_maxima(kind, b, rows, filters, pool);
    for (int i = 0; i < MAXIMA_BUFFERS; i++) PyBuffer_Release(&b[i]);
    return result;
}

PyDoc_STRVAR(maxima_doc, "maxima(kind, rows, columns, span, stride, out) -> None");

static PyObject *maxima(PyObject *module, PyObject *args) {
    enum { MOST = 1 << 20 };
    const char *name;
    Py_buffer rows, out;
    Py_ssize_t columns, span, stride;
    (void)module;
    if (!PyArg_ParseTuple(args, "sy*nnnw*:maxima", &name, &rows, &columns, &span, &stride, &out)) return NULL;
    PyObject *result = NULL;
    const enum screen_kind kind = kind_named(name);
    const int good = columns > 0 && columns <= MOST && span > 0 && span <= MOST && stride > 0 && stride <= MOST;
    const Py_ssize_t row = good ? columns * (Py_ssize_t)sizeof(float) : 1;
    const Py_ssize_t length = rows.len / row, count = out.len / row;
    if (kind == SCREEN_KINDS) {
        /* the error is set */
    } else if (!good || rows.len % row || out.len % row ||
               (count && (length < span || count - 1 > (length - span) / stride))) {
        PyErr_SetString(PyExc_ValueError, "maxima must be of whole rows that are there");
    } else {
        const struct pool pool = {(size_t)span, (size_t)stride, (size_t)count};
        Py_BEGIN_ALLOW_THREADS
        seqnet_maxima(kind, rows.buf, (size_t)columns, pool, out.buf);
        Py_END_ALLOW_THREADS
        result = Py_BuildValue("");
    }
    PyBuffer_Release(&rows);
    PyBuffer_Release(&out);
    return result;
}

static PyMethodDef methods[] = {
    {"block_outputs", block_outputs, METH_VARARGS, block_outputs_doc},
    {"block_spectra", block_spectra, METH_VARARGS, block_spectra_doc},
    {"blocks_run", blocks_run, METH_VARARGS, blocks_run_doc},
    {"count_words", count_words, METH_VARARGS, count_words_doc},
    {"encode", encode, METH_VARARGS, encode_doc},
    {"encode_records", encode_records, METH_VARARGS, encode_records_doc},
    {"extend", extend, METH_VARARGS, extend_doc},
    {"gather_one_hot", gather_one_hot, METH_VARARGS, gather_one_hot_doc},
    {"gather_values", gather_values, METH_VARARGS, gather_values_doc},
    {"kinds", kinds, METH_NOARGS, kinds_doc},
    {"maxima", maxima, METH_VARARGS, maxima_doc},
    {"hit_lines", hit_lines, METH_VARARGS, hit_lines_doc},
    {"write_numbers", write_numbers, METH_VARARGS, write_numbers_doc},
    {"screen_find", screen_find, METH_VARARGS, screen_find_doc},
    {"screen_prepare", screen_prepare, METH_VARARGS, screen_prepare_doc},
    {"grid_tail", grid_tail, METH_VARARGS, grid_tail_doc},
    {"shuffle", shuffle, METH_VARARGS, shuffle_doc},
    {"track", track, METH_VARARGS, track_doc},
    {"summarise", summarise, METH_VARARGS, summarise_doc},
    {"word_maxima", word_maxima, METH_VARARGS, word_maxima_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_compiled",
    .m_doc = "Compiled kernels; use them through the modules of seqnet.kernels.",
    .m_size = 0,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit__compiled(void) {
    if (!column_type) column_type = PyType_FromSpec(&column_spec);
    return column_type ? PyModule_Create(&definition) : NULL;
}
