/* The quick pass in plain C: four letters a byte, tables of 256 bytes. */
#include "screen_pass.h"

enum { LETTERS = 4, ENTRIES = 256 };

static void encode(const uint8_t *codes, size_t count, uint8_t *index, uint64_t *valid) {
    for (size_t i = 0; i < count; i++)
        index[i] = (uint8_t)((codes[i] & 3) | (codes[i + 1] & 3) << 2 | (codes[i + 2] & 3) << 4 |
                             (codes[i + 3] & 3) << 6);
    for (size_t i = 0; i < count; i += 64) {
        uint64_t bits = 0;
        for (size_t bit = 0; bit < 64; bit++) bits |= (uint64_t)(codes[i + bit] < 4) << bit;
        valid[i / 64] = bits;
    }
}

/* For a number of groups that the compiler knows, wherever this is inlined with one. */
static inline __attribute__((always_inline)) size_t pass(const uint8_t *index, const uint64_t *valid,
                                                         size_t count, const uint8_t *tables,
                                                         const size_t groups, uint16_t *out) {
    size_t written = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t plus = 0, minus = 0;
        for (size_t group = 0; group < groups; group++) {
            const uint8_t *table = tables + 2 * ENTRIES * group + index[i + LETTERS * group];
            plus += table[0];
            minus += table[ENTRIES];
        }
        if (__builtin_expect(plus >= 255 && minus >= 255, 1)) continue;
        const uint64_t bit = (valid[i / 64] >> (i % 64)) & 1;
        written = screen_list(bit & (plus < 255), bit & (minus < 255), i, out, written);
    }
    return written;
}

#define CASE(n) \
    case n: return pass(index, valid, count, tables, n, out)

static size_t candidates(const uint8_t *index, const uint64_t *valid, size_t count,
                         const uint8_t *tables, size_t groups, uint16_t *out) {
    switch (groups) {
        CASE(1); CASE(2); CASE(3); CASE(4); CASE(5); CASE(6);
        default: return pass(index, valid, count, tables, groups, out);
    }
}

const struct screen_pass seqnet_pass_portable = {LETTERS, ENTRIES, encode, candidates};
