#include "border.h"

#include "../blocks.h"

enum { IN, TABLE, OUT };

PyObject *seqnet_border_blocks_run(const struct call *c) {
    return PyBool_FromLong(seqnet_blocks_supported(c->kind));
}

/* Whether blocks of floats are cut as the transforms take them, and the table is theirs; sets the error if
 * not. Products of the sizes, which are within what memory holds, then do not overflow. */
static int blocks_fit(const struct call *c, Py_ssize_t blocks, Py_ssize_t size, Py_ssize_t kept,
                      Py_ssize_t channels) {
    const int good = seqnet_blocks_supported(c->kind) && size >= 1 && size <= BLOCKS_LARGEST && kept >= 1 &&
                     kept <= size && blocks >= 0 && blocks <= INT32_MAX && channels >= 1 && channels <= 1 << 20;
    if (!seqnet_require(good, "these blocks cannot be transformed here")) return 0;
    const Py_ssize_t n = size / 2 + 1, groups = (n + BLOCKS_ROWS - 1) / BLOCKS_ROWS;
    return seqnet_holds(&c->b[TABLE], groups * n * 2 * BLOCKS_ROWS, sizeof(float), "table");
}

static Py_ssize_t block_rank(Py_ssize_t size) { return (Py_ssize_t)seqnet_block_rank((size_t)size); }

PyObject *seqnet_border_block_spectra(const struct call *c) {
    const Py_ssize_t size = c->n[0], kept = c->n[1], blocks = c->n[2], channels = c->n[3];
    if (!blocks_fit(c, blocks, size, kept, channels) ||
        !seqnet_require(!blocks || items(&c->b[IN], sizeof(float)) / channels >= (blocks - 1) * kept + size,
                        "x must hold all positions of the blocks") ||
        !seqnet_holds(&c->b[OUT], blocks * block_rank(size) * channels, sizeof(float), "out"))
        return NULL;
    const struct cut cut = {blocks, size, kept};
    WITHOUT_GIL(seqnet_block_spectra(c->p[IN], cut, channels, c->p[TABLE], c->p[OUT]));
    return seqnet_none_unless(0);
}

PyObject *seqnet_border_block_outputs(const struct call *c) {
    const Py_ssize_t first = c->n[0], all = c->n[1], size = c->n[2];
    const Py_ssize_t blocks = c->n[3], kept = c->n[4], filters = c->n[5];
    if (!blocks_fit(c, all, size, kept, filters) ||
        !seqnet_require(first >= 0 && blocks >= 0 && first <= all && blocks <= all - first,
                        "blocks must be among those of the products") ||
        !seqnet_holds(&c->b[IN], block_rank(size) * all * filters, sizeof(float), "products") ||
        !seqnet_holds(&c->b[OUT], blocks * kept * filters, sizeof(float), "out"))
        return NULL;
    const struct cut cut = {blocks, size, kept};
    const float *products = (const float *)c->p[IN] + first * filters;
    WITHOUT_GIL(seqnet_block_outputs(products, all * filters, cut, filters, c->p[TABLE], c->p[OUT]));
    return seqnet_none_unless(0);
}
