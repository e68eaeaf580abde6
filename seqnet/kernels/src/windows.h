#ifndef SEQNET_WINDOWS_H
#define SEQNET_WINDOWS_H

#include <stddef.h>
#include <stdint.h>

/* A motif: scores holds width (at least 1) rows of four, finite and at most 1e100 in size, or
 * -inf. Bases are codes: 0 to 3 for A C G T, more for an ambiguous base. The score of a window is
 * the sum of its columns' scores in the order of the columns, on the minus strand with the window
 * read as its reverse complement; NaN where the window holds an ambiguous base. */
struct seqnet_motif {
    const double *scores;
    size_t width;
};

/* Which strands are read: one, or both, where the higher score is the window's. */
enum seqnet_strand { SEQNET_MINUS = -1, SEQNET_HIGHER = 0, SEQNET_PLUS = 1 };

/* Score each of the length - width + 1 windows of codes (none if that is below 1) into out.
 * Returns 0, or -1 without memory. */
int seqnet_track(const uint8_t *codes, size_t length, struct seqnet_motif motif,
                 enum seqnet_strand strand, double *out);

/* The same, each score rounded to float. */
int seqnet_track_float(const uint8_t *codes, size_t length, struct seqnet_motif motif,
                       enum seqnet_strand strand, float *out);

/* What is known of each of a number of sequences; see seqnet_summarise. */
struct seqnet_summaries {
    int64_t *start;
    int8_t *strand;
    double *score;
    int64_t *hits;
    double *total;
};

/* Summarise sequences that lie one after the other: sequence i is codes[offsets[i]] up to
 * codes[offsets[i + 1]], the offsets ascending. Scores and thresholds are rounded as in ties.h before
 * they are compared. Its best window on the strands read is the one of the highest score, then the
 * leftmost, then + before -; start counts from the sequence's first base and is -1, with
 * strand 0 and score NaN, where no window has a score. A window is a hit of a strand if its score
 * is at least thresholds[0] on + or thresholds[1] on -, neither NaN; hits counts them, and total is
 * the sum of their scores in order of start, + before -. Returns 0, or -1 without memory. */
int seqnet_summarise(const uint8_t *codes, const int64_t *offsets, size_t sequences,
                     struct seqnet_motif motif, enum seqnet_strand strand,
                     const double thresholds[2], struct seqnet_summaries out);

#endif
