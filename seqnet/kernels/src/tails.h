#ifndef SEQNET_TAILS_H
#define SEQNET_TAILS_H

#include <stddef.h>
#include <stdint.h>

/* Lengthen ascending partial sums by one motif column: every sum plus each of the column's four
 * deficits, up to limit, ascending; sums within tie of the one before are counted as one. Weights
 * multiply by the letters' weights and add up within a group, in order of sum, then of the old
 * sum's place, then of the letter. Only the first groups are made, as many as there is room for (4 n
 * hold all). Returns how many were written. */
size_t seqnet_extend(const double *sums, const double *weights, size_t n, const double column[4],
                     const double letters[4], double limit, double tie, double *out_sums,
                     double *out_weights, size_t room);

/* Distribution of a sum of whole-number deficits, one per column: tail[k] is the probability that
 * the sum is at most k. shifts holds width rows of four deficits, negative for letters left out;
 * scratch has room for bins. */
void seqnet_grid_tail(const int64_t *shifts, size_t width, const double letters[4], double *tail,
                      double *scratch, size_t bins);

#endif
