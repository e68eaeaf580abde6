/* The quick pass with AVX2: two letters in four bits, looked up 32 positions at a time. */
#include "screen_pass.h"

#if CPU_X86
#define AVX2 __attribute__((target("avx2")))
enum { LETTERS = 2, ENTRIES = 16, LANES = 32 };

AVX2 static inline __m256i load(const void *at) { return _mm256_loadu_si256(at); }

/* A table of 16 bytes, in both halves of the register: the shuffle works within each. */
AVX2 static inline __m256i table_at(const uint8_t *table) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)table));
}

AVX2 static inline uint64_t bits(__m256i low, __m256i high) {
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

AVX2 static inline __m256i unambiguous(__m256i codes) {
    return _mm256_cmpeq_epi8(_mm256_min_epu8(codes, _mm256_set1_epi8(3)), codes);
}

AVX2 static void encode(const uint8_t *codes, size_t count, uint8_t *index, uint64_t *valid) {
    const __m256i low = _mm256_set1_epi8(3), high = _mm256_set1_epi8(12);
    for (size_t i = 0; i < count; i += LANES) {
        const __m256i first = _mm256_and_si256(load(codes + i), low);
        const __m256i second = _mm256_and_si256(_mm256_slli_epi16(load(codes + i + 1), 2), high);
        _mm256_storeu_si256((void *)(index + i), _mm256_or_si256(first, second));
    }
    for (size_t i = 0; i < count; i += 64)
        valid[i / 64] = bits(unambiguous(load(codes + i)), unambiguous(load(codes + i + LANES)));
}

/* Which of 64 sums, in two registers, stay below 255. */
AVX2 static inline uint64_t below(__m256i low, __m256i high) {
    const __m256i full = _mm256_set1_epi8(-1);
    return ~bits(_mm256_cmpeq_epi8(low, full), _mm256_cmpeq_epi8(high, full));
}

/* The sums of 64 positions; groups is a constant wherever this is inlined with one. */
AVX2 static inline __attribute__((always_inline)) size_t pass(const uint8_t *index,
                                                              const uint64_t *valid, size_t count,
                                                              const uint8_t *tables, size_t groups,
                                                              uint16_t *out) {
    const __m256i full = _mm256_set1_epi8(-1);
    size_t written = 0;
    for (size_t i = 0; i < count; i += 2 * LANES) {
        __m256i plus[2], minus[2];
        for (int half = 0; half < 2; half++) plus[half] = minus[half] = _mm256_setzero_si256();
        for (size_t group = 0; group < groups; group++) {
            const uint8_t *table = tables + 2 * ENTRIES * group;
            const __m256i forward = table_at(table), reverse = table_at(table + ENTRIES);
            for (int half = 0; half < 2; half++) {
                __m256i x = load(index + i + LANES * half + LETTERS * group);
                __asm__("" : "+x"(x)); /* or GCC loads it once for each strand */
                plus[half] = _mm256_adds_epu8(plus[half], _mm256_shuffle_epi8(forward, x));
                minus[half] = _mm256_adds_epu8(minus[half], _mm256_shuffle_epi8(reverse, x));
            }
        }
        const __m256i least = _mm256_min_epu8(_mm256_min_epu8(plus[0], plus[1]),
                                              _mm256_min_epu8(minus[0], minus[1]));
        if (__builtin_expect(_mm256_movemask_epi8(_mm256_cmpeq_epi8(least, full)) == -1, 1)) continue;
        const uint64_t mask = valid[i / 64];
        written = screen_list(mask & below(plus[0], plus[1]), mask & below(minus[0], minus[1]), i, out,
                              written);
    }
    return written;
}

/* Loops of known length for the usual widths (up to 24), since the processor cannot foresee the end
 * of a loop as well as the compiler. */
#define CASE(n) \
    case n: return pass(index, valid, count, tables, n, out)

AVX2 static size_t candidates(const uint8_t *index, const uint64_t *valid, size_t count,
                              const uint8_t *tables, size_t groups, uint16_t *out) {
    switch (groups) {
        CASE(1); CASE(2); CASE(3); CASE(4); CASE(5); CASE(6);
        CASE(7); CASE(8); CASE(9); CASE(10); CASE(11); CASE(12);
        default: return pass(index, valid, count, tables, groups, out);
    }
}

const struct screen_pass seqnet_pass_avx2 = {LETTERS, ENTRIES, encode, candidates};
#endif
