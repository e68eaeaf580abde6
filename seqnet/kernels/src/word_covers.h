#ifndef SEQNET_WORD_COVERS_H
#define SEQNET_WORD_COVERS_H

#include "word_edits.h"

/* The sums of weights of all rules whose informative bases are among its own, for each word that it reads: one
 * look-up takes the place of several. */
struct word_cover {
    uint32_t mask;      /* 1 to KMER_LONGEST bits */
    const double *sums; /* 4 to the power of their number */
};

/* Add the sums of covers over windows to the windows' totals; clear says of each window whether it has no
 * ambiguous base, and others are left as they are. */
void seqnet_add_covers(const struct edited_windows *windows, const struct word_cover *covers, size_t count,
                       const uint8_t *clear, double *totals);

#endif
