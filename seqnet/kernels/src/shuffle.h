#ifndef SEQNET_SHUFFLE_H
#define SEQNET_SHUFFLE_H

#include <stddef.h>
#include <stdint.h>

enum { SEQNET_LETTERS = 5, SEQNET_LARGEST_K = 8 };

/* Shuffle each of n sequences, keeping how often every k-let occurs in it, and its first and last
 * k - 1 letters: sequence i is codes[offsets[i]] to before codes[offsets[i + 1]], letters 0 to 4. All
 * sequences with those k-lets between those ends are equally likely. streams[i] and seed decide the
 * result for sequence i, whatever else is shuffled. No sequence may be longer than INT32_MAX. Returns
 * whether there was too little memory. */
int seqnet_shuffle(const uint8_t *codes, const int64_t *offsets, const int64_t *streams, size_t n, int k,
                   uint64_t seed, uint8_t *out);

#endif
