#include "border.h"

#include "../shuffle.h"

enum { CODES, OFFSETS, STREAMS, OUT };

/* Whether no sequence is longer than the kernel counts, and every code is a letter; sets the error if not. */
static int can_be_shuffled(const struct call *c, const int64_t *offsets) {
    const uint8_t *letters = c->p[CODES];
    int longer = 0;
    uint8_t largest = 0;
    for (Py_ssize_t i = 0; i < c->counts['n']; i++) longer |= offsets[i + 1] - offsets[i] > INT32_MAX;
    for (Py_ssize_t i = 0; i < c->counts['l']; i++) largest = letters[i] > largest ? letters[i] : largest;
    return seqnet_require(!longer, "a sequence is too long to be shuffled") &&
           seqnet_require(largest < SEQNET_LETTERS, "codes must be 0 to 4");
}

PyObject *seqnet_border_shuffle(const struct call *c) {
    const Py_ssize_t n = c->counts['n'], k = c->n[0];
    if (!seqnet_require(k >= 1 && k <= SEQNET_LARGEST_K, "k must be 1 to %d", SEQNET_LARGEST_K) ||
        !seqnet_ascend(c->p[OFFSETS], n, c->counts['l']) || !can_be_shuffled(c, c->p[OFFSETS]))
        return NULL;
    int failed;
    WITHOUT_GIL(failed = seqnet_shuffle(c->p[CODES], c->p[OFFSETS], c->p[STREAMS], n, (int)k, c->seed, c->p[OUT]));
    return seqnet_none_unless(failed);
}
