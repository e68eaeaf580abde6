/* The compiled kernels of seqnet, as one extension module on the limited Python API.
 *
 * This file is the border: it takes buffers, checks every size, releases the GIL and calls the
 * kernel. The kernels themselves know nothing of Python. Each has a numpy twin of the same
 * signature and the same results in the Python module of the same name. */
#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "fasta.h"

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

static PyMethodDef methods[] = {
    {"encode", encode, METH_VARARGS, encode_doc},
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
