#ifndef SEQNET_BORDER_H
#define SEQNET_BORDER_H

/* The border between Python and the kernels, one file for each kernel.
 *
 * A border function does the checks that only its kernel needs and calls it without the GIL; the kernels know
 * nothing of Python. The rest is done once, in border.c, from the declarations in functions.h: it takes the
 * arguments into a `struct call`, compares the sizes of buffers, and releases them whatever happens. Python's
 * header has to be the first, so this one comes before all others. */
#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>

#include "../cpu.h"

enum { BORDER_ARGUMENTS = 20 }; /* of a function, at most */

/* The arguments of a call, each kind of them in the order of the declaration. */
struct call {
    enum cpu_kind kind;
    Py_buffer b[BORDER_ARGUMENTS];
    void *p[BORDER_ARGUMENTS]; /* where the buffers begin */
    Py_ssize_t n[BORDER_ARGUMENTS];
    double x[BORDER_ARGUMENTS];
    uint64_t seed;
    PyObject *object; /* borrowed */
    int buffers, integers, floats;
    Py_ssize_t counts['z' + 1]; /* by the letter of the declaration */
};

#define FUNCTION(name, arguments) PyObject *seqnet_border_##name(const struct call *call);
#include "functions.h"
#undef FUNCTION

/* Run a statement that calls a kernel without the GIL. */
#define WITHOUT_GIL(...) \
    do { \
        Py_BEGIN_ALLOW_THREADS __VA_ARGS__; \
        Py_END_ALLOW_THREADS \
    } while (0)

/* Whether a condition holds; sets a ValueError of a format's text if not. */
int seqnet_require(int condition, const char *format, ...);

/* Whether a buffer holds exactly count items of size bytes; sets the error if not. */
int seqnet_holds(const Py_buffer *buffer, Py_ssize_t count, Py_ssize_t size, const char *name);

/* Whether offsets (count + 1) ascend within length; sets the error if not. */
int seqnet_ascend(const int64_t *offsets, Py_ssize_t count, Py_ssize_t length);

/* None, or the error of a kernel that had no memory. */
PyObject *seqnet_none_unless(int failed);

/* How many items of size bytes a buffer holds. */
static inline Py_ssize_t items(const Py_buffer *buffer, size_t size) {
    return buffer->len / (Py_ssize_t)size;
}

#endif
