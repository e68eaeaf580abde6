#ifndef SEQNET_KMER_WORDS_H
#define SEQNET_KMER_WORDS_H

/* The word of a window's informative bases, and the hash of a column: of all kernels that look up words. */

#include "kmers.h"

#define INLINE static inline __attribute__((always_inline))

/* The informative bases of a window are in stretches; each is moved down to its place in the word. */
struct stretches {
    unsigned count, down[KMER_WIDEST];
    uint64_t bits[KMER_WIDEST];
};

static inline struct stretches stretches_of(uint32_t mask) {
    struct stretches found = {0};
    unsigned below = 0; /* informative bases so far */
    for (unsigned at = 0; at < KMER_WIDEST;) {
        if (!(mask >> at & 1)) {
            at++;
            continue;
        }
        const unsigned begin = at, low = below;
        while (at < KMER_WIDEST && mask >> at & 1) at++, below++;
        found.down[found.count] = 2 * (begin - low);
        found.bits[found.count++] = ((UINT64_C(1) << 2 * (at - begin)) - 1) << 2 * low;
    }
    return found;
}

/* Steele, Lea and Flood 2014 (splitmix64): every bit of the result depends on every bit of the key. */
static inline uint64_t mixed(uint64_t key) {
    key += UINT64_C(0x9e3779b97f4a7c15);
    key = (key ^ key >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    key = (key ^ key >> 27) * UINT64_C(0x94d049bb133111eb);
    return key ^ key >> 31;
}

/* The word of a window; no stretches mean one that ends where the window does. */
INLINE uint64_t word_in(uint64_t window, const struct stretches *parts, unsigned stretches) {
    uint64_t word = stretches ? window >> parts->down[0] & parts->bits[0] : window & parts->bits[0];
    for (unsigned i = 1; i < stretches; i++) word |= window >> parts->down[i] & parts->bits[i];
    return word;
}

/* Bases from the first informative one of a window to its last base. */
static inline unsigned span_of(uint32_t mask) {
    unsigned span = 0;
    for (; mask; mask >>= 1) span++;
    return span;
}

static inline unsigned informative(uint32_t mask) {
    unsigned bases = 0;
    for (; mask; mask &= mask - 1) bases++;
    return bases;
}

#endif
