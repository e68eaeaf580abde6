#ifndef SEQNET_WORD_MAXIMA_H
#define SEQNET_WORD_MAXIMA_H

#include <stddef.h>
#include <stdint.h>

#include "cpu.h"

#define MAXIMA_BASES 3     /* of a word */
#define MAXIMA_ENTRIES 125 /* words of as many letters out of five: a base or none */

/* Rows of words below MAXIMA_ENTRIES, each by the position it begins at. */
struct word_rows {
    const uint8_t *words;
    size_t length; /* of each row */
};

/* What the words of a filter add: for each of them MAXIMA_ENTRIES rows of a finite value per filter. */
struct word_tables {
    const float *values;
    size_t words, filters;
};

/* Along which row of words, and from which of its positions on, each row of maxima is made. */
struct word_starts {
    const int64_t *row, *begin;
    size_t count;
};

struct word_pool {
    size_t span, stride;
    float floor;  /* no maximum is less */
    size_t count; /* maxima in each row */
};

/* Write the maxima of span sums each, every stride positions: out is starts.count x pool.count x filters.
 * The sum at position t adds to 0, in this order, the rows of words[t], words[t + MAXIMA_BASES] and so on in
 * their tables. Rows of maxima one after another that start in the same row of words share its sums. Returns
 * whether memory ran out. */
int seqnet_word_maxima(enum cpu_kind kind, struct word_rows rows, struct word_tables tables,
                       struct word_starts starts, struct word_pool pool, float *out);

#endif
