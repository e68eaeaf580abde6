/* Taking arguments and giving them back: see border.h. */
#include "border.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[CPU_KINDS] = {"c", "avx2", "avx512"};

int seqnet_require(int condition, const char *format, ...) {
    if (condition) return 1;
    va_list values;
    va_start(values, format);
    PyErr_FormatV(PyExc_ValueError, format, values);
    va_end(values);
    return 0;
}

int seqnet_holds(const Py_buffer *buffer, Py_ssize_t count, Py_ssize_t size, const char *name) {
    if (buffer->len == count * size) return 1;
    return seqnet_require(0, "%s has %zd bytes; expected %zd", name, buffer->len, count * size);
}

int seqnet_ascend(const int64_t *offsets, Py_ssize_t count, Py_ssize_t length) {
    int good = offsets[0] >= 0 && offsets[count] <= length;
    for (Py_ssize_t i = 0; i < count; i++) good &= offsets[i] <= offsets[i + 1];
    return seqnet_require(good, "offsets must ascend within the codes");
}

PyObject *seqnet_none_unless(int failed) { return failed ? PyErr_NoMemory() : Py_BuildValue(""); }

/* An argument as it is declared; a buffer of size > 0 holds factor * number + more items of that size. */
struct argument {
    char name[16], letter;
    char number; /* the letter of the number; 0 where it is 1 */
    int defines; /* whether the number is that of this buffer */
    int buffer;  /* the place among the buffers */
    int size, factor, more;
};

struct function {
    const char *declaration;
    PyObject *(*run)(const struct call *call);
    PyMethodDef definition;
    struct argument arguments[BORDER_ARGUMENTS];
    int count;
};

/* Read the declaration of one argument; returns where the next one begins. */
static const char *read_argument(const char *text, struct argument *argument) {
    const size_t length = strcspn(text, ":");
    memcpy(argument->name, text, length);
    argument->letter = text[length + 1];
    char *rest = (char *)text + length + 2;
    if (isdigit(*rest)) {
        argument->size = (int)strtol(rest, &rest, 10);
        argument->factor = isdigit(*++rest) ? (int)strtol(rest, &rest, 10) : 1;
        argument->defines = isupper(*rest) != 0;
        if (isalpha(*rest)) argument->number = (char)tolower(*rest++);
        argument->more = (int)strtol(rest, &rest, 10);
        rest++; /* the bracket */
    }
    return rest + (*rest == ' ');
}

static void read_declaration(struct function *function) {
    int buffers = 0;
    function->count = 0;
    for (const char *text = function->declaration; *text && function->count < BORDER_ARGUMENTS;) {
        struct argument *argument = &function->arguments[function->count++];
        text = read_argument(text, argument);
        argument->buffer = buffers;
        buffers += argument->letter == 'r' || argument->letter == 'w';
    }
}

/* Set the kind of that name, if it runs here. */
static int take_kind(struct call *call, PyObject *name) {
    const char *text = PyUnicode_AsUTF8AndSize(name, NULL);
    if (!text) return 0;
    for (int kind = 0; kind < CPU_KINDS; kind++)
        if (!strcmp(text, kind_names[kind]) && seqnet_cpu_supports((enum cpu_kind)kind)) {
            call->kind = (enum cpu_kind)kind;
            return 1;
        }
    return seqnet_require(0, "no kernels of the kind %s run here", text);
}

static int take_buffer(struct call *call, PyObject *object, int flags) {
    Py_buffer *buffer = &call->b[call->buffers];
    if (PyObject_GetBuffer(object, buffer, flags) < 0) return 0;
    call->p[call->buffers++] = buffer->buf;
    return 1;
}

static int take_integer(struct call *call, PyObject *object) {
    PyObject *whole = PyNumber_Index(object);
    if (!whole) return 0;
    call->n[call->integers++] = PyLong_AsSsize_t(whole);
    Py_DECREF(whole);
    return !PyErr_Occurred();
}

