#ifndef SEQNET_BORDER_H
#define SEQNET_BORDER_H

/* The border between Python and the kernels, one file for each kernel.
 *
 * A border function checks every size, releases the GIL and calls its kernel; the kernels know nothing
 * of Python. Taking the arguments, and giving their buffers back whatever happens, is written once, in
 * border.c: a function declares what it takes by a signature and receives a `struct call`. Python's
 * header has to be the first, so this one comes before all others. */
#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>

#include "../cpu.h"

enum { BORDER_BUFFERS = 16, BORDER_NUMBERS = 8 };

/* The arguments of a call, each kind in the order of the signature. */
struct call {
    enum cpu_kind kind;
    Py_buffer b[BORDER_BUFFERS];
    Py_ssize_t n[BORDER_NUMBERS];
    double x[BORDER_NUMBERS];
    uint64_t seed;
    PyObject *object; /* borrowed */
    int buffers, integers, floats;
};

/* A function of the module. Letters of the signature: k kind of kernels (its name), r buffer that is
 * read, w buffer that is written, n integer, t truth value, x float, s seed of 64 bits, o any object. */
struct function {
    const char *signature;
    PyObject *(*run)(const struct call *call);
    PyMethodDef definition;
};

#define FUNCTION(name, signature) \
    { signature, name, {#name, seqnet_border_call, METH_VARARGS, name##_doc} }
#define END_OF_FUNCTIONS {NULL, NULL, {NULL, NULL, 0, NULL}}

/* What Python calls: `self` is a capsule of the function. */
PyObject *seqnet_border_call(PyObject *self, PyObject *args);

/* Set a ValueError; returns NULL. */
PyObject *seqnet_refuse(const char *message);

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

extern struct function seqnet_border_blocks[], seqnet_border_fasta[], seqnet_border_gather[],
    seqnet_border_kmers[], seqnet_border_maxima[], seqnet_border_occupancy[], seqnet_border_screen[], seqnet_border_shuffle[],
    seqnet_border_tails[], seqnet_border_text[], seqnet_border_windows[], seqnet_border_word_edits[],
    seqnet_border_word_maxima[];

#endif
