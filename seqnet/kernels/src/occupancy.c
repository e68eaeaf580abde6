/* Sums over windows of a product of look-ups: see occupancy.h. */
#include "occupancy.h"

#define INLINE static inline __attribute__((always_inline))

/* Two sums, so that one addition need not wait for the one before. */
INLINE double row_sum(const uint16_t *words, size_t windows, struct chunks chunks, size_t count) {
    double even = 0, odd = 0;
    for (size_t i = 0; i < windows; i++) {
        double product = chunks.tables[words[i + (size_t)chunks.offsets[0]]];
        for (size_t c = 1; c < count; c++)
            product *= chunks.tables[c * chunks.size + words[i + (size_t)chunks.offsets[c]]];
        if (i % 2)
            odd += product;
        else
            even += product;
    }
    return even + odd;
}

void seqnet_occupancy(const uint16_t *words, size_t rows, size_t places, size_t windows, struct chunks chunks,
                      double *out) {
    for (size_t i = 0; i < rows; i++, words += places) switch (chunks.count) {
        case 1: out[i] += row_sum(words, windows, chunks, 1); break;
        case 2: out[i] += row_sum(words, windows, chunks, 2); break;
        case 3: out[i] += row_sum(words, windows, chunks, 3); break;
        case 4: out[i] += row_sum(words, windows, chunks, 4); break;
        default: out[i] += row_sum(words, windows, chunks, chunks.count);
        }
}
