#include "border.h"

#include "../shuffle.h"

/* Whether no sequence is longer than the kernel counts, and every code is a letter; sets the error if
 * not. */
static int can_be_shuffled(const Py_buffer *codes, const int64_t *offsets, Py_ssize_t n) {
    for (Py_ssize_t i = 0; i < n; i++)
        if (offsets[i + 1] - offsets[i] > INT32_MAX) {
            seqnet_refuse("a sequence is too long to be shuffled");
            return 0;
        }
    const uint8_t *letters = codes->buf;
    uint8_t largest = 0;
    for (Py_ssize_t i = 0; i < codes->len; i++) largest = letters[i] > largest ? letters[i] : largest;
    if (largest < SEQNET_LETTERS) return 1;
    seqnet_refuse("codes must be 0 to 4");
    return 0;
}

PyDoc_STRVAR(shuffle_doc, "shuffle(codes, offsets, streams, k, seed, out) -> None");

static PyObject *shuffle(const struct call *c) {
    const Py_buffer *codes = &c->b[0], *offsets = &c->b[1], *streams = &c->b[2], *out = &c->b[3];
    const Py_ssize_t size = sizeof(int64_t), n = items(streams, sizeof(int64_t)), k = c->n[0];
    if (k < 1 || k > SEQNET_LARGEST_K)
        return PyErr_Format(PyExc_ValueError, "k must be 1 to %d", SEQNET_LARGEST_K);
    if (!seqnet_holds(streams, n, size, "streams") || !seqnet_holds(offsets, n + 1, size, "offsets") ||
        !seqnet_holds(out, codes->len, 1, "out") || !seqnet_ascend(offsets->buf, n, codes->len) ||
        !can_be_shuffled(codes, offsets->buf, n))
        return NULL;
    int failed;
    Py_BEGIN_ALLOW_THREADS
    failed = seqnet_shuffle(codes->buf, offsets->buf, streams->buf, (size_t)n, (int)k, c->seed, out->buf);
    Py_END_ALLOW_THREADS
    return seqnet_none_unless(failed);
}

struct function seqnet_border_shuffle[] = {FUNCTION(shuffle, "rrrnsw"), END_OF_FUNCTIONS};
