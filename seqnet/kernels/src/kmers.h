#ifndef SEQNET_KMERS_H
#define SEQNET_KMERS_H

#include <stddef.h>
#include <stdint.h>

#include "cpu.h"

enum {
    KMER_LONGEST = 12, /* informative bases of a word */
    KMER_WIDEST = 32,  /* bases of a window */
    KMER_BEYOND = 8,   /* counts that are written behind the last at most */
};

/* Which words are counted, and where. */
struct kmer_rule {
    uint32_t mask;        /* informative bases of the window, bit 0 its last base */
    int64_t base;         /* column of the first word */
    const int32_t *table; /* word to column, from base on; NULL where they are the same */
};

/* Rows of codes, one behind the other. */
struct kmer_rows {
    const uint8_t *codes;   /* A C G T as 0 1 2 3, anything else is ambiguous */
    const int64_t *offsets; /* count + 1: row i is codes[offsets[i]..offsets[i + 1]) */
    const int64_t *fresh;   /* count: windows that end before this code were counted before */
    size_t count;
};

/* The counts as CSR: columns ascend within a row. */
struct kmer_counts {
    int32_t *column;
    uint32_t *count;
    size_t used, room;
};

enum kmer_outcome { KMER_DONE, KMER_NO_MEMORY, KMER_NO_COLUMN, KMER_NO_ROOM };

/* Count the words of every row that hold no ambiguous base where they are informative. With hash_bits
 * the columns are folded into 1 << hash_bits by a hash, else one of features or beyond is
 * KMER_NO_COLUMN. ends (one a row) receives how many counts there are up to the row's end. A row may
 * have at most UINT32_MAX words over all rules. Room for as many counts as a row has bases for each rule,
 * but at most features, of all rows, and KMER_BEYOND, is enough. */
enum kmer_outcome seqnet_count_words(enum cpu_kind kind, const struct kmer_rows *rows,
                                     const struct kmer_rule *rules, size_t rule_count, size_t features,
                                     unsigned hash_bits, int64_t *ends, struct kmer_counts *out);

#endif
