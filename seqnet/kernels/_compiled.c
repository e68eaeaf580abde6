/* The compiled kernels of seqnet, as one extension module on the limited Python API.
 *
 * This file is the border: it takes buffers, checks every size, releases the GIL and calls the
 * kernel. The kernels themselves know nothing of Python. Each has a numpy twin of the same
 * signature and the same results in the Python module of the same name. */
#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "fasta.h"
#include "tails.h"

PyDoc_STRVAR(encode_doc,
             "encode(data, table, out) -> (written, consumed)\n\n"
             "Translate the bytes of data through the 256 entries of table into out, leaving out\n"
             "bytes that map to SKIP and stopping at one that maps to INVALID.");

static PyObject *encode(PyObject *module, PyObject *args) {
    Py_buffer data, table, out;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*y*w*:encode", &data, &table, &out)) return NULL;
    PyObject *result = NULL;
    if (table.len != 256) {
        PyErr_SetString(PyExc_ValueError, "table must hold 256 bytes");
    } else if (out.len < data.len) {
        PyErr_SetString(PyExc_ValueError, "out must be at least as long as data");
    } else {
        struct encoded done;
        Py_BEGIN_ALLOW_THREADS
        done = seqnet_encode(data.buf, (size_t)data.len, table.buf, out.buf);
        Py_END_ALLOW_THREADS
        result = Py_BuildValue("nn", (Py_ssize_t)done.written, (Py_ssize_t)done.consumed);
    }
    PyBuffer_Release(&data);
    PyBuffer_Release(&table);
    PyBuffer_Release(&out);
    return result;
}

/* Whether a buffer holds exactly count items of size bytes; sets the error if not. */
static int holds(const Py_buffer *buffer, Py_ssize_t count, Py_ssize_t size, const char *name) {
    if (buffer->len == count * size) return 1;
    PyErr_Format(PyExc_ValueError, "%s has %zd bytes; expected %zd", name, buffer->len, count * size);
    return 0;
}

PyDoc_STRVAR(extend_doc,
             "extend(sums, weights, column, letters, limit, tie, out_sums, out_weights) -> written");

static PyObject *extend(PyObject *module, PyObject *args) {
    Py_buffer sums, weights, column, letters, out_sums, out_weights;
    double limit, tie;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*y*y*y*ddw*w*:extend", &sums, &weights, &column, &letters, &limit,
                          &tie, &out_sums, &out_weights))
        return NULL;
    const Py_ssize_t n = sums.len / (Py_ssize_t)sizeof(double), size = sizeof(double);
    PyObject *result = NULL;
    if (holds(&sums, n, size, "sums") && holds(&weights, n, size, "weights") &&
        holds(&column, 4, size, "column") && holds(&letters, 4, size, "letters") &&
        holds(&out_sums, 4 * n, size, "out_sums") &&
        holds(&out_weights, 4 * n, size, "out_weights")) {
        size_t written;
        Py_BEGIN_ALLOW_THREADS
        written = seqnet_extend(sums.buf, weights.buf, (size_t)n, column.buf, letters.buf, limit,
                                tie, out_sums.buf, out_weights.buf);
        Py_END_ALLOW_THREADS
        result = PyLong_FromSize_t(written);
    }
    PyBuffer_Release(&sums);
    PyBuffer_Release(&weights);
    PyBuffer_Release(&column);
    PyBuffer_Release(&letters);
    PyBuffer_Release(&out_sums);
    PyBuffer_Release(&out_weights);
    return result;
}

PyDoc_STRVAR(grid_tail_doc, "grid_tail(shifts, letters, tail, scratch) -> None");

static PyObject *grid_tail(PyObject *module, PyObject *args) {
    Py_buffer shifts, letters, tail, scratch;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*y*w*w*:grid_tail", &shifts, &letters, &tail, &scratch))
        return NULL;
    const Py_ssize_t width = shifts.len / (Py_ssize_t)(4 * sizeof(int64_t));
    const Py_ssize_t bins = tail.len / (Py_ssize_t)sizeof(double), size = sizeof(double);
    PyObject *result = NULL;
    if (bins < 1) {
        PyErr_SetString(PyExc_ValueError, "tail must hold at least one value");
    } else if (holds(&shifts, 4 * width, sizeof(int64_t), "shifts") &&
               holds(&letters, 4, size, "letters") && holds(&tail, bins, size, "tail") &&
               holds(&scratch, bins, size, "scratch")) {
        Py_BEGIN_ALLOW_THREADS
        seqnet_grid_tail(shifts.buf, (size_t)width, letters.buf, tail.buf, scratch.buf,
                         (size_t)bins);
        Py_END_ALLOW_THREADS
        result = Py_None;
        Py_INCREF(result);
    }
    PyBuffer_Release(&shifts);
    PyBuffer_Release(&letters);
    PyBuffer_Release(&tail);
    PyBuffer_Release(&scratch);
    return result;
}

static PyMethodDef methods[] = {
    {"encode", encode, METH_VARARGS, encode_doc},
    {"extend", extend, METH_VARARGS, extend_doc},
    {"grid_tail", grid_tail, METH_VARARGS, grid_tail_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_compiled",
    .m_doc = "Compiled kernels; use them through the modules of seqnet.kernels.",
    .m_size = 0,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit__compiled(void) { return PyModule_Create(&definition); }
