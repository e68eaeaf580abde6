#include "border.h"

#include "../blocks.h"

PyDoc_STRVAR(blocks_run_doc, "blocks_run(kind) -> whether block_spectra and block_outputs run here");

static PyObject *blocks_run(const struct call *c) { return PyBool_FromLong(seqnet_blocks_supported(c->kind)); }

/* Whether blocks of floats are cut as the transforms take them, and the table is theirs; sets the error if
 * not. Products of the sizes, which are within what memory holds, then do not overflow. */
static int blocks_fit(enum cpu_kind kind, Py_ssize_t blocks, Py_ssize_t size, Py_ssize_t kept,
                      Py_ssize_t channels, const Py_buffer *table) {
    if (!seqnet_blocks_supported(kind) || size < 1 || size > BLOCKS_LARGEST || kept < 1 || kept > size ||
        blocks < 0 || blocks > INT32_MAX || channels < 1 || channels > 1 << 20) {
        seqnet_refuse("these blocks cannot be transformed here");
        return 0;
    }
    const Py_ssize_t n = size / 2 + 1, groups = (n + BLOCKS_ROWS - 1) / BLOCKS_ROWS;
    return seqnet_holds(table, groups * n * 2 * BLOCKS_ROWS, sizeof(float), "table");
}

static Py_ssize_t block_rank(Py_ssize_t size) { return (Py_ssize_t)seqnet_block_rank((size_t)size); }

PyDoc_STRVAR(block_spectra_doc,
             "block_spectra(kind, x, size, kept, blocks, channels, table, out) -> None");

static PyObject *block_spectra(const struct call *c) {
    const Py_buffer *x = &c->b[0], *table = &c->b[1], *out = &c->b[2];
    const Py_ssize_t size = c->n[0], kept = c->n[1], blocks = c->n[2], channels = c->n[3];
    if (!blocks_fit(c->kind, blocks, size, kept, channels, table)) return NULL;
    if (blocks && items(x, sizeof(float)) / channels < (blocks - 1) * kept + size)
        return seqnet_refuse("x must hold all positions of the blocks");
    if (!seqnet_holds(out, blocks * block_rank(size) * channels, sizeof(float), "out")) return NULL;
    Py_BEGIN_ALLOW_THREADS
    seqnet_block_spectra(x->buf, (struct cut){(size_t)blocks, (size_t)size, (size_t)kept}, (size_t)channels,
                         table->buf, out->buf);
    Py_END_ALLOW_THREADS
    return seqnet_none_unless(0);
}

PyDoc_STRVAR(block_outputs_doc,
             "block_outputs(kind, products, first, all, size, blocks, kept, filters, table, out) -> None");

static PyObject *block_outputs(const struct call *c) {
    const Py_buffer *products = &c->b[0], *table = &c->b[1], *out = &c->b[2];
    const Py_ssize_t first = c->n[0], all = c->n[1], size = c->n[2];
    const Py_ssize_t blocks = c->n[3], kept = c->n[4], filters = c->n[5];
    if (!blocks_fit(c->kind, all, size, kept, filters, table)) return NULL;
    if (first < 0 || blocks < 0 || first > all || blocks > all - first)
        return seqnet_refuse("blocks must be among those of the products");
    if (!seqnet_holds(products, block_rank(size) * all * filters, sizeof(float), "products") ||
        !seqnet_holds(out, blocks * kept * filters, sizeof(float), "out"))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    seqnet_block_outputs((const float *)products->buf + first * filters, (size_t)(all * filters),
                         (struct cut){(size_t)blocks, (size_t)size, (size_t)kept}, (size_t)filters, table->buf,
                         out->buf);
    Py_END_ALLOW_THREADS
    return seqnet_none_unless(0);
}

struct function seqnet_border_blocks[] = {
    FUNCTION(blocks_run, "k"),
    FUNCTION(block_spectra, "krnnnnrw"),
    FUNCTION(block_outputs, "krnnnnnnrw"),
    END_OF_FUNCTIONS,
};
