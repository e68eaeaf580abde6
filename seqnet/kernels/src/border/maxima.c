#include "border.h"

#include "../maxima.h"

PyDoc_STRVAR(maxima_doc, "maxima(kind, rows, columns, span, stride, out) -> None");

static PyObject *maxima(const struct call *c) {
    enum { MOST = 1 << 20 };
    const Py_buffer *rows = &c->b[0], *out = &c->b[1];
    const Py_ssize_t columns = c->n[0], span = c->n[1], stride = c->n[2];
    const int good = columns > 0 && columns <= MOST && span > 0 && span <= MOST && stride > 0 && stride <= MOST;
    const Py_ssize_t row = good ? columns * (Py_ssize_t)sizeof(float) : 1;
    const Py_ssize_t length = rows->len / row, count = out->len / row;
    if (!good || rows->len % row || out->len % row ||
        (count && (length < span || count - 1 > (length - span) / stride)))
        return seqnet_refuse("maxima must be of whole rows that are there");
    const struct pool pool = {(size_t)span, (size_t)stride, (size_t)count};
    Py_BEGIN_ALLOW_THREADS
    seqnet_maxima(c->kind, rows->buf, (size_t)columns, pool, out->buf);
    Py_END_ALLOW_THREADS
    return seqnet_none_unless(0);
}

struct function seqnet_border_maxima[] = {FUNCTION(maxima, "krnnnw"), END_OF_FUNCTIONS};
