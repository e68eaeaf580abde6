#include "border.h"

#include <stdlib.h>

#include "../screen.h"

/* Whether the widths are at least 1 and share out exactly the columns; sets the error if not. */
static int widths_fit(const int64_t *widths, Py_ssize_t motifs, Py_ssize_t columns) {
    for (Py_ssize_t motif = 0; motif < motifs; motif++) {
        if (widths[motif] < 1 || widths[motif] > columns) {
            seqnet_refuse("widths must be positive and add up to the columns");
            return 0;
        }
        columns -= (Py_ssize_t)widths[motif];
    }
    if (columns) seqnet_refuse("widths must add up to the columns");
    return !columns;
}

static const char screen_name[] = "seqnet.kernels.screen";

static void drop_screen(PyObject *capsule) { seqnet_screen_free(PyCapsule_GetPointer(capsule, screen_name)); }

static PyObject *wrap_screen(struct screen *screen) {
    if (!screen) return PyErr_NoMemory();
    PyObject *capsule = PyCapsule_New(screen, screen_name, drop_screen);
    if (!capsule) seqnet_screen_free(screen);
    return capsule;
}

PyDoc_STRVAR(screen_prepare_doc, "screen_prepare(kind, widths, scores, thresholds) -> screen");

static PyObject *screen_prepare(const struct call *c) {
    const Py_buffer *widths = &c->b[0], *scores = &c->b[1], *thresholds = &c->b[2];
    const Py_ssize_t size = sizeof(double), motifs = items(widths, sizeof(int64_t));
    const Py_ssize_t columns = items(scores, 4 * sizeof(double));
    if (motifs > INT32_MAX) return seqnet_refuse("too many motifs");
    if (!seqnet_holds(widths, motifs, sizeof(int64_t), "widths") ||
        !seqnet_holds(scores, 4 * columns, size, "scores") ||
        !seqnet_holds(thresholds, 2 * motifs, size, "thresholds") || !widths_fit(widths->buf, motifs, columns))
        return NULL;
    struct screen *screen;
    Py_BEGIN_ALLOW_THREADS
    screen = seqnet_screen_new(c->kind, (size_t)motifs, widths->buf, scores->buf, thresholds->buf);
    Py_END_ALLOW_THREADS
    return wrap_screen(screen);
}

/* Memory of a kernel's result, handed on without a copy: an object with the buffer protocol. */
struct column {
    PyObject_HEAD
    void *memory;
    Py_ssize_t bytes;
};

static int column_buffer(PyObject *self, Py_buffer *view, int flags) {
    const struct column *column = (const struct column *)self;
    static char nothing;
    return PyBuffer_FillInfo(view, self, column->bytes ? column->memory : &nothing, column->bytes, 0, flags);
}

static void column_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    free(((struct column *)self)->memory);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyType_Slot column_slots[] = {
    {Py_tp_dealloc, column_dealloc},
    {Py_bf_getbuffer, column_buffer},
    {0, NULL},
};

static PyType_Spec column_spec = {
    .name = "seqnet.kernels._compiled.Column",
    .basicsize = sizeof(struct column),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = column_slots,
};

/* The type, made when it is first needed; the GIL is held. */
static PyTypeObject *column_type(void) {
    static PyObject *type;
    if (!type) type = PyType_FromSpec(&column_spec);
    return (PyTypeObject *)type;
}

/* Hand memory on; it belongs to the column, or is freed if there can be none. */
static PyObject *column_of(void *memory, size_t bytes) {
    PyTypeObject *type = column_type();
    struct column *column = type ? PyObject_New(struct column, type) : NULL;
    if (!column) {
        free(memory);
        return NULL;
    }
    column->memory = memory;
    column->bytes = (Py_ssize_t)bytes;
    return (PyObject *)column;
}

static PyObject *found_columns(const struct found *found) {
    const size_t n = found->count;
    PyObject *start = column_of(found->start, n * sizeof *found->start);
    PyObject *motif = column_of(found->motif, n * sizeof *found->motif);
    PyObject *strand = column_of(found->strand, n * sizeof *found->strand);
    PyObject *score = column_of(found->score, n * sizeof *found->score);
    if (start && motif && strand && score) return Py_BuildValue("NNNN", start, motif, strand, score);
    Py_XDECREF(start);
    Py_XDECREF(motif);
    Py_XDECREF(strand);
    Py_XDECREF(score);
    return NULL;
}

PyDoc_STRVAR(screen_find_doc,
             "screen_find(screen, codes, starts) -> (start, motif, strand, score)\n\n"
             "Columns as buffers of int64, int32, int8 and float64.");

static PyObject *screen_find(const struct call *c) {
    const Py_buffer *codes = &c->b[0];
    const Py_ssize_t starts = c->n[0];
    const struct screen *screen = PyCapsule_GetPointer(c->object, screen_name);
    if (!screen) return NULL;
    if (starts < 0 || starts > codes->len)
        return seqnet_refuse("starts must lie between 0 and the number of codes");
    struct found found;
    int failed;
    Py_BEGIN_ALLOW_THREADS
    failed = seqnet_screen_find(screen, codes->buf, (size_t)codes->len, (size_t)starts, &found);
    Py_END_ALLOW_THREADS
    if (!failed) return found_columns(&found);
    seqnet_found_free(&found);
    return PyErr_NoMemory();
}

struct function seqnet_border_screen[] = {
    FUNCTION(screen_prepare, "krrr"),
    FUNCTION(screen_find, "orn"),
    END_OF_FUNCTIONS,
};
