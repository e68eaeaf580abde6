#ifndef SEQNET_OCCUPANCY_H
#define SEQNET_OCCUPANCY_H

#include <stddef.h>
#include <stdint.h>

/* A motif cut into chunks: chunk c is looked up by the word that starts offsets[c] bases into a window, in
 * the table of size entries at tables + c * size. */
struct chunks {
    size_t count, size;
    const int64_t *offsets;
    const double *tables;
};

/* Add to out[i], for every row i of words (rows x places), the sum over its windows of the product of what
 * their chunks look up. */
void seqnet_occupancy(const uint16_t *words, size_t rows, size_t places, size_t windows, struct chunks chunks,
                      double *out);

#endif
