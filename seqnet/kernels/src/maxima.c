/* Maxima of neighbouring rows, each value read once: the compiler finds the vectors along the columns. */
#include "maxima.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

INLINE float higher(float a, float b) { return b > a || b != b ? b : a; }

INLINE void four(const float *rows, size_t columns, float *restrict out) {
    const float *a = rows, *b = a + columns, *c = b + columns, *d = c + columns;
    for (size_t k = 0; k < columns; k++) out[k] = higher(higher(a[k], b[k]), higher(c[k], d[k]));
}

INLINE void any(const float *rows, size_t columns, size_t span, float *restrict out) {
    memcpy(out, rows, columns * sizeof *out);
    for (const float *row = rows + columns; row < rows + span * columns; row += columns)
        for (size_t k = 0; k < columns; k++) out[k] = higher(out[k], row[k]);
}

INLINE void windows(const float *rows, size_t columns, struct pool pool, float *out) {
    for (size_t i = 0; i < pool.count; i++, rows += pool.stride * columns, out += columns)
        if (pool.span == 4)
            four(rows, columns, out);
        else
            any(rows, columns, pool.span, out);
}

#if CPU_X86
__attribute__((target("avx2"))) static void windows_avx2(const float *rows, size_t columns, struct pool pool,
                                                         float *out) {
    windows(rows, columns, pool, out);
}
#else
#define windows_avx2 windows
#endif

void seqnet_maxima(enum cpu_kind kind, const float *rows, size_t columns, struct pool pool, float *out) {
    if (kind == CPU_PORTABLE)
        windows(rows, columns, pool, out);
    else
        windows_avx2(rows, columns, pool, out);
}
