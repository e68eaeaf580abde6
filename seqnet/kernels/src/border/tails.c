#include "border.h"

#include "../tails.h"

PyDoc_STRVAR(extend_doc, "extend(sums, weights, column, letters, limit, tie, out_sums, out_weights) -> written");

static PyObject *extend(const struct call *c) {
    enum { SUMS, WEIGHTS, COLUMN, LETTERS, OUT_SUMS, OUT_WEIGHTS };
    const Py_buffer *b = c->b;
    const Py_ssize_t size = sizeof(double), n = items(&b[SUMS], sizeof(double));
    const Py_ssize_t room = items(&b[OUT_SUMS], sizeof(double));
    if (!seqnet_holds(&b[SUMS], n, size, "sums") || !seqnet_holds(&b[WEIGHTS], n, size, "weights") ||
        !seqnet_holds(&b[COLUMN], 4, size, "column") || !seqnet_holds(&b[LETTERS], 4, size, "letters") ||
        !seqnet_holds(&b[OUT_SUMS], room, size, "out_sums") ||
        !seqnet_holds(&b[OUT_WEIGHTS], room, size, "out_weights"))
        return NULL;
    size_t written;
    Py_BEGIN_ALLOW_THREADS
    written = seqnet_extend(b[SUMS].buf, b[WEIGHTS].buf, (size_t)n, b[COLUMN].buf, b[LETTERS].buf, c->x[0],
                            c->x[1], b[OUT_SUMS].buf, b[OUT_WEIGHTS].buf, (size_t)room);
    Py_END_ALLOW_THREADS
    return PyLong_FromSize_t(written);
}

PyDoc_STRVAR(grid_tail_doc, "grid_tail(shifts, letters, tail, scratch) -> None");

static PyObject *grid_tail(const struct call *c) {
    const Py_buffer *shifts = &c->b[0], *letters = &c->b[1], *tail = &c->b[2], *scratch = &c->b[3];
    const Py_ssize_t size = sizeof(double), width = items(shifts, 4 * sizeof(int64_t));
    const Py_ssize_t bins = items(tail, sizeof(double));
    if (bins < 1) return seqnet_refuse("tail must hold at least one value");
    if (!seqnet_holds(shifts, 4 * width, sizeof(int64_t), "shifts") ||
        !seqnet_holds(letters, 4, size, "letters") || !seqnet_holds(tail, bins, size, "tail") ||
        !seqnet_holds(scratch, bins, size, "scratch"))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    seqnet_grid_tail(shifts->buf, (size_t)width, letters->buf, tail->buf, scratch->buf, (size_t)bins);
    Py_END_ALLOW_THREADS
    return seqnet_none_unless(0);
}

struct function seqnet_border_tails[] = {
    FUNCTION(extend, "rrrrxxww"),
    FUNCTION(grid_tail, "rrww"),
    END_OF_FUNCTIONS,
};
