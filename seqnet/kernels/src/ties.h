#ifndef SEQNET_TIES_H
#define SEQNET_TIES_H

#include <math.h>

/* Scores, bits, that round to the same multiple of this are equal; as in ties.py. */
#define SEQNET_TIE 1e-9

/* Round a score to a multiple of SEQNET_TIE, to the bit as ties.py does; no negative zero. */
static inline double seqnet_rounded(double score) {
    return fabs(score) < 0x1p20 ? rint(score * 1e9) / 1e9 + 0.0 : score;
}

#endif
