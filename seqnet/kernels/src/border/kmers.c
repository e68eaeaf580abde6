#include "border.h"

#include <stdlib.h>

#include "../kmer_words.h"
#include "rules.h"

enum { CODES, OFFSETS, FRESH, MASKS, BASES, TABLES, STARTS, ENDS, COLUMNS, COUNTS };

int seqnet_rule_fits(uint32_t mask, int64_t base, int64_t start, Py_ssize_t room) {
    const unsigned bases = informative(mask);
    return seqnet_require(bases >= 1 && bases <= KMER_LONGEST, "masks must have 1 to %d bits", KMER_LONGEST) &&
           seqnet_require(base >= 0 && base <= INT64_MAX / 2, "bases must not be negative or too large") &&
           seqnet_require(start < 0 || (start <= room && room - start >= (Py_ssize_t)1 << 2 * bases),
                          "starts must be of whole tables");
}

struct kmer_rule *seqnet_make_rules(const struct call *c, int masks) {
    const uint32_t *mask = c->p[masks];
    const int64_t *base = c->p[masks + 1], *start = c->p[masks + 3];
    const int32_t *table = c->p[masks + 2];
    const Py_ssize_t count = c->counts['m'], room = items(&c->b[masks + 2], sizeof(int32_t));
    struct kmer_rule *rules = malloc(((size_t)count + 1) * sizeof *rules);
    if (!rules) PyErr_NoMemory();
    for (Py_ssize_t i = 0; rules && i < count; i++) {
        if (!seqnet_rule_fits(mask[i], base[i], start[i], room)) {
            free(rules);
            return NULL;
        }
        rules[i] = (struct kmer_rule){mask[i], base[i], start[i] < 0 ? NULL : table + start[i]};
    }
    return rules;
}

/* Whether rows and columns can be counted; sets the error if not. */
static int counts_fit(const struct call *c, Py_ssize_t features, Py_ssize_t hash_bits) {
    const int64_t *offsets = c->p[OFFSETS], *fresh = c->p[FRESH];
    const Py_ssize_t rows = c->counts['n'], rules = c->counts['m'];
    if (!seqnet_ascend(offsets, rows, c->b[CODES].len)) return 0;
    int good = features >= 1 && features <= INT32_MAX && hash_bits >= 0 && hash_bits <= 30 &&
               (!hash_bits || features == (Py_ssize_t)1 << hash_bits);
    for (Py_ssize_t i = 0; i < rows; i++)
        good &= fresh[i] >= 0 && (!rules || offsets[i + 1] - offsets[i] <= UINT32_MAX / rules);
    return seqnet_require(good, "rows or features are too many, or of a wrong size");
}

PyObject *seqnet_border_count_words(const struct call *c) {
    const Py_ssize_t features = c->n[0], hash_bits = c->n[1];
    struct kmer_rule *rules = counts_fit(c, features, hash_bits) ? seqnet_make_rules(c, MASKS) : NULL;
    if (!rules) return NULL;
    const struct kmer_rows rows = {c->p[CODES], c->p[OFFSETS], c->p[FRESH], c->counts['n']};
    struct kmer_counts counts = {c->p[COLUMNS], c->p[COUNTS], 0, c->counts['c']};
    enum kmer_outcome outcome;
    WITHOUT_GIL(outcome = seqnet_count_words(c->kind, &rows, rules, c->counts['m'], features, hash_bits,
                                             c->p[ENDS], &counts));
    free(rules);
    if (outcome == KMER_NO_MEMORY) return PyErr_NoMemory();
    return seqnet_require(outcome != KMER_NO_ROOM, "columns have no room for the counts") &&
                   seqnet_require(outcome == KMER_DONE, "tables must lead to columns below features")
               ? PyLong_FromSize_t(counts.used)
               : NULL;
}
