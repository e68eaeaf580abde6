/* Maxima of neighbouring sums of table rows: a convolution of one-hot bases and the pool behind it. */
#include "word_maxima.h"

#include <stdlib.h>

#define INLINE static inline __attribute__((always_inline))

/* The compiler finds the vectors of the loops over filters, each of which has its own sum and maximum. */

INLINE void sum_of(const float *const *rows, size_t count, size_t filters, float *restrict out) {
    for (size_t k = 0; k < filters; k++) {
        float sum = 0.0f; /* none is -0 then, which would be the same as 0 but for its bits */
        for (size_t i = 0; i < count; i++) sum += rows[i][k];
        out[k] = sum;
    }
}

INLINE void add_to(const float *row, size_t filters, float *restrict out) {
    for (size_t k = 0; k < filters; k++) out[k] += row[k];
}

INLINE void most_of(const float *const *rows, size_t count, float floor, size_t filters, float *restrict out) {
    for (size_t k = 0; k < filters; k++) {
        float most = floor;
        for (size_t i = 0; i < count; i++) most = rows[i][k] > most ? rows[i][k] : most;
        out[k] = most;
    }
}

INLINE void raise_to(const float *row, size_t filters, float *restrict out) {
    for (size_t k = 0; k < filters; k++) out[k] = row[k] > out[k] ? row[k] : out[k];
}

/* Rows that are read at a time, in a loop of known length for each number of them. */
enum { MOST = 8 };
#define EACH_COUNT(count, CASE) \
    switch (count) { CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) }

INLINE const float *row_of(const uint8_t *words, struct word_tables tables, size_t w) {
    return tables.values + (w * MAXIMA_ENTRIES + words[w * MAXIMA_BASES]) * tables.filters;
}

/* The sums of one position, that of its first word. */
INLINE void sum_up(const uint8_t *words, struct word_tables tables, float *restrict sums) {
    const float *rows[MOST];
    const size_t count = tables.words < MOST ? tables.words : MOST;
    for (size_t w = 0; w < count; w++) rows[w] = row_of(words, tables, w);
#define CASE(n) case n: sum_of(rows, n, tables.filters, sums); break;
    EACH_COUNT(count, CASE)
#undef CASE
    for (size_t w = MOST; w < tables.words; w++) add_to(row_of(words, tables, w), tables.filters, sums);
}

/* The sums of the last positions, in turn. */
struct ring {
    float *sums; /* span x filters */
    size_t span, filters;
};

/* The maxima of all sums in the ring, the earliest of which is that after `last`. */
INLINE void take_maxima(struct ring ring, size_t last, float floor, float *restrict out) {
    const float *rows[MOST];
    const size_t count = ring.span < MOST ? ring.span : MOST;
    for (size_t i = 0; i < count; i++) rows[i] = ring.sums + (last + 1 + i) % ring.span * ring.filters;
#define CASE(n) case n: most_of(rows, n, floor, ring.filters, out); break;
    EACH_COUNT(count, CASE)
#undef CASE
    for (size_t i = MOST; i < ring.span; i++)
        raise_to(ring.sums + (last + 1 + i) % ring.span * ring.filters, ring.filters, out);
}

/* A row of maxima on its way: the position of the last sum of the next one, and where that goes. */
struct phase {
    size_t next, left;
    float *out;
};

/* Fill in rows of maxima that are made along one row of words, from position `begin` on. */
INLINE void walk(const uint8_t *words, struct word_tables tables, struct word_pool pool, struct ring ring,
                 size_t begin, size_t end, struct phase *phases, size_t count) {
    for (size_t t = begin, at = 0; t < end; t++, at = at + 1 < ring.span ? at + 1 : 0) {
        sum_up(words + t, tables, ring.sums + at * ring.filters);
        for (struct phase *phase = phases; phase < phases + count; phase++) {
            if (phase->next != t || !phase->left) continue;
            take_maxima(ring, at, pool.floor, phase->out);
            phase->out += tables.filters;
            phase->next += pool.stride;
            phase->left--;
        }
    }
}

static void walk_portable(const uint8_t *words, struct word_tables tables, struct word_pool pool,
                          struct ring ring, size_t begin, size_t end, struct phase *phases, size_t count) {
    walk(words, tables, pool, ring, begin, end, phases, count);
}

#if CPU_X86
__attribute__((target("avx2"))) static void walk_avx2(const uint8_t *words, struct word_tables tables,
                                                      struct word_pool pool, struct ring ring, size_t begin,
                                                      size_t end, struct phase *phases, size_t count) {
    walk(words, tables, pool, ring, begin, end, phases, count);
}
#else
#define walk_avx2 walk_portable
#endif

/* How many rows of maxima from i on start in the same row of words. */
static size_t beside(struct word_starts starts, size_t i) {
    size_t end = i + 1;
    while (end < starts.count && starts.row[end] == starts.row[i]) end++;
    return end - i;
}

/* Set out rows of maxima; returns the end of the sums that they take, and where these begin. */
static size_t set_out(struct phase *phases, const int64_t *starts, size_t count, struct word_pool pool,
                      size_t filters, float *out, size_t *begin) {
    size_t end = 0;
    *begin = SIZE_MAX;
    for (size_t p = 0; p < count; p++) {
        const size_t first = (size_t)starts[p], next = first + pool.span - 1;
        const size_t last = next + (pool.count - 1) * pool.stride;
        phases[p] = (struct phase){next, pool.count, out + p * pool.count * filters};
        if (first < *begin) *begin = first;
        if (last >= end) end = last + 1;
    }
    return end;
}

int seqnet_word_maxima(enum cpu_kind kind, struct word_rows rows, struct word_tables tables,
                       struct word_starts starts, struct word_pool pool, float *out) {
    if (!pool.count) return 0;
    struct phase *phases = malloc((starts.count + 1) * sizeof *phases);
    const struct ring ring = {malloc(pool.span * tables.filters * sizeof(float)), pool.span, tables.filters};
    const int failed = !phases || !ring.sums;
    for (size_t i = 0, count; !failed && i < starts.count; i += count) {
        size_t begin;
        count = beside(starts, i);
        const size_t end = set_out(phases, starts.begin + i, count, pool, tables.filters,
                                   out + i * pool.count * tables.filters, &begin);
        const uint8_t *words = rows.words + (size_t)starts.row[i] * rows.length;
        if (kind == CPU_PORTABLE)
            walk_portable(words, tables, pool, ring, begin, end, phases, count);
        else
            walk_avx2(words, tables, pool, ring, begin, end, phases, count);
    }
    free(phases);
    free(ring.sums);
    return failed;
}
