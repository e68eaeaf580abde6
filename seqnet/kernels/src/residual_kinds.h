#ifndef SEQNET_RESIDUAL_KINDS_H
#define SEQNET_RESIDUAL_KINDS_H

#include "residual.h"

/* What each kind of processor does in its own way, with its own vectors; residual_pass.h has the code. */
struct residual_pass {
    int (*rows)(const struct residual_block *block, const float *x, size_t rows, size_t length, float *out);
    int (*edits)(const struct residual_block *block, const float *x, const struct residual_edits *edits,
                 float *out);
    void (*rectify)(const float *scale, size_t channels, const float *x, const struct residual_edits *edits,
                    const struct rectified *out);
};

#if CPU_X86
extern const struct residual_pass seqnet_residual_avx2, seqnet_residual_avx512;
#endif

#endif
