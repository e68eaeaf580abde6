/* Transforms of blocks. A real spectrum takes half the work: its cosines meet the sums, its sines the
 * differences of the positions that lie as far from the block's first one on either side. */
#include "blocks.h"

#include <string.h>

#if CPU_X86
#define VECTORS __attribute__((target("avx2,fma")))
enum { LANES = 16, HALF = LANES / 2, PARTS = BLOCKS_LARGEST / 2 + 1 };

/* Channels that go through a transform together. */
struct lanes {
    __m256 low, high;
};

/* What the cosines and what the sines meet. */
struct parts {
    struct lanes even[PARTS], odd[PARTS];
};

int seqnet_blocks_supported(enum cpu_kind kind) {
    return kind != CPU_PORTABLE && CPU_HAS("avx2") && CPU_HAS("fma");
}

VECTORS static inline struct lanes zeros(void) {
    return (struct lanes){_mm256_setzero_ps(), _mm256_setzero_ps()};
}

VECTORS static inline struct lanes add(struct lanes a, struct lanes b) {
    return (struct lanes){_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
}

VECTORS static inline struct lanes less(struct lanes a, struct lanes b) {
    return (struct lanes){_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)};
}

VECTORS static inline struct lanes with_product(struct lanes sum, const float *factor, struct lanes x) {
    const __m256 each = _mm256_broadcast_ss(factor);
    return (struct lanes){_mm256_fmadd_ps(each, x.low, sum.low), _mm256_fmadd_ps(each, x.high, sum.high)};
}

/* Read count values, at most LANES; the others are 0. */
VECTORS static inline struct lanes get(const float *at, size_t count) {
    if (count == LANES) return (struct lanes){_mm256_loadu_ps(at), _mm256_loadu_ps(at + HALF)};
    float some[LANES] = {0};
    memcpy(some, at, count * sizeof(float));
    return (struct lanes){_mm256_loadu_ps(some), _mm256_loadu_ps(some + HALF)};
}

VECTORS static inline void put(float *at, struct lanes x, size_t count) {
    float some[LANES];
    float *to = count == LANES ? at : some;
    _mm256_storeu_ps(to, x.low);
    _mm256_storeu_ps(to + HALF, x.high);
    if (count < LANES) memcpy(at, some, count * sizeof(float));
}

/* Multiply BLOCKS_ROWS rows of both matrices; the twelve sums stay in registers. */
VECTORS static inline void multiply(const float *table, size_t n, const struct parts *parts,
                                    struct lanes even[BLOCKS_ROWS], struct lanes odd[BLOCKS_ROWS]) {
    struct lanes a = zeros(), b = a, c = a, d = a, e = a, f = a;
    for (size_t j = 0; j < n; j++, table += 2 * BLOCKS_ROWS) {
        a = with_product(a, table, parts->even[j]);
        b = with_product(b, table + 1, parts->even[j]);
        c = with_product(c, table + 2, parts->even[j]);
        d = with_product(d, table + 3, parts->odd[j]);
        e = with_product(e, table + 4, parts->odd[j]);
        f = with_product(f, table + 5, parts->odd[j]);
    }
    even[0] = a, even[1] = b, even[2] = c;
    odd[0] = d, odd[1] = e, odd[2] = f;
}

/* Whether place i of a block has no mirror image. */
static inline int alone(size_t i, size_t size) { return i == 0 || 2 * i == size; }

VECTORS static void fold_positions(const float *x, size_t size, size_t channels, size_t count,
                                   struct parts *parts) {
    for (size_t j = 0; j <= size / 2; j++) {
        const struct lanes here = get(x + j * channels, count);
        const struct lanes there = alone(j, size) ? zeros() : get(x + (size - j) * channels, count);
        parts->even[j] = add(here, there);
        parts->odd[j] = alone(j, size) ? zeros() : less(here, there);
    }
}

/* Write the rows of a frequency, and return where the next one's begin. */
VECTORS static inline float *put_frequency(float *out, size_t channels, struct lanes real,
                                           struct lanes imaginary, int single, size_t count) {
    if (single) {
        put(out, real, count);
        return out + channels;
    }
    put(out, add(real, imaginary), count);
    put(out + channels, real, count);
    put(out + 2 * channels, imaginary, count);
    return out + 3 * channels;
}

