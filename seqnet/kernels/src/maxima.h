#ifndef SEQNET_MAXIMA_H
#define SEQNET_MAXIMA_H

#include <stddef.h>

#include "cpu.h"

/* Windows of rows: count of them, of span rows each, stride rows apart. */
struct pool {
    size_t span, stride, count;
};

/* Write the maximum of each column of every window: out is count x columns. It is NaN where a value is. */
void seqnet_maxima(enum cpu_kind kind, const float *rows, size_t columns, struct pool pool, float *out);

#endif
