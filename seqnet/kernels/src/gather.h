#ifndef SEQNET_GATHER_H
#define SEQNET_GATHER_H

#include <stddef.h>
#include <stdint.h>

#include "cpu.h"

/* Windows of one width in an array: window i begins at start[i], which may lie anywhere; what is outside
 * low[i]..high[i] is not there. Where flip[i] is not 0 the window is read backwards. */
struct places {
    const int64_t *start, *low, *high;
    const uint8_t *flip;
    size_t count, width;
};

/* Write each window of codes as one-hot: out is count x width x channels, of which the first four are
 * set. Anything but 0..3, and what is not there, is all zeros; a flipped window is complemented. */
void seqnet_gather_one_hot(enum cpu_kind kind, const uint8_t *codes, struct places places,
                           size_t channels, float *out);

/* Write each window of values into one channel of out, zeros where it is not there. */
void seqnet_gather_values(const float *values, struct places places, size_t channels, size_t channel,
                          float *out);

#endif
