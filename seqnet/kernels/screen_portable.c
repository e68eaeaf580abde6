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

static size_t candidates(const uint8_t *index, const uint64_t *valid, size_t count,
                         const uint8_t *tables, size_t groups, uint16_t *out) {
    size_t written = 0;
    for (size_t i = 0; i < count; i++) {
        size_t plus = 0, minus = 0;
        const uint8_t *table = tables;
        for (size_t group = 0; group < groups; group++, table += 2 * ENTRIES) {
            const size_t entry = index[i + LETTERS * group];
            plus += table[entry];
            minus += table[ENTRIES + entry];
        }
        if (plus >= 255 && minus >= 255) continue;
        const uint64_t bit = (valid[i / 64] >> (i % 64)) & 1;
        written = screen_list(bit & (plus < 255), bit & (minus < 255), i, out, written);
    }
    return written;
}

const struct screen_pass seqnet_pass_portable = {LETTERS, ENTRIES, encode, candidates};
