#include "border.h"

#include "../fasta.h"

enum { DATA, TABLE, OUT, ENDS, NAMES };

/* Whether the table has all bytes, and out room for the data; sets the error if not. */
static int codes_fit(const struct call *c) {
    return seqnet_require(c->b[TABLE].len == 256, "table must hold 256 bytes") &&
           seqnet_require(c->b[OUT].len >= c->b[DATA].len, "out must be at least as long as data");
}

PyObject *seqnet_border_encode(const struct call *c) {
    struct encoded done;
    if (!codes_fit(c)) return NULL;
    WITHOUT_GIL(done = seqnet_encode(c->kind, c->p[DATA], c->b[DATA].len, c->p[TABLE], c->p[OUT]));
    return Py_BuildValue("nnn", done.written, done.consumed, done.lines);
}

PyObject *seqnet_border_encode_records(const struct call *c) {
    const Py_ssize_t length = c->b[DATA].len, limit = c->counts['e'];
    struct records done;
    if (!codes_fit(c) ||
        !seqnet_require(c->b[NAMES].len >= length, "names must be at least as long as data"))
        return NULL;
    WITHOUT_GIL(done = seqnet_records(c->kind, c->p[DATA], length, c->p[TABLE], limit, c->p[OUT], c->p[ENDS],
                                      c->p[NAMES]));
    return Py_BuildValue("nnnn", done.count, done.consumed, done.lines, done.named);
}
