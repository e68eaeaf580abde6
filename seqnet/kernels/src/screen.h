#ifndef SEQNET_SCREEN_H
#define SEQNET_SCREEN_H

#include <stddef.h>
#include <stdint.h>

#include "cpu.h"

/* The windows of a sequence that reach a threshold, for many motifs at once and on both strands.
 *
 * A quick pass in bytes names candidates, never missing a hit; each candidate is then scored as
 * motifs/scan.py defines it, in doubles, columns in the motif's order. */

struct screen; /* never changes once made: threads may share one */

/* Prepare motifs; NULL without memory.
 *   widths: columns of each motif, at least 1
 *   scores: the motifs' columns of 4 doubles (A C G T), one motif after another; finite or -inf
 *   thresholds: for each motif the lowest score that is a hit on + and on - */
struct screen *seqnet_screen_new(enum cpu_kind kind, size_t motifs, const int64_t *widths,
                                 const double *scores, const double *thresholds);

void seqnet_screen_free(struct screen *screen);

/* Hits as columns, sorted by start, end, motif and strand (+ first). */
struct found {
    size_t count, room;
    int64_t *start;
    int32_t *motif;
    int8_t *strand; /* 1 or -1 */
    double *score;
};

/* Find the hits that start before starts (at most n) and lie inside n codes; codes above 3 are
 * ambiguous. Returns 0, or -1 without memory. The caller frees found in either case. */
int seqnet_screen_find(const struct screen *screen, const uint8_t *codes, size_t n, size_t starts,
                       struct found *found);

void seqnet_found_free(struct found *found);

#endif
