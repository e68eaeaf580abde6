#include "border.h"

#include "../screen.h"

static const char screen_name[] = "seqnet.kernels.screen";

/* Whether the widths are at least 1 and share out exactly the columns; sets the error if not. */
static int widths_fit(const int64_t *widths, Py_ssize_t motifs, Py_ssize_t columns) {
    for (Py_ssize_t motif = 0; motif < motifs; columns -= (Py_ssize_t)widths[motif++])
        if (!seqnet_require(widths[motif] >= 1 && widths[motif] <= columns,
                            "widths must be positive and add up to the columns"))
            return 0;
    return seqnet_require(!columns, "widths must add up to the columns");
}

static void drop_screen(PyObject *capsule) { seqnet_screen_free(PyCapsule_GetPointer(capsule, screen_name)); }

PyObject *seqnet_border_screen_prepare(const struct call *c) {
    enum { WIDTHS, SCORES, THRESHOLDS };
    const Py_ssize_t motifs = c->counts['m'];
    if (!seqnet_require(motifs <= INT32_MAX, "too many motifs") ||
        !widths_fit(c->p[WIDTHS], motifs, c->counts['c']))
        return NULL;
    struct screen *screen;
    WITHOUT_GIL(screen = seqnet_screen_new(c->kind, motifs, c->p[WIDTHS], c->p[SCORES], c->p[THRESHOLDS]));
    if (!screen) return PyErr_NoMemory();
    PyObject *capsule = PyCapsule_New(screen, screen_name, drop_screen);
    if (!capsule) seqnet_screen_free(screen);
    return capsule;
}

/* A copy of a column; NULL with the error set without memory. */
static PyObject *column(const void *values, size_t bytes) {
    return PyBytes_FromStringAndSize(bytes ? values : "", (Py_ssize_t)bytes);
}

/* Columns as bytes of int64, int32, int8 and float64. */
PyObject *seqnet_border_screen_find(const struct call *c) {
    const Py_ssize_t starts = c->n[0], length = c->b[0].len;
    const struct screen *screen = PyCapsule_GetPointer(c->object, screen_name);
    if (!screen || !seqnet_require(starts >= 0 && starts <= length,
                                   "starts must lie between 0 and the number of codes"))
        return NULL;
    struct found found;
    int failed;
    WITHOUT_GIL(failed = seqnet_screen_find(screen, c->p[0], length, starts, &found));
    const size_t n = found.count;
    PyObject *columns =
        failed ? PyErr_NoMemory()
               : Py_BuildValue("NNNN", column(found.start, n * sizeof *found.start),
                               column(found.motif, n * sizeof *found.motif),
                               column(found.strand, n * sizeof *found.strand),
                               column(found.score, n * sizeof *found.score));
    seqnet_found_free(&found);
    return columns;
}
