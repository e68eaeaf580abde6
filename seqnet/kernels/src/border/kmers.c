#include "border.h"

#include <stdlib.h>

#include "rules.h"

PyDoc_STRVAR(count_words_doc,
             "count_words(kind, codes, offsets, fresh, masks, bases, tables, starts, features, hash_bits,\n"
             "ends, columns, counts) -> how many counts there are\n\nThe last three are filled.");

enum { CODES, OFFSETS, FRESH, MASKS, BASES, TABLES, STARTS, ENDS, COLUMNS, COUNTS };

/* Whether a rule counts words of 1 to KMER_LONGEST bases with a table, if any, that has them all; sets
 * the error if not. */
static int rule_fits(uint32_t mask, int64_t base, int64_t start, Py_ssize_t room) {
    int bases = 0;
    for (uint32_t rest = mask; rest; rest &= rest - 1) bases++;
    if (bases < 1 || bases > KMER_LONGEST) {
        PyErr_Format(PyExc_ValueError, "masks must have 1 to %d bits", KMER_LONGEST);
    } else if (base < 0 || base > INT64_MAX / 2) {
        seqnet_refuse("bases must not be negative or too large");
    } else if (start >= 0 && (start > room || room - start < (Py_ssize_t)1 << 2 * bases)) {
        seqnet_refuse("starts must be of whole tables");
    } else {
        return 1;
    }
    return 0;
}

struct kmer_rule *seqnet_make_rules(const Py_buffer *masks, const Py_buffer *bases, const Py_buffer *tables,
                                    const Py_buffer *starts, Py_ssize_t count) {
    const uint32_t *mask = masks->buf;
    const int64_t *base = bases->buf, *start = starts->buf;
    const int32_t *table = tables->buf;
    const Py_ssize_t room = items(tables, sizeof(int32_t));
    if (!seqnet_holds(masks, count, sizeof(uint32_t), "masks") ||
        !seqnet_holds(bases, count, sizeof(int64_t), "bases") ||
        !seqnet_holds(starts, count, sizeof(int64_t), "starts"))
        return NULL;
    struct kmer_rule *rules = malloc(((size_t)count + 1) * sizeof *rules);
    if (!rules) PyErr_NoMemory();
    for (Py_ssize_t i = 0; rules && i < count; i++) {
        if (!rule_fits(mask[i], base[i], start[i], room)) {
            free(rules);
            return NULL;
        }
        rules[i] = (struct kmer_rule){mask[i], base[i], start[i] < 0 ? NULL : table + start[i]};
    }
    return rules;
}

/* Whether rows and columns can be counted; sets the error if not. */
static int counts_fit(const Py_buffer *b, Py_ssize_t rows, Py_ssize_t rules,
                      Py_ssize_t features, Py_ssize_t hash_bits) {
    const Py_ssize_t size = sizeof(int64_t);
    if (rows < 0) {
        seqnet_refuse("offsets must hold at least one value");
        return 0;
    }
    if (!seqnet_holds(&b[OFFSETS], rows + 1, size, "offsets") || !seqnet_holds(&b[FRESH], rows, size, "fresh") ||
        !seqnet_holds(&b[ENDS], rows, size, "ends") ||
        !seqnet_holds(&b[COLUMNS], b[COLUMNS].len / 4, sizeof(int32_t), "columns") ||
        !seqnet_holds(&b[COUNTS], b[COLUMNS].len / 4, sizeof(uint32_t), "counts") ||
        !seqnet_ascend(b[OFFSETS].buf, rows, b[CODES].len))
        return 0;
    const int64_t *offsets = b[OFFSETS].buf, *fresh = b[FRESH].buf;
    int good = features >= 1 && features <= INT32_MAX && hash_bits >= 0 && hash_bits <= 30 &&
               (!hash_bits || features == (Py_ssize_t)1 << hash_bits);
    for (Py_ssize_t i = 0; i < rows; i++)
        good &= fresh[i] >= 0 && (!rules || offsets[i + 1] - offsets[i] <= UINT32_MAX / rules);
    if (!good) seqnet_refuse("rows or features are too many, or of a wrong size");
    return good;
}

static PyObject *count_words(const struct call *c) {
    const Py_buffer *b = c->b;
    const Py_ssize_t features = c->n[0], hash_bits = c->n[1];
    const Py_ssize_t rows = items(&b[OFFSETS], sizeof(int64_t)) - 1, count = items(&b[MASKS], sizeof(uint32_t));
    if (!counts_fit(b, rows, count, features, hash_bits)) return NULL;
    struct kmer_rule *rules = seqnet_make_rules(&b[MASKS], &b[BASES], &b[TABLES], &b[STARTS], count);
    if (!rules) return NULL;
    const struct kmer_rows held = {b[CODES].buf, b[OFFSETS].buf, b[FRESH].buf, (size_t)rows};
    const size_t room = (size_t)items(&b[COLUMNS], sizeof(int32_t));
    struct kmer_counts found = {b[COLUMNS].buf, b[COUNTS].buf, 0, room};
    enum kmer_outcome outcome;
    Py_BEGIN_ALLOW_THREADS
    outcome = seqnet_count_words(c->kind, &held, rules, (size_t)count, (size_t)features, (unsigned)hash_bits,
                                 b[ENDS].buf, &found);
    Py_END_ALLOW_THREADS
    free(rules);
    if (outcome == KMER_DONE) return PyLong_FromSize_t(found.used);
    if (outcome == KMER_NO_MEMORY) return PyErr_NoMemory();
    return seqnet_refuse(outcome == KMER_NO_ROOM ? "columns have no room for the counts"
                                                 : "tables must lead to columns below features");
}

struct function seqnet_border_kmers[] = {FUNCTION(count_words, "krrrrrrrnnwww"), END_OF_FUNCTIONS};
