#include "border.h"

#include "../occupancy.h"

PyDoc_STRVAR(occupancy_doc, "occupancy(words, places, windows, offsets, tables, out) -> None, out is added to");

/* Whether every word is an entry of a table, and every chunk of every window within its row. */
static int within(const uint16_t *words, Py_ssize_t count, struct chunks chunks, Py_ssize_t places,
                  Py_ssize_t windows) {
    int good = 1;
    for (Py_ssize_t i = 0; i < count; i++) good &= words[i] < chunks.size;
    for (size_t c = 0; c < chunks.count; c++)
        good &= chunks.offsets[c] >= 0 && chunks.offsets[c] <= places - windows;
    return good;
}

static PyObject *occupancy(const struct call *c) {
    const Py_buffer *words = &c->b[0], *offsets = &c->b[1], *tables = &c->b[2], *out = &c->b[3];
    const Py_ssize_t places = c->n[0], windows = c->n[1], rows = items(out, sizeof(double));
    const Py_ssize_t count = items(offsets, sizeof(int64_t));
    if (places < 1 || windows < 0 || windows > places || count < 1 || rows > PY_SSIZE_T_MAX / 2 / places)
        return seqnet_refuse("windows must lie within their rows");
    if (!seqnet_holds(words, rows * places, sizeof(uint16_t), "words")) return NULL;
    const struct chunks chunks = {(size_t)count, (size_t)(items(tables, sizeof(double)) / count), offsets->buf,
                                  tables->buf};
    int good;
    Py_BEGIN_ALLOW_THREADS
    good = within(words->buf, rows * places, chunks, places, windows);
    if (good)
        seqnet_occupancy(words->buf, (size_t)rows, (size_t)places, (size_t)windows, chunks, out->buf);
    Py_END_ALLOW_THREADS
    return good ? seqnet_none_unless(0) : seqnet_refuse("words must be entries of the tables");
}

struct function seqnet_border_occupancy[] = {FUNCTION(occupancy, "rnnrrw"), END_OF_FUNCTIONS};
