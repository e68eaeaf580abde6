#include "border.h"

#include <stdlib.h>

#include "../kmer_words.h"
#include "../word_covers.h"
#include "rules.h"

enum { CODES, ENDS, PLACES, LETTERS, MASKS, BASES, TABLES, STARTS, WEIGHTS, VALUES, COVERS, SUMS, CHANGES, WHOLES };
enum { WIDTH, FEATURES, HASH_BITS, SHARES };

/* Whether windows and edits have the sizes that they should; sets the error if not. */
static int edits_fit(const struct call *c, Py_ssize_t width, Py_ssize_t windows) {
    const int64_t *ends = c->p[ENDS], *places = c->p[PLACES];
    const Py_ssize_t edits = c->counts['e'];
    if (!seqnet_require(windows >= 0 && width >= 1 && width <= INT32_MAX && windows <= PY_SSIZE_T_MAX / width,
                        "windows are too many, or of a wrong size") ||
        !seqnet_holds(&c->b[ENDS], windows + 1, sizeof(int64_t), "ends") ||
        !seqnet_holds(&c->b[CODES], windows * width, 1, "codes") || !seqnet_ascend(ends, windows, edits))
        return 0;
    int good = ends[0] == 0 && ends[windows] == edits;
    for (Py_ssize_t i = 0; i < edits; i++) good &= places[i] >= 0 && places[i] < width;
    return seqnet_require(good, "edits must lie within their windows, and all belong to one");
}

/* Whether weights, values and results have the sizes that they should; sets the error if not. */
static int function_fits(const struct call *c, const struct word_function *function, Py_ssize_t windows) {
    const Py_ssize_t size = sizeof(double), tasks = (Py_ssize_t)function->tasks;
    const size_t values = c->counts['v'], width = c->n[WIDTH], most = seqnet_largest_group(function);
    return seqnet_holds(&c->b[WEIGHTS], tasks * c->n[FEATURES], size, "weights") &&
           seqnet_holds(&c->b[CHANGES], c->counts['e'] * tasks, size, "changes") &&
           seqnet_holds(&c->b[WHOLES], windows * tasks, size, "wholes") &&
           seqnet_require(most <= (size_t)(INT32_MAX / 2) / width &&
                              (!values || (values > most * width && function->values[0] == 0)),
                          "values must begin with 0 and reach the largest count");
}

/* The covers of a call, allocated; NULL with the error set if one does not fit. */
static struct word_cover *make_covers(const struct call *c) {
    const uint32_t *masks = c->p[COVERS];
    const size_t count = c->counts['k'], room = c->counts['s'];
    struct word_cover *covers = malloc((count + 1) * sizeof *covers);
    if (!covers) PyErr_NoMemory();
    size_t used = 0;
    for (size_t i = 0; covers && i < count; i++) {
        covers[i] = (struct word_cover){masks[i], (const double *)c->p[SUMS] + used};
        if (!seqnet_rule_fits(masks[i], 0, used, room)) {
            free(covers);
            return NULL;
        }
        used += (size_t)1 << 2 * informative(masks[i]);
    }
    return covers;
}

PyObject *seqnet_border_edit_words(const struct call *c) {
    const Py_ssize_t features = c->n[FEATURES], hash_bits = c->n[HASH_BITS], width = c->n[WIDTH];
    const Py_ssize_t windows = items(&c->b[ENDS], sizeof(int64_t)) - 1;
    if (!seqnet_require(features >= 1 && features <= INT32_MAX && hash_bits >= 0 && hash_bits <= 30 &&
                            (!hash_bits || features == (Py_ssize_t)1 << hash_bits),
                        "features are too many, or of a wrong number") ||
        !edits_fit(c, width, windows))
        return NULL;
    struct word_cover *covers = make_covers(c);
    struct kmer_rule *rules = covers ? seqnet_make_rules(c, MASKS) : NULL;
    if (!rules) {
        free(covers);
        return NULL;
    }
    const struct word_function function = {
        rules, c->counts['m'], features, hash_bits, c->p[WEIGHTS],
        items(&c->b[WEIGHTS], sizeof(double)) / features, c->counts['v'] ? c->p[VALUES] : NULL, c->n[SHARES] != 0,
        covers, c->counts['k'],
    };
    const struct edited_windows edited = {c->p[CODES], windows, width, c->p[ENDS], c->p[PLACES], c->p[LETTERS]};
    enum kmer_outcome outcome = KMER_NO_ROOM;
    const int good = function_fits(c, &function, windows);
    if (good) WITHOUT_GIL(outcome = seqnet_edit_words(&edited, &function, c->p[CHANGES], c->p[WHOLES]));
    free(rules);
    free(covers);
    if (!good || !seqnet_require(outcome != KMER_NO_COLUMN, "tables must lead to columns below features"))
        return NULL;
    return seqnet_none_unless(outcome != KMER_DONE);
}
