#include "border.h"

#include "../occupancy.h"

/* Whether every word is an entry of a table, and every chunk of every window within its row. */
static int within(const uint16_t *words, Py_ssize_t count, struct chunks chunks, Py_ssize_t last) {
    int good = 1;
    for (Py_ssize_t i = 0; i < count; i++) good &= words[i] < chunks.size;
    for (size_t c = 0; c < chunks.count; c++) good &= chunks.offsets[c] >= 0 && chunks.offsets[c] <= last;
    return good;
}

PyObject *seqnet_border_occupancy(const struct call *c) {
    enum { WORDS, OFFSETS, TABLES, OUT };
    const Py_ssize_t places = c->n[0], windows = c->n[1], rows = c->counts['r'], count = c->counts['c'];
    if (!seqnet_require(places >= 1 && windows >= 0 && windows <= places && count >= 1 &&
                            rows <= PY_SSIZE_T_MAX / 2 / places,
                        "windows must lie within their rows") ||
        !seqnet_holds(&c->b[WORDS], rows * places, sizeof(uint16_t), "words"))
        return NULL;
    const Py_ssize_t size = items(&c->b[TABLES], sizeof(double)) / count;
    const struct chunks chunks = {count, size, c->p[OFFSETS], c->p[TABLES]};
    int good;
    WITHOUT_GIL(good = within(c->p[WORDS], rows * places, chunks, places - windows);
                if (good) seqnet_occupancy(c->p[WORDS], rows, places, windows, chunks, c->p[OUT]));
    return seqnet_require(good, "words must be entries of the tables") ? seqnet_none_unless(0) : NULL;
}
