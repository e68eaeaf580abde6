#include "residual.h"

#include "residual_kinds.h"

#if CPU_X86
static const struct residual_pass *pass_of(enum cpu_kind kind) {
    return kind == CPU_AVX512 ? &seqnet_residual_avx512 : &seqnet_residual_avx2;
}

int seqnet_residual_supported(enum cpu_kind kind) { return kind != CPU_PORTABLE && CPU_HAS("fma"); }

int seqnet_residual_rows(enum cpu_kind kind, const struct residual_block *block, const float *x, size_t rows,
                         size_t length, float *out) {
    return pass_of(kind)->rows(block, x, rows, length, out);
}

int seqnet_residual_edits(enum cpu_kind kind, const struct residual_block *block, const float *x,
                          const struct residual_edits *edits, float *out) {
    return pass_of(kind)->edits(block, x, edits, out);
}

void seqnet_rectify_edits(enum cpu_kind kind, const float *scale, size_t channels, const float *x,
                          const struct residual_edits *edits, const struct rectified *out) {
    pass_of(kind)->rectify(scale, channels, x, edits, out);
}
#else
int seqnet_residual_supported(enum cpu_kind kind) { return (void)kind, 0; }

int seqnet_residual_rows(enum cpu_kind kind, const struct residual_block *block, const float *x, size_t rows,
                         size_t length, float *out) {
    (void)kind, (void)block, (void)x, (void)rows, (void)length, (void)out;
    return -1;
}

int seqnet_residual_edits(enum cpu_kind kind, const struct residual_block *block, const float *x,
                          const struct residual_edits *edits, float *out) {
    (void)kind, (void)block, (void)x, (void)edits, (void)out;
    return -1;
}

void seqnet_rectify_edits(enum cpu_kind kind, const float *scale, size_t channels, const float *x,
                          const struct residual_edits *edits, const struct rectified *out) {
    (void)kind, (void)scale, (void)channels, (void)x, (void)edits, (void)out;
}
#endif
