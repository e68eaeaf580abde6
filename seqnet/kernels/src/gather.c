/* Windows of an array, side by side in a batch. */
#include "gather.h"

#include <string.h>

/* The part of window i that is there, as positions in the window. */
struct part {
    size_t begin, end;
};

static size_t clamp(int64_t value, size_t most) {
    return value <= 0 ? 0 : (uint64_t)value < most ? (size_t)value : most;
}

static struct part part_of(struct places places, size_t i) {
    const struct part part = {clamp(places.low[i] - places.start[i], places.width),
                              clamp(places.high[i] - places.start[i], places.width)};
    return part.begin < part.end ? part : (struct part){0, 0};
}

/* The one-hot form of every byte, forward and complemented. */
static void fill_tables(float tables[2][256][4]) {
    memset(tables, 0, 2 * 256 * 4 * sizeof(float));
    for (int base = 0; base < 4; base++) tables[0][base][base] = tables[1][base][3 - base] = 1.0f;
}

/* A stretch of codes that are there, with the positions it fills: out is its first one's, and they follow
 * each other by channels, backwards where flip is set. */
struct stretch {
    const uint8_t *codes;
    size_t count, channels;
    int flip;
    float *out;
};

static inline void one_hot_part(struct stretch s, const float (*table)[4], size_t channels) {
    const ptrdiff_t step = s.flip ? -(ptrdiff_t)channels : (ptrdiff_t)channels;
    for (size_t k = 0; k < s.count; k++) memcpy(s.out + (ptrdiff_t)k * step, table[s.codes[k]], 4 * sizeof(float));
}

#if CPU_X86

#define AVX2 __attribute__((target("avx2")))
enum { STEP = 8 }; /* codes at a time, two to a register of floats */

/* Does whole steps of four channels, the later codes first where they are flipped; returns how many codes
 * are left at the front (the back where not flipped). */
AVX2 static size_t one_hot_steps(struct stretch s) {
    const __m256i ids = s.flip ? _mm256_setr_epi32(3, 2, 1, 0, 3, 2, 1, 0)
                               : _mm256_setr_epi32(0, 1, 2, 3, 0, 1, 2, 3);
    const __m256i pair = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1), two = _mm256_set1_epi32(2);
    const __m256i last = _mm256_set1_epi32(STEP - 1);
    const __m256 one = _mm256_set1_ps(1.0f);
    float *out = s.flip ? s.out - 4 * (s.count - 1) : s.out;
    size_t left = s.count;
    for (; left >= STEP; left -= STEP) {
        const uint8_t *at = s.codes + (s.flip ? left - STEP : s.count - left);
        const __m256i codes = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)at));
        __m256i order = pair;
        for (size_t k = 0; k < STEP; k += 2, out += 8, order = _mm256_add_epi32(order, two)) {
            const __m256i chosen = s.flip ? _mm256_sub_epi32(last, order) : order;
            const __m256i both = _mm256_permutevar8x32_epi32(codes, chosen);
            const __m256 equal = _mm256_castsi256_ps(_mm256_cmpeq_epi32(both, ids));
            _mm256_storeu_ps(out, _mm256_and_ps(equal, one));
        }
    }
    return left;
}

#endif

static void one_hot_stretch(enum cpu_kind kind, struct stretch s, const float (*table)[4]) {
    if (s.channels != 4) {
        one_hot_part(s, table, s.channels);
        return;
    }
#if CPU_X86
    if (kind != CPU_PORTABLE) {
        const size_t left = one_hot_steps(s), done = s.count - left;
        if (!s.flip) s.codes += done, s.out += 4 * done;
        s.count = left;
    }
#else
    (void)kind;
#endif
    one_hot_part(s, table, 4);
}

static void one_hot_row(enum cpu_kind kind, const uint8_t *codes, struct places places, size_t i,
                        size_t channels, const float tables[2][256][4], float *out) {
    const struct part part = part_of(places, i);
    const size_t width = places.width, row = 4 * sizeof(float);
    const int flip = places.flip[i] != 0;
    for (size_t k = 0; k < part.begin; k++) memset(out + (flip ? width - 1 - k : k) * channels, 0, row);
    for (size_t k = part.end; k < width; k++) memset(out + (flip ? width - 1 - k : k) * channels, 0, row);
    if (part.begin == part.end) return;
    const struct stretch there = {
        codes + (places.start[i] + (int64_t)part.begin), part.end - part.begin, channels, flip,
        out + (flip ? width - 1 - part.begin : part.begin) * channels};
    one_hot_stretch(kind, there, tables[flip]);
}

/* Ask for the codes of a window ahead of its turn: windows lie anywhere, and what is not near takes longer
 * to arrive than to translate. */
static void ask_for(const uint8_t *codes, struct places places, size_t i) {
    enum { LINE = 64, MOST = 2048 }; /* later bytes follow in order, which processors foresee */
    const struct part part = part_of(places, i);
    const size_t count = part.end - part.begin < MOST ? part.end - part.begin : MOST;
    for (size_t k = 0; k < count; k += LINE)
        __builtin_prefetch(codes + (places.start[i] + (int64_t)(part.begin + k)));
}

void seqnet_gather_one_hot(enum cpu_kind kind, const uint8_t *codes, struct places places,
                           size_t channels, float *out) {
    float tables[2][256][4];
    fill_tables(tables);
    for (size_t i = 0; i < places.count; i++, out += places.width * channels) {
        if (i + 2 < places.count) ask_for(codes, places, i + 2);
        one_hot_row(kind, codes, places, i, channels, (const float(*)[256][4])tables, out);
    }
}

/* One window; inlined with a constant step where there is one channel. */
static inline void values_row(const float *values, struct places places, size_t i, size_t channels,
                              float *out) {
    const struct part part = part_of(places, i);
    const size_t width = places.width;
    const int flip = places.flip[i] != 0;
    for (size_t k = 0; k < part.begin; k++) out[(flip ? width - 1 - k : k) * channels] = 0.0f;
    for (size_t k = part.end; k < width; k++) out[(flip ? width - 1 - k : k) * channels] = 0.0f;
    if (part.begin == part.end) return;
    const float *first = values + (places.start[i] + (int64_t)part.begin);
    const size_t count = part.end - part.begin;
    if (flip) {
        float *last = out + (width - 1 - part.begin) * channels;
        for (size_t k = 0; k < count; k++) *(last - k * channels) = first[k];
    } else if (channels == 1) {
        memcpy(out + part.begin, first, count * sizeof(float));
    } else {
        float *begin = out + part.begin * channels;
        for (size_t k = 0; k < count; k++) begin[k * channels] = first[k];
    }
}

void seqnet_gather_values(const float *values, struct places places, size_t channels, size_t channel,
                          float *out) {
    for (size_t i = 0; i < places.count; i++, out += places.width * channels) {
        if (channels == 1)
            values_row(values, places, i, 1, out);
        else
            values_row(values, places, i, channels, out + channel);
    }
}
