#ifndef SEQNET_FASTA_H
#define SEQNET_FASTA_H

#include <stddef.h>
#include <stdint.h>

#include "cpu.h"

/* Entries of a translation table that are not codes; kernels/fasta.py holds the same numbers. */
#define SEQNET_SKIP 0xFE
#define SEQNET_INVALID 0xFF

struct encoded {
    size_t written;  /* codes stored in out */
    size_t consumed; /* bytes of data used: all of them, or up to the first invalid one */
    size_t lines;    /* line feeds among the bytes used */
};

/* Translate n bytes of data through table into out (room for n codes; all of it may be written). */
struct encoded seqnet_encode(enum cpu_kind kind, const uint8_t *data, size_t n,
                             const uint8_t table[256], uint8_t *out);

/* Whole records of FASTA text, from the '>' of a header on, one behind the other. */
struct records {
    size_t count;    /* records that end inside the text: another header follows */
    size_t consumed; /* bytes used, up to the header of the first record that does not, or is odd */
    size_t lines;    /* line feeds among them */
    size_t named;    /* bytes of names written */
};

#define SEQNET_LONGEST_HEADER ((size_t)1 << 20) /* bytes; formats/fasta.py says the same */

/* Translate whole records, at most limit, as seqnet_encode does. Codes follow each other in out (room for n),
 * ends[i] is where those of record i end; names (room for n) receives the first word of each header, a line
 * feed behind it. A record whose header has no word or is too long, or with an invalid byte, ends them. */
struct records seqnet_records(enum cpu_kind kind, const uint8_t *data, size_t n, const uint8_t table[256],
                              size_t limit, uint8_t *out, int64_t *ends, uint8_t *names);

#endif
