#include "border.h"

#include "../maxima.h"

PyObject *seqnet_border_maxima(const struct call *c) {
    enum { ROWS, OUT, MOST = 1 << 20 };
    const Py_ssize_t columns = c->n[0], span = c->n[1], stride = c->n[2], bytes = c->b[ROWS].len;
    const int good = columns > 0 && columns <= MOST && span > 0 && span <= MOST && stride > 0 && stride <= MOST;
    const Py_ssize_t row = good ? columns * (Py_ssize_t)sizeof(float) : 1;
    const Py_ssize_t length = bytes / row, count = c->b[OUT].len / row;
    const int whole = good && bytes % row == 0 && c->b[OUT].len % row == 0;
    if (!seqnet_require(whole && (!count || (length >= span && count - 1 <= (length - span) / stride)),
                        "maxima must be of whole rows that are there"))
        return NULL;
    const struct pool pool = {span, stride, count};
    WITHOUT_GIL(seqnet_maxima(c->kind, c->p[ROWS], columns, pool, c->p[OUT]));
    return seqnet_none_unless(0);
}
