#include "border.h"

#include "../tails.h"

PyObject *seqnet_border_extend(const struct call *c) {
    enum { SUMS, WEIGHTS, COLUMN, LETTERS, OUT_SUMS, OUT_WEIGHTS };
    size_t written;
    WITHOUT_GIL(written = seqnet_extend(c->p[SUMS], c->p[WEIGHTS], c->counts['n'], c->p[COLUMN], c->p[LETTERS],
                                        c->x[0], c->x[1], c->p[OUT_SUMS], c->p[OUT_WEIGHTS], c->counts['m']));
    return PyLong_FromSize_t(written);
}

PyObject *seqnet_border_grid_tail(const struct call *c) {
    enum { SHIFTS, LETTERS, TAIL, SCRATCH };
    const Py_ssize_t bins = c->counts['b'];
    if (!seqnet_require(bins >= 1, "tail must hold at least one value")) return NULL;
    WITHOUT_GIL(seqnet_grid_tail(c->p[SHIFTS], c->counts['w'], c->p[LETTERS], c->p[TAIL], c->p[SCRATCH], bins));
    return seqnet_none_unless(0);
}
