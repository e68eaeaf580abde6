#ifndef SEQNET_FASTA_H
#define SEQNET_FASTA_H

#include <stddef.h>
#include <stdint.h>

#include "screen.h"

/* Entries of a translation table that are not codes; kernels/fasta.py holds the same numbers. */
#define SEQNET_SKIP 0xFE
#define SEQNET_INVALID 0xFF

struct encoded {
    size_t written;  /* codes stored in out */
    size_t consumed; /* bytes of data used: all of them, or up to the first invalid one */
    size_t lines;    /* line feeds among the bytes used */
};

/* Translate n bytes of data through table into out (room for n codes; all of it may be written). */
struct encoded seqnet_encode(enum screen_kind kind, const uint8_t *data, size_t n,
                             const uint8_t table[256], uint8_t *out);

#endif
