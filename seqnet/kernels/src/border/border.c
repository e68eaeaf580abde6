/* Taking arguments and giving them back: see border.h. */
#include "border.h"

#include <string.h>

static const char *const kind_names[CPU_KINDS] = {"c", "avx2", "avx512"};

PyObject *seqnet_refuse(const char *message) {
    PyErr_SetString(PyExc_ValueError, message);
    return NULL;
}

int seqnet_holds(const Py_buffer *buffer, Py_ssize_t count, Py_ssize_t size, const char *name) {
    if (buffer->len == count * size) return 1;
    PyErr_Format(PyExc_ValueError, "%s has %zd bytes; expected %zd", name, buffer->len, count * size);
    return 0;
}

int seqnet_ascend(const int64_t *offsets, Py_ssize_t count, Py_ssize_t length) {
    int good = offsets[0] >= 0 && offsets[count] <= length;
    for (Py_ssize_t i = 0; i < count; i++) good &= offsets[i] <= offsets[i + 1];
    if (!good) seqnet_refuse("offsets must ascend within the codes");
    return good;
}

PyObject *seqnet_none_unless(int failed) { return failed ? PyErr_NoMemory() : Py_BuildValue(""); }

/* Set the kind of that name, if it runs here. */
static int take_kind(struct call *call, PyObject *name) {
    const char *text = PyUnicode_AsUTF8AndSize(name, NULL);
    if (!text) return 0;
    for (int kind = 0; kind < CPU_KINDS; kind++)
        if (!strcmp(text, kind_names[kind]) && seqnet_cpu_supports((enum cpu_kind)kind)) {
            call->kind = (enum cpu_kind)kind;
            return 1;
        }
    PyErr_Format(PyExc_ValueError, "no kernels of the kind %s run here", text);
    return 0;
}

static int take_buffer(struct call *call, PyObject *object, int flags) {
    if (PyObject_GetBuffer(object, &call->b[call->buffers], flags) < 0) return 0;
    call->buffers++;
    return 1;
}

static int take_integer(struct call *call, PyObject *object) {
    PyObject *whole = PyNumber_Index(object);
    if (!whole) return 0;
    call->n[call->integers++] = PyLong_AsSsize_t(whole);
    Py_DECREF(whole);
    return !PyErr_Occurred();
}

static int take_truth(struct call *call, PyObject *object) {
    const int truth = PyObject_IsTrue(object);
    call->n[call->integers++] = truth;
    return truth >= 0;
}

static int take_float(struct call *call, PyObject *object) {
    call->x[call->floats++] = PyFloat_AsDouble(object);
    return !PyErr_Occurred();
}

static int take_seed(struct call *call, PyObject *object) {
    call->seed = PyLong_AsUnsignedLongLongMask(object);
    return !PyErr_Occurred();
}

/* Take one argument; returns whether that went well, with the error set if not. */
static int take(struct call *call, char letter, PyObject *argument) {
    switch (letter) {
    case 'k': return take_kind(call, argument);
    case 'r': return take_buffer(call, argument, PyBUF_SIMPLE);
    case 'w': return take_buffer(call, argument, PyBUF_WRITABLE);
    case 'n': return take_integer(call, argument);
    case 't': return take_truth(call, argument);
    case 'x': return take_float(call, argument);
    case 's': return take_seed(call, argument);
    default: call->object = argument; return 1;
    }
}

PyObject *seqnet_border_call(PyObject *self, PyObject *args) {
    const struct function *function = PyCapsule_GetPointer(self, NULL);
    if (!function) return NULL;
    const Py_ssize_t wanted = (Py_ssize_t)strlen(function->signature), given = PyTuple_Size(args);
    if (given != wanted)
        return PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments (%zd given)",
                            function->definition.ml_name, wanted, given);
    struct call call = {.buffers = 0};
    int good = 1;
    for (Py_ssize_t i = 0; good && i < wanted; i++)
        good = take(&call, function->signature[i], PyTuple_GetItem(args, i));
    PyObject *result = good ? function->run(&call) : NULL;
    while (call.buffers) PyBuffer_Release(&call.b[--call.buffers]);
    return result;
}

PyDoc_STRVAR(kinds_doc, "kinds() -> names of the kinds of kernels that run here, in order of speed");

static PyObject *kinds(PyObject *module, PyObject *unused) {
    (void)module, (void)unused;
    PyObject *names = PyList_New(0);
    for (int kind = 0; names && kind < CPU_KINDS; kind++) {
        if (!seqnet_cpu_supports((enum cpu_kind)kind)) continue;
        PyObject *name = PyUnicode_FromString(kind_names[kind]);
        if (!name || PyList_Append(names, name) < 0) Py_CLEAR(names);
        Py_XDECREF(name);
    }
    return names;
}

static PyMethodDef methods[] = {
    {"kinds", kinds, METH_NOARGS, kinds_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_compiled",
    .m_doc = "Compiled kernels; use them through the modules of seqnet.kernels.",
    .m_size = 0,
    .m_methods = methods,
};

/* Add functions to the module; returns whether that went well. */
static int add(PyObject *module, struct function *functions) {
    for (struct function *function = functions; function->run; function++) {
        PyObject *self = PyCapsule_New(function, NULL, NULL);
        PyObject *callable = self ? PyCFunction_NewEx(&function->definition, self, NULL) : NULL;
        Py_XDECREF(self);
        const int failed = !callable || PyModule_AddObjectRef(module, function->definition.ml_name, callable) < 0;
        Py_XDECREF(callable);
        if (failed) return 0;
    }
    return 1;
}

PyMODINIT_FUNC PyInit__compiled(void) {
    struct function *const every[] = {
        seqnet_border_blocks, seqnet_border_fasta,   seqnet_border_gather, seqnet_border_kmers,
        seqnet_border_maxima, seqnet_border_occupancy, seqnet_border_screen, seqnet_border_shuffle,
        seqnet_border_tails,  seqnet_border_text,      seqnet_border_windows, seqnet_border_word_edits,
        seqnet_border_word_maxima,
    };
    PyObject *module = PyModule_Create(&definition);
    for (size_t i = 0; module && i < sizeof every / sizeof *every; i++)
        if (!add(module, every[i])) Py_CLEAR(module);
    return module;
}
