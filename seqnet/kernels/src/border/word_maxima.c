#include "border.h"

#include "../word_maxima.h"

/* Whether each row of maxima lies within the rows of words; sets the error if not. */
static int maxima_within(Py_ssize_t rows, struct word_rows of, struct word_tables tables,
                         struct word_starts starts, struct word_pool pool) {
    const size_t behind = MAXIMA_BASES * (tables.words - 1) + pool.span, length = of.length;
    /* without products or sums that could be too large */
    int good = !pool.count || (behind <= length && (pool.count - 1) <= (length - behind) / pool.stride);
    const size_t reach = good && pool.count ? (pool.count - 1) * pool.stride + behind : 0;
    for (size_t i = 0; good && i < starts.count; i++)
        good = starts.row[i] >= 0 && starts.row[i] < rows && starts.begin[i] >= 0 &&
               (uint64_t)starts.begin[i] <= length - reach;
    if (!seqnet_require(good, "maxima must lie within the rows of words")) return 0;
    for (size_t i = 0; good && i < (size_t)rows * length; i++) good = of.words[i] < MAXIMA_ENTRIES;
    return seqnet_require(good, "words must be below %d", MAXIMA_ENTRIES);
}

PyObject *seqnet_border_word_maxima(const struct call *c) {
    enum { WORDS, TABLES, ROW, BEGIN, OUT, MOST = 1 << 20 };
    const Py_ssize_t rows = c->n[0], filters = c->n[1], span = c->n[2], stride = c->n[3];
    if (!seqnet_require(rows >= 1 && filters >= 1 && filters <= MOST && span >= 1 && span <= MOST &&
                            stride >= 1 && stride <= MOST,
                        "rows, filters, span and stride must be positive and not too large"))
        return NULL;
    const Py_ssize_t starts = c->counts['s'], size = sizeof(float), length = c->b[WORDS].len / rows;
    const Py_ssize_t words = c->b[TABLES].len / (size * MAXIMA_ENTRIES * filters);
    const Py_ssize_t count = starts ? c->b[OUT].len / (size * filters) / starts : 0;
    if (!seqnet_holds(&c->b[WORDS], rows * length, 1, "words") ||
        !seqnet_holds(&c->b[TABLES], (words ? words : 1) * MAXIMA_ENTRIES * filters, size, "tables") ||
        !seqnet_holds(&c->b[OUT], starts * count * filters, size, "out"))
        return NULL;
    const struct word_rows of = {c->p[WORDS], length};
    const struct word_tables tables = {c->p[TABLES], words, filters};
    const struct word_starts from = {c->p[ROW], c->p[BEGIN], starts};
    const struct word_pool pool = {span, stride, (float)c->x[0], count};
    if (!maxima_within(rows, of, tables, from, pool)) return NULL;
    int failed;
    WITHOUT_GIL(failed = seqnet_word_maxima(c->kind, of, tables, from, pool, c->p[OUT]));
    return seqnet_none_unless(failed);
}
