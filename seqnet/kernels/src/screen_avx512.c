/* The quick pass with AVX-512 VBMI: three letters in six bits, looked up 64 positions at a time. */
#include "screen_pass.h"

#if CPU_X86
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi")))
enum { LETTERS = 3, ENTRIES = 64, LANES = 64 };

AVX512 static inline __m512i load(const void *at) { return _mm512_loadu_si512(at); }

AVX512 static void encode(const uint8_t *codes, size_t count, uint8_t *index, uint64_t *valid) {
    const __m512i low = _mm512_set1_epi8(3), middle = _mm512_set1_epi8(12), high = _mm512_set1_epi8(48);
    enum { AND_OR = 0xF8 }; /* a | b & c */
    for (size_t i = 0; i < count; i += LANES) {
        const __m512i codes_here = load(codes + i);
        __m512i x = _mm512_and_si512(codes_here, low);
        x = _mm512_ternarylogic_epi32(x, _mm512_slli_epi16(load(codes + i + 1), 2), middle, AND_OR);
        x = _mm512_ternarylogic_epi32(x, _mm512_slli_epi16(load(codes + i + 2), 4), high, AND_OR);
        _mm512_storeu_si512(index + i, x);
        valid[i / LANES] = _mm512_cmple_epu8_mask(codes_here, low);
    }
}

AVX512 static inline uint64_t below(__m512i sums) {
    return _mm512_cmpneq_epu8_mask(sums, _mm512_set1_epi8(-1));
}

#define INLINE static inline __attribute__((always_inline))

/* Sums of 128 positions. */
struct sums {
    __m512i plus[2], minus[2];
};

AVX512 INLINE void add_group(struct sums *sums, const uint8_t *index, __m512i forward, __m512i reverse) {
    for (int half = 0; half < 2; half++) {
        __m512i x = load(index + LANES * half);
        __asm__("" : "+v"(x)); /* or GCC loads it once for each strand */
        sums->plus[half] = _mm512_adds_epu8(sums->plus[half], _mm512_permutexvar_epi8(x, forward));
        sums->minus[half] = _mm512_adds_epu8(sums->minus[half], _mm512_permutexvar_epi8(x, reverse));
    }
}

AVX512 INLINE struct sums no_sums(void) {
    const __m512i none = _mm512_setzero_si512();
    return (struct sums){{none, none}, {none, none}};
}

AVX512 INLINE size_t list_below(const struct sums *sums, const uint64_t *valid, size_t position,
                                uint16_t *out, size_t written) {
    /* one comparison instead of four where nothing is found, which is nearly everywhere */
    const __m512i least = _mm512_min_epu8(_mm512_min_epu8(sums->plus[0], sums->plus[1]),
                                          _mm512_min_epu8(sums->minus[0], sums->minus[1]));
    if (__builtin_expect(below(least) == 0, 1)) return written;
    const uint64_t first = valid[position / LANES], second = valid[position / LANES + 1];
    written = screen_list(first & below(sums->plus[0]), first & below(sums->minus[0]), position, out,
                          written);
    return screen_list(second & below(sums->plus[1]), second & below(sums->minus[1]), position + LANES,
                       out, written);
}

enum { MOST_HELD = 12 }; /* groups whose tables stay in registers: widths up to 36 */

/* For a number of groups that the compiler knows. */
AVX512 INLINE size_t held(const uint8_t *index, const uint64_t *valid, size_t count,
                          const uint8_t *tables, const size_t groups, uint16_t *out) {
    __m512i forward[MOST_HELD], reverse[MOST_HELD];
    for (size_t group = 0; group < groups; group++) {
        forward[group] = load(tables + 2 * ENTRIES * group);
        reverse[group] = load(tables + 2 * ENTRIES * group + ENTRIES);
    }
    size_t written = 0;
    for (size_t i = 0; i < count; i += 2 * LANES) {
        struct sums sums = no_sums();
#pragma GCC unroll 12
        for (size_t group = 0; group < groups; group++)
            add_group(&sums, index + i + LETTERS * group, forward[group], reverse[group]);
        written = list_below(&sums, valid, i, out, written);
    }
    return written;
}

/* For any number of groups. */
AVX512 static size_t loaded(const uint8_t *index, const uint64_t *valid, size_t count,
                            const uint8_t *tables, size_t groups, uint16_t *out) {
    size_t written = 0;
    for (size_t i = 0; i < count; i += 2 * LANES) {
        struct sums sums = no_sums();
        for (size_t group = 0; group < groups; group++)
            add_group(&sums, index + i + LETTERS * group, load(tables + 2 * ENTRIES * group),
                      load(tables + 2 * ENTRIES * group + ENTRIES));
        written = list_below(&sums, valid, i, out, written);
    }
    return written;
}

#define HELD(groups)                                                                                \
    AVX512 static __attribute__((noinline)) size_t held_##groups(                                   \
        const uint8_t *index, const uint64_t *valid, size_t count, const uint8_t *tables,           \
        uint16_t *out) {                                                                            \
        return held(index, valid, count, tables, groups, out);                                      \
    }
HELD(1) HELD(2) HELD(3) HELD(4) HELD(5) HELD(6) HELD(7) HELD(8) HELD(9) HELD(10) HELD(11) HELD(12)

static size_t candidates(const uint8_t *index, const uint64_t *valid, size_t count,
                         const uint8_t *tables, size_t groups, uint16_t *out) {
    static size_t (*const of[])(const uint8_t *, const uint64_t *, size_t, const uint8_t *,
                                uint16_t *) = {held_1, held_2, held_3, held_4,  held_5,  held_6,
                                               held_7, held_8, held_9, held_10, held_11, held_12};
    if (groups <= MOST_HELD) return of[groups - 1](index, valid, count, tables, out);
    return loaded(index, valid, count, tables, groups, out);
}

const struct screen_pass seqnet_pass_avx512 = {LETTERS, ENTRIES, encode, candidates};
#endif
