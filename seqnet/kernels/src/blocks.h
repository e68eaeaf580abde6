#ifndef SEQNET_BLOCKS_H
#define SEQNET_BLOCKS_H

#include <stddef.h>

#include "cpu.h"

/* The transforms of blocks of positions, as networks/overlap_save.py defines them. Tables are those of
 * kernels/layers/blocks.py. */

/* How a row of positions is cut into blocks: of size positions each, which begin kept positions apart. */
struct cut {
    size_t blocks, size, kept;
};

enum {
    BLOCKS_ROWS = 3,      /* rows of a table's matrices that lie side by side */
    BLOCKS_LARGEST = 190, /* positions of a block */
};

/* Rows of the spectrum of a block: three for each frequency that has a mirror image, one for the others. */
static inline size_t seqnet_block_rank(size_t size) { return 3 * ((size - 1) / 2) + 1 + (size % 2 == 0); }

/* Whether the transforms run here with that kind of kernels: they take fused multiplications. */
int seqnet_blocks_supported(enum cpu_kind kind);

/* Transform blocks of x, (blocks - 1) * kept + size positions of so many channels: out is blocks x rank x
 * channels. */
void seqnet_block_spectra(const float *x, struct cut cut, size_t channels, const float *table, float *out);

/* Transform products back: p holds for each of rank rows, stride values apart, those of every block, filters
 * each; out is blocks x kept x filters. */
void seqnet_block_outputs(const float *p, size_t stride, struct cut cut, size_t filters,
                          const float *table, float *out);

#endif