/* Take one argument; returns whether that went well, with the error set if not. */
static int take(struct call *call, char letter, PyObject *argument) {
    switch (letter) {
    case 'k': return take_kind(call, argument);
    case 'r': return take_buffer(call, argument, PyBUF_SIMPLE);
    case 'w': return take_buffer(call, argument, PyBUF_WRITABLE);
    case 'n': return take_integer(call, argument);
    case 't': return (call->n[call->integers++] = PyObject_IsTrue(argument)) >= 0;
    case 'x': call->x[call->floats++] = PyFloat_AsDouble(argument); return !PyErr_Occurred();
    case 's': call->seed = PyLong_AsUnsignedLongLongMask(argument); return !PyErr_Occurred();
    default: call->object = argument; return 1;
    }
}

/* Set the numbers of the call, then see whether all buffers are as large as declared; sets the error if not.
 * What buffers hold lies in memory, so that no product is too large. */
static int sizes_fit(const struct function *function, struct call *call) {
    const struct argument *const end = function->arguments + function->count;
    call->counts[0] = 1;
    for (const struct argument *a = function->arguments; a < end; a++) {
        if (!a->defines) continue;
        const Py_ssize_t count = (items(&call->b[a->buffer], (size_t)a->size) - a->more) / a->factor;
        if (count < 0) return seqnet_require(0, "%s must hold at least one value", a->name);
        call->counts[(int)a->number] = count;
    }
    for (const struct argument *a = function->arguments; a < end; a++)
        if (a->size && !seqnet_holds(&call->b[a->buffer], a->factor * call->counts[(int)a->number] + a->more,
                                     a->size, a->name))
            return 0;
    return 1;
}

/* What Python calls: `self` is a capsule of the function. */
static PyObject *border_call(PyObject *self, PyObject *const *args, Py_ssize_t given) {
    const struct function *function = PyCapsule_GetPointer(self, NULL);
    if (!function) return NULL;
    if (given != function->count)
        return PyErr_Format(PyExc_TypeError, "%s() takes %d arguments (%zd given)", function->definition.ml_name,
                            function->count, given);
    struct call call; /* large; what is not set below is not read */
    call.buffers = call.integers = call.floats = 0;
    int good = 1;
    for (int i = 0; good && i < function->count; i++)
        good = take(&call, function->arguments[i].letter, args[i]);
    PyObject *result = good && sizes_fit(function, &call) ? function->run(&call) : NULL;
    while (call.buffers) PyBuffer_Release(&call.b[--call.buffers]);
    return result;
}

#define FUNCTION(name, text) \
    {.declaration = text, .run = seqnet_border_##name, \
     .definition = {#name, (PyCFunction)(void (*)(void))border_call, METH_FASTCALL, #name "(" text ")"}},
static struct function functions[] = {
#include "functions.h"
};
#undef FUNCTION

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
    {"kinds", kinds, METH_NOARGS, "kinds() -> names of the kinds of kernels that run here, in order of speed"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_compiled",
    .m_doc = "Compiled kernels; use them through the modules of seqnet.kernels.",
    .m_size = 0,
    .m_methods = methods,
};

/* Add a function to the module; returns whether that went well. */
static int add(PyObject *module, struct function *function) {
    read_declaration(function);
    PyObject *self = PyCapsule_New(function, NULL, NULL);
    PyObject *callable = self ? PyCFunction_NewEx(&function->definition, self, NULL) : NULL;
    Py_XDECREF(self);
    const int failed = !callable || PyModule_AddObjectRef(module, function->definition.ml_name, callable) < 0;
    Py_XDECREF(callable);
    return !failed;
}

PyMODINIT_FUNC PyInit__compiled(void) {
    PyObject *module = PyModule_Create(&definition);
    for (size_t i = 0; module && i < sizeof functions / sizeof *functions; i++)
        if (!add(module, &functions[i])) Py_CLEAR(module);
    return module;
}
