#ifndef SEQNET_WORD_EDITS_H
#define SEQNET_WORD_EDITS_H

#include "kmers.h"

struct word_cover;

/* n windows of codes, one behind the other, and their edits: those of window i are
 * ends[i]..ends[i + 1), each with the place in its window and the base that is put there. */
struct edited_windows {
    const uint8_t *codes; /* A C G T as 0 1 2 3, anything else is ambiguous */
    size_t count, width;
    const int64_t *ends;  /* count + 1 */
    const int64_t *place; /* below width */
    const uint8_t *base;
};

/* A function of the counts of words: for each task the sum over columns of a weight times a value of the count.
 * Rules of one base, one after the other, are a group; columns of different groups are apart, and all rules
 * are one group where columns are hashed. */
struct word_function {
    const struct kmer_rule *rules;
    size_t rule_count, features;
    unsigned hash_bits;
    const double *weights; /* features x tasks */
    size_t tasks;
    const double *values; /* of each count, that of 0 is 0; NULL where they are the counts */
    int shares;           /* whether the sum over a group is divided by the number of its words */
    const struct word_cover *covers; /* a rule is covered by the first that has its informative bases */
    size_t cover_count; /* used where there is one task, and its sum is one of weights of words */
};

/* Fill wholes (windows x tasks) with the function of each window and changes (edits x tasks) with what each edit
 * alone adds. Values must reach up to as many words as a group has in a window. */
enum kmer_outcome seqnet_edit_words(const struct edited_windows *windows, const struct word_function *function,
                                    double *changes, double *wholes);

/* How many rules the largest group has. */
size_t seqnet_largest_group(const struct word_function *function);

#endif