/* Ask for the same channels of rows that come later: their lines lie too far apart for the processor to
 * foresee. */
static inline void ask_for(const float *rows, size_t count, size_t channels) {
    for (size_t i = 0; i < count; i++) __builtin_prefetch(rows + i * channels);
}

VECTORS static void spectrum(const float *x, size_t size, size_t channels, size_t count,
                             const float *table, float *out) {
    const size_t n = size / 2 + 1;
    struct parts parts;
    struct lanes real[BLOCKS_ROWS], imaginary[BLOCKS_ROWS];
    fold_positions(x, size, channels, count, &parts);
    for (size_t first = 0; first < n; first += BLOCKS_ROWS, table += 2 * BLOCKS_ROWS * n) {
        multiply(table, n, &parts, real, imaginary);
        for (size_t i = 0; i < BLOCKS_ROWS && first + i < n; i++)
            out = put_frequency(out, channels, real[i], imaginary[i], alone(first + i, size), count);
    }
}

VECTORS void seqnet_block_spectra(const float *x, struct cut cut, size_t channels, const float *table,
                                  float *out) {
    const size_t rank = seqnet_block_rank(cut.size);
    for (size_t block = 0; block < cut.blocks; block++, x += cut.kept * channels, out += rank * channels)
        for (size_t c = 0; c < channels; c += LANES) {
            if (block + 1 < cut.blocks) ask_for(x + cut.size * channels + c, cut.kept, channels);
            spectrum(x + c, cut.size, channels, channels - c < LANES ? channels - c : LANES, table, out + c);
        }
}

/* The real and the imaginary parts of a block's spectrum, out of the three products of each frequency. */
VECTORS static void fold_products(const float *p, size_t stride, size_t size, size_t count,
                                  struct parts *parts) {
    for (size_t f = 0; f <= size / 2; f++) {
        const struct lanes first = get(p, count);
        p += stride;
        if (alone(f, size)) {
            parts->even[f] = first;
            parts->odd[f] = zeros();
            continue;
        }
        parts->odd[f] = add(first, get(p, count));
        parts->even[f] = less(first, get(p + stride, count));
        p += 2 * stride;
    }
}

VECTORS static void outputs(const float *p, size_t stride, struct cut cut, size_t filters, size_t count,
                            const float *table, float *out) {
    const size_t n = cut.size / 2 + 1, places = cut.kept < n ? cut.kept : n;
    struct parts parts;
    struct lanes even[BLOCKS_ROWS], odd[BLOCKS_ROWS];
    fold_products(p, stride, cut.size, count, &parts);
    for (size_t first = 0; first < places; first += BLOCKS_ROWS, table += 2 * BLOCKS_ROWS * n) {
        multiply(table, n, &parts, even, odd);
        for (size_t i = 0; i < BLOCKS_ROWS && first + i < places; i++) {
            const size_t here = first + i, there = cut.size - here;
            put(out + here * filters, less(even[i], odd[i]), count);
            if (!alone(here, cut.size) && there < cut.kept)
                put(out + there * filters, add(even[i], odd[i]), count);
        }
    }
}

VECTORS void seqnet_block_outputs(const float *p, size_t stride, struct cut cut, size_t filters,
                                  const float *table, float *out) {
    const size_t rank = seqnet_block_rank(cut.size);
    for (size_t block = 0; block < cut.blocks; block++, p += filters, out += cut.kept * filters)
        for (size_t c = 0; c < filters; c += LANES) {
            if (block + 1 < cut.blocks) ask_for(p + filters + c, rank, stride);
            outputs(p + c, stride, cut, filters, filters - c < LANES ? filters - c : LANES, table, out + c);
        }
}

#else

int seqnet_blocks_supported(enum cpu_kind kind) { return (void)kind, 0; }

void seqnet_block_spectra(const float *x, struct cut cut, size_t channels, const float *table, float *out) {
    (void)x, (void)cut, (void)channels, (void)table, (void)out;
}

void seqnet_block_outputs(const float *p, size_t stride, struct cut cut, size_t filters,
                          const float *table, float *out) {
    (void)p, (void)stride, (void)cut, (void)filters, (void)table, (void)out;
}

#endif
