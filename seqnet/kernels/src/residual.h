#ifndef SEQNET_RESIDUAL_H
#define SEQNET_RESIDUAL_H

#include <stddef.h>

#include "cpu.h"

/* Residual blocks x + conv(relu(norm(x))) of three taps, of sequences or of edits of them.
 *
 * Two neighbouring outputs of three taps take four products instead of six (Winograd 1980, F(2, 3)): of
 * inputs a b c d, a dilation apart, and taps g,
 *
 *     p = (a - c) g0    q = (b + c) (g0 + g1 + g2) / 2    r = (c - b) (g0 - g1 + g2) / 2    s = (b - d) g2
 *     p + q + r = a g0 + b g1 + c g2        q - r - s = b g0 + c g1 + d g2
 *
 * Of an edit, what two neighbouring inputs a b change are four outputs. The same four matrices give them,
 * which is the transposed form:
 *
 *     p = b g0          q = (a + b) (g0 + g1 + g2) / 2    r = (a - b) (g0 - g1 + g2) / 2    s = a g2
 *     s = a g2    q - r - p = a g1 + b g2    q + r - s = a g0 + b g1    p = b g0
 *
 * Either way, what an output adds up comes from those inputs alone that it reads, so that no input thousands
 * of times larger can take digits from outputs that do not read it. */

enum { RESIDUAL_PANEL = 32 }; /* filters that lie side by side in the matrices */

struct residual_block {
    size_t channels; /* a multiple of the panel */
    size_t dilation;
    const float *scale, *shift; /* of the norm, channels each */
    const float *matrices;      /* 4 x channels / panel x channels x panel: by which p q r s multiply */
    const float *bias;          /* channels */
};

/* Edits of sequences: window positions x rows x places x bases, whose unedited values lie apart. */
struct residual_edits {
    size_t positions, rows, places, bases;
    const float *unedited; /* of the first position, row and place */
    size_t position_stride, row_stride, place_stride;
    ptrdiff_t start;     /* position of the first place's window; others begin `step` further on each */
    size_t step, length; /* positions of a sequence: the layer's values behind its ends are 0 */
    int differs;         /* whether they are given as differences from the unedited values */
};

/* Where what a relu makes of edits goes: its differences, positions x edits x channels, and over the positions
 * of each edit that lie within the sequence the highest value and the sum of differences, edits x channels. */
struct rectified {
    float *differences, *highest, *total;
};

/* Whether this runs here with that kind of kernels. */
int seqnet_residual_supported(enum cpu_kind kind);

/* Apply a block to x, rows x length x channels. 0, or -1 without memory. */
int seqnet_residual_rows(enum cpu_kind kind, const struct residual_block *block, const float *x, size_t rows,
                         size_t length, float *out);

/* Apply a block to edits, positions x rows x places x bases x channels: out has 2 x dilation positions more,
 * which begin a dilation earlier, and holds differences. 0, or -1 without memory. */
int seqnet_residual_edits(enum cpu_kind kind, const struct residual_block *block, const float *x,
                          const struct residual_edits *edits, float *out);

/* Apply a relu to edits, given as differences that have not been multiplied by scale yet: of these channels. */
void seqnet_rectify_edits(enum cpu_kind kind, const float *scale, size_t channels, const float *x,
                          const struct residual_edits *edits, const struct rectified *out);

#endif
