#include "border.h"

#include <stdlib.h>

#include "../word_edits.h"
#include "rules.h"

PyDoc_STRVAR(edit_words_doc,
             "edit_words(codes, width, ends, places, letters, masks, bases, tables, starts, features,\n"
             "hash_bits, weights, values, shares, changes, wholes) -> None, the last two are filled");

enum { CODES, ENDS, PLACES, LETTERS, MASKS, BASES, TABLES, STARTS, WEIGHTS, VALUES, CHANGES, WHOLES };
enum { WIDTH, FEATURES, HASH_BITS, SHARES };

/* Whether windows and edits have the sizes that they should; sets the error if not. */
static int edits_fit(const Py_buffer *b, Py_ssize_t width, Py_ssize_t windows) {
    const int64_t *ends = b[ENDS].buf, *places = b[PLACES].buf;
    const Py_ssize_t edits = b[LETTERS].len;
    if (windows < 0 || width < 1 || width > INT32_MAX || windows > PY_SSIZE_T_MAX / width) {
        seqnet_refuse("windows are too many, or of a wrong size");
        return 0;
    }
    if (!seqnet_holds(&b[ENDS], windows + 1, sizeof(int64_t), "ends") ||
        !seqnet_holds(&b[CODES], windows * width, 1, "codes") ||
        !seqnet_holds(&b[PLACES], edits, sizeof(int64_t), "places") || !seqnet_ascend(ends, windows, edits))
        return 0;
    int good = ends[0] == 0 && ends[windows] == edits;
    for (Py_ssize_t i = 0; i < edits; i++) good &= places[i] >= 0 && places[i] < width;
    if (!good) seqnet_refuse("edits must lie within their windows, and all belong to one");
    return good;
}

/* Whether weights, values and results have the sizes that they should; sets the error if not. */
static int function_fits(const struct call *c, const struct word_function *function, Py_ssize_t windows) {
    const Py_buffer *b = c->b;
    const Py_ssize_t size = sizeof(double), tasks = (Py_ssize_t)function->tasks, edits = b[LETTERS].len;
    const Py_ssize_t values = items(&b[VALUES], sizeof(double)), width = c->n[WIDTH];
    const size_t most = seqnet_largest_group(function);
    if (!seqnet_holds(&b[WEIGHTS], tasks * c->n[FEATURES], size, "weights") ||
        !seqnet_holds(&b[VALUES], values, size, "values") ||
        !seqnet_holds(&b[CHANGES], edits * tasks, size, "changes") ||
        !seqnet_holds(&b[WHOLES], windows * tasks, size, "wholes"))
        return 0;
    const int good = most <= (size_t)(INT32_MAX / 2) / (size_t)width &&
                     (!values || ((size_t)values > most * (size_t)width && function->values[0] == 0));
    if (!good) seqnet_refuse("values must begin with 0 and reach the largest count");
    return good;
}

static PyObject *edit_words(const struct call *c) {
    const Py_buffer *b = c->b;
    const Py_ssize_t features = c->n[FEATURES], hash_bits = c->n[HASH_BITS];
    const Py_ssize_t windows = items(&b[ENDS], sizeof(int64_t)) - 1, count = items(&b[MASKS], sizeof(uint32_t));
    if (features < 1 || features > INT32_MAX || hash_bits < 0 || hash_bits > 30 ||
        (hash_bits && features != (Py_ssize_t)1 << hash_bits))
        return seqnet_refuse("features are too many, or of a wrong number");
    if (!edits_fit(b, c->n[WIDTH], windows)) return NULL;
    struct kmer_rule *rules = seqnet_make_rules(&b[MASKS], &b[BASES], &b[TABLES], &b[STARTS], count);
    if (!rules) return NULL;
    const size_t tasks = (size_t)(items(&b[WEIGHTS], sizeof(double)) / features);
    const struct word_function function = {
        rules, (size_t)count, (size_t)features, (unsigned)hash_bits, b[WEIGHTS].buf, tasks,
        b[VALUES].len ? b[VALUES].buf : NULL, c->n[SHARES] != 0,
    };
    const struct edited_windows held = {b[CODES].buf, (size_t)windows, (size_t)c->n[WIDTH],
                                        b[ENDS].buf,  b[PLACES].buf,   b[LETTERS].buf};
    enum kmer_outcome outcome = KMER_NO_ROOM;
    const int good = function_fits(c, &function, windows);
    if (good) {
        Py_BEGIN_ALLOW_THREADS
        outcome = seqnet_edit_words(&held, &function, b[CHANGES].buf, b[WHOLES].buf);
        Py_END_ALLOW_THREADS
    }
    free(rules);
    if (!good) return NULL;
    if (outcome == KMER_NO_COLUMN) return seqnet_refuse("tables must lead to columns below features");
    return seqnet_none_unless(outcome != KMER_DONE);
}

struct function seqnet_border_word_edits[] = {FUNCTION(edit_words, "rnrrrrrrrnnrrtww"), END_OF_FUNCTIONS};
