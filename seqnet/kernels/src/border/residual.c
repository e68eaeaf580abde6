#include "border.h"

#include "../residual.h"

PyObject *seqnet_border_residual_runs(const struct call *c) {
    return PyBool_FromLong(seqnet_residual_supported(c->kind));
}

/* Whether so many channels are computed here; sets the error if not. */
static int channels_fit(const struct call *c) {
    const Py_ssize_t channels = c->counts['c'];
    const int good = seqnet_residual_supported(c->kind) && channels >= 1 && channels <= 1 << 16 &&
                     channels % RESIDUAL_PANEL == 0;
    return seqnet_require(good, "so many channels cannot be computed here");
}

/* Whether a block runs here and its matrices are there; sets the error if not. */
static int block_fits(const struct call *c, const Py_buffer *matrices, Py_ssize_t dilation) {
    const Py_ssize_t channels = c->counts['c'];
    return channels_fit(c) && seqnet_require(dilation >= 1 && dilation <= 1 << 20, "no such dilation") &&
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
static int unedited_are_there(const int64_t *count, const int64_t *stride, Py_ssize_t channels,
                              Py_ssize_t values) {
    Py_ssize_t last = channels;
    for (int axis = 0; axis < 3; axis++) {
        const Py_ssize_t far = product(count[axis] - 1, stride[axis], values);
        if (far < 0 || far > values - last) return 0;
        last += far;
    }
    return last <= values;
}

/* The numbers that say where edits lie. */
enum { POSITIONS, ROWS, PLACES, BASES, STRIDE, START = STRIDE + 3, STEP, LENGTH, NUMBERS };

/* How many edits there are, -1 with the error set if they do not lie where values are. */
static Py_ssize_t edits_that_fit(const struct call *c, const int64_t *n, const Py_buffer *unedited) {
    const Py_ssize_t channels = c->counts['c'];
    if (!seqnet_require(c->counts['e'] == NUMBERS, "edits must be %d numbers", NUMBERS)) return -1;
    const Py_ssize_t most = 1 << 30, edits = product(product(n[ROWS], n[PLACES], most), n[BASES], most);
    const int there = edits >= 1 && n[POSITIONS] >= 1 && n[POSITIONS] <= most &&
                      unedited_are_there(n, n + STRIDE, channels, items(unedited, sizeof(float)));
    if (!seqnet_require(there, "edits must be of unedited values that are there")) return -1;
    const int near = n[START] >= -most && n[START] <= most && n[STEP] >= 0 && n[STEP] <= most &&
                     n[LENGTH] >= 0 && n[LENGTH] <= most && n[PLACES] <= most / (n[STEP] + 1);
    return seqnet_require(near, "windows must lie near the sequence") ? edits : -1;
}

static struct residual_edits edits_of(const int64_t *n, const void *unedited, int differs) {
    return (struct residual_edits){
        n[POSITIONS],  n[ROWS],       n[PLACES], n[BASES], unedited,  n[STRIDE],
        n[STRIDE + 1], n[STRIDE + 2], n[START],  n[STEP],  n[LENGTH], differs,
    };
}

/* Whether a buffer holds so many positions of values of all edits; sets the error if not. */
static int holds_positions(const Py_buffer *buffer, Py_ssize_t count, Py_ssize_t position, const char *name) {
    const Py_ssize_t values = product(position, count, PY_SSIZE_T_MAX / 8);
    return seqnet_require(values >= 0, "%s must hold what memory holds", name) &&
           seqnet_holds(buffer, values, sizeof(float), name);
}

PyObject *seqnet_border_residual_edits(const struct call *c) {
    enum { X, UNEDITED, SCALE, SHIFT, MATRICES, EDITS, OUT };
    const Py_ssize_t dilation = c->n[0], channels = c->counts['c'];
    const int64_t *n = c->p[EDITS];
    if (!block_fits(c, &c->b[MATRICES], dilation)) return NULL;
    const Py_ssize_t edits = edits_that_fit(c, n, &c->b[UNEDITED]), position = edits * channels;
    if (edits < 0 || !holds_positions(&c->b[X], n[POSITIONS], position, "x") ||
        !holds_positions(&c->b[OUT], n[POSITIONS] + 2 * dilation, position, "out"))
        return NULL;
    const struct residual_block block = {channels,    dilation,       c->p[SCALE],
                                         c->p[SHIFT], c->p[MATRICES], NULL};
    const struct residual_edits of = edits_of(n, c->p[UNEDITED], c->n[1] != 0);
    int failed;
    WITHOUT_GIL(failed = seqnet_residual_edits(c->kind, &block, c->p[X], &of, c->p[OUT]));
    return seqnet_none_unless(failed);
}

PyObject *seqnet_border_rectify_edits(const struct call *c) {
    enum { X, UNEDITED, SCALE, EDITS, DIFFERENCES, HIGHEST, TOTAL };
    const Py_ssize_t channels = c->counts['c'];
    const int64_t *n = c->p[EDITS];
    if (!channels_fit(c)) return NULL;
    const Py_ssize_t edits = edits_that_fit(c, n, &c->b[UNEDITED]), position = edits * channels;
    if (edits < 0 || !holds_positions(&c->b[X], n[POSITIONS], position, "x") ||
        !holds_positions(&c->b[DIFFERENCES], n[POSITIONS], position, "differences") ||
        !holds_positions(&c->b[HIGHEST], 1, position, "highest") ||
        !holds_positions(&c->b[TOTAL], 1, position, "total"))
        return NULL;
    const struct residual_edits of = edits_of(n, c->p[UNEDITED], 1);
    const struct rectified out = {c->p[DIFFERENCES], c->p[HIGHEST], c->p[TOTAL]};
    WITHOUT_GIL(seqnet_rectify_edits(c->kind, c->p[SCALE], channels, c->p[X], &of, &out));
    return seqnet_none_unless(0);
}
