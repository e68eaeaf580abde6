#ifndef SEQNET_TEXT_H
#define SEQNET_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Larger numbers are not written here: 10^6 times them would leave 63 bits. */
#define SEQNET_FIXED_LIMIT 8796093022208.0 /* 2^43 */
/* Larger ones would need the other end of the exponents. */
#define SEQNET_GENERAL_LIMIT 1e5

/* Write a number of size below SEQNET_FIXED_LIMIT as printf's %.6f in the C locale, exactly rounded,
 * half to even. Returns where the text ends; it takes at most 21 bytes. */
char *seqnet_fixed(char *out, double value);

/* Write a number of size below SEQNET_GENERAL_LIMIT as printf's %.6g; at most 13 bytes. */
char *seqnet_general(char *out, double value);

/* Texts of several motifs, one behind the other: that of motif i is bytes[ends[i - 1]..ends[i]), the
 * first begins at 0. */
struct texts {
    const char *bytes;
    const int64_t *ends;
};

/* The hits of a stretch of one sequence as columns, and the other fields of their lines. */
struct hit_columns {
    const char *sequence; /* its name */
    size_t sequence_size;
    int64_t shift;        /* from the first code to the first base of the sequence */
    const uint8_t *codes; /* A C G T as 0 1 2 3, anything else is N */
    const int64_t *start; /* in codes */
    const int32_t *motif;
    const int8_t *strand;
    const int64_t *level; /* the score column */
    const double *score, *p_value;
    size_t count;
    struct texts names, alternates;
    const int64_t *widths; /* of the motifs */
};

/* How many bytes seqnet_hit_lines may need. */
size_t seqnet_hit_lines_size(const struct hit_columns *hits);

/* Write BED6+5 lines: name of the sequence, start, end, motif, level, strand, score, p-value, a dot,
 * the word as its strand reads, alternate name. Returns how many bytes were written. */
size_t seqnet_hit_lines(const struct hit_columns *hits, char *out);

#endif
