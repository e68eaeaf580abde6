#include "border.h"

#include "../residual.h"

PyObject *seqnet_border_residual_runs(const struct call *c) {
    return PyBool_FromLong(seqnet_residual_supported(c->kind));
}

/* Whether a block of so many channels runs here and its matrices are there; sets the error if not. */
static int block_fits(const struct call *c, const Py_buffer *matrices, Py_ssize_t dilation) {
    const Py_ssize_t channels = c->counts['c'];
    const int good = seqnet_residual_supported(c->kind) && channels >= 1 && channels <= 1 << 16 &&
                     channels % RESIDUAL_PANEL == 0 && dilation >= 1 && dilation <= 1 << 20;
    return seqnet_require(good, "such a residual block cannot be computed here") &&
           seqnet_holds(matrices, 4 * channels * channels, sizeof(float), "matrices");
}

PyObject *seqnet_border_residual_rows(const struct call *c) {
    enum { X, SCALE, SHIFT, MATRICES, BIAS, OUT };
    const Py_ssize_t channels = c->counts['c'], dilation = c->n[0], length = c->n[1];
    const Py_ssize_t values = items(&c->b[X], sizeof(float));
    if (!block_fits(c, &c->b[MATRICES], dilation) ||
        !seqnet_require(length >= 1 && values / channels % length == 0 && values % channels == 0,
                        "x must be of whole rows") ||
        !seqnet_holds(&c->b[X], values, sizeof(float), "x") ||
        !seqnet_holds(&c->b[OUT], values, sizeof(float), "out"))
        return NULL;
    const struct residual_block block = {channels,    dilation,       c->p[SCALE],
                                         c->p[SHIFT], c->p[MATRICES], c->p[BIAS]};
    int failed;
    WITHOUT_GIL(failed = seqnet_residual_rows(c->kind, &block, c->p[X], values / channels / length, length,
                                              c->p[OUT]));
    return seqnet_none_unless(failed);
}

/* The product of two sizes from 0 on, or -1 where it is larger than most. */
static Py_ssize_t product(Py_ssize_t a, Py_ssize_t b, Py_ssize_t most) {
    return a < 0 || b < 0 || (b && a > most / b) ? -1 : a * b;
}

/* Whether the unedited values of all edits are there. */
static int unedited_are_there(const Py_ssize_t *count, const Py_ssize_t *stride, Py_ssize_t channels,
                              Py_ssize_t values) {
    Py_ssize_t last = channels;
    for (int axis = 0; axis < 3; axis++) {
        const Py_ssize_t far = product(count[axis] - 1, stride[axis], values);
        if (far < 0 || far > values - last) return 0;
        last += far;
    }
    return last <= values;
}

PyObject *seqnet_border_residual_edits(const struct call *c) {
    enum { X, UNEDITED, SCALE, SHIFT, MATRICES, OUT };
    enum { DILATION, POSITIONS, ROWS, PLACES, BASES, STRIDE, START = STRIDE + 3, STEP, LENGTH, DIFFERS };
    const Py_ssize_t *n = c->n, channels = c->counts['c'], most = 1 << 30;
    Py_ssize_t edits = product(product(n[ROWS], n[PLACES], most), n[BASES], most);
    if (!block_fits(c, &c->b[MATRICES], n[DILATION]) ||
        !seqnet_require(edits >= 1 && n[POSITIONS] >= 1 && n[POSITIONS] <= most &&
                            unedited_are_there(n + POSITIONS, n + STRIDE, channels,
                                               items(&c->b[UNEDITED], sizeof(float))),
                        "edits must be of unedited values that are there") ||
        !seqnet_require(n[START] >= -most && n[START] <= most && n[STEP] >= 0 && n[STEP] <= most &&
                            n[LENGTH] >= 0 && n[LENGTH] <= most && n[PLACES] <= most / (n[STEP] + 1),
                        "windows must lie near the sequence"))
        return NULL;
    const Py_ssize_t limit = PY_SSIZE_T_MAX / 8, position = edits * channels; /* at most 2^46 */
    const Py_ssize_t values = product(position, n[POSITIONS], limit);
    const Py_ssize_t more = product(position, 2 * n[DILATION], limit);
    if (!seqnet_require(values >= 0 && more >= 0, "edits must be of values that memory holds") ||
        !seqnet_holds(&c->b[X], values, sizeof(float), "x") ||
        !seqnet_holds(&c->b[OUT], values + more, sizeof(float), "out"))
        return NULL;
    const struct residual_block block = {channels,    n[DILATION],    c->p[SCALE],
                                         c->p[SHIFT], c->p[MATRICES], NULL};
    const struct residual_edits of = {
        n[POSITIONS],  n[ROWS],       n[PLACES], n[BASES], c->p[UNEDITED], n[STRIDE],
        n[STRIDE + 1], n[STRIDE + 2], n[START],  n[STEP],  n[LENGTH],      n[DIFFERS] != 0,
    };
    int failed;
    WITHOUT_GIL(failed = seqnet_residual_edits(c->kind, &block, c->p[X], &of, c->p[OUT]));
    return seqnet_none_unless(failed);
}
