#ifndef SEQNET_SCREEN_PASS_H
#define SEQNET_SCREEN_PASS_H

/* The quick pass, which each kind of processor does in its own way.
 *
 * Positions are read a group of letters at a time: index[i] codes the letters at i, i + 1, ... (the
 * first one lowest), and a motif has for each group and strand one table of a byte per index. The
 * bytes of a window are added with saturation; a window whose sum stays below 255 is a candidate. */

#include <stddef.h>
#include <stdint.h>

#include "cpu.h"

/* Positions that a pass may take in one step: it works on whole steps. */
#define SCREEN_STEP 128

struct screen_pass {
    size_t letters; /* of a group */
    size_t entries; /* of a table: 4 to the power of letters */

    /* Fill index[0..count) and, one bit per position, whether its letter is unambiguous. count is a
     * multiple of 64, and codes must be readable for letters - 1 more. */
    void (*encode)(const uint8_t *codes, size_t count, uint8_t *index, uint64_t *valid);

    /* List the candidates among the first count positions (a multiple of SCREEN_STEP) that are valid,
     * as 2 * position, + 1 on the minus strand, ascending. tables: for each group the table of + and
     * that of -. Group g of a position is read at index[position + g * letters]. out has room for
     * 2 * count + 1. */
    size_t (*candidates)(const uint8_t *index, const uint64_t *valid, size_t count,
                         const uint8_t *tables, size_t groups, uint16_t *out);
};

extern const struct screen_pass seqnet_pass_portable;
#if CPU_X86
extern const struct screen_pass seqnet_pass_avx2, seqnet_pass_avx512;
#endif

/* Append the set bits of both strands, without a branch on the strand: what is not set is written
 * over by the next. */
static inline size_t screen_list(uint64_t plus, uint64_t minus, size_t position, uint16_t *out,
                                 size_t written) {
    for (uint64_t both = plus | minus; both; both &= both - 1) {
        const int bit = __builtin_ctzll(both);
        const size_t name = 2 * (position + (size_t)bit);
        out[written] = (uint16_t)name;
        written += (plus >> bit) & 1;
        out[written] = (uint16_t)(name + 1);
        written += (minus >> bit) & 1;
    }
    return written;
}

#endif
