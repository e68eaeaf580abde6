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
    if (!good) seqnet_refuse("maxima must lie within the rows of words");
    for (size_t i = 0; good && i < (size_t)rows * length; i++) good = of.words[i] < MAXIMA_ENTRIES;
    if (!good && !PyErr_Occurred()) PyErr_Format(PyExc_ValueError, "words must be below %d", MAXIMA_ENTRIES);
    return good;
}

PyDoc_STRVAR(word_maxima_doc,
             "word_maxima(kind, words, tables, row, begin, rows, filters, span, stride, floor, out) -> None");

static PyObject *word_maxima(const struct call *c) {
    enum { MOST = 1 << 20 };
    enum { WORDS, TABLES, ROW, BEGIN, OUT };
    const Py_buffer *b = c->b;
    const Py_ssize_t rows = c->n[0], filters = c->n[1], span = c->n[2], stride = c->n[3];
    if (rows < 1 || filters < 1 || filters > MOST || span < 1 || span > MOST || stride < 1 || stride > MOST)
        return seqnet_refuse("rows, filters, span and stride must be positive and not too large");
    const Py_ssize_t size = sizeof(float), starts = items(&b[ROW], sizeof(int64_t));
    const Py_ssize_t words = b[TABLES].len / (size * MAXIMA_ENTRIES * filters), length = b[WORDS].len / rows;
    const Py_ssize_t count = starts ? b[OUT].len / (size * filters) / starts : 0;
    if (!seqnet_holds(&b[WORDS], rows * length, 1, "words") ||
        !seqnet_holds(&b[TABLES], (words ? words : 1) * MAXIMA_ENTRIES * filters, size, "tables") ||
        !seqnet_holds(&b[ROW], starts, sizeof(int64_t), "row") ||
        !seqnet_holds(&b[BEGIN], starts, sizeof(int64_t), "begin") ||
        !seqnet_holds(&b[OUT], starts * count * filters, size, "out"))
        return NULL;
    const struct word_rows of = {b[WORDS].buf, (size_t)length};
    const struct word_tables tables = {b[TABLES].buf, (size_t)words, (size_t)filters};
    const struct word_starts from = {b[ROW].buf, b[BEGIN].buf, (size_t)starts};
    const struct word_pool pool = {(size_t)span, (size_t)stride, (float)c->x[0], (size_t)count};
    if (!maxima_within(rows, of, tables, from, pool)) return NULL;
    int failed;
    Py_BEGIN_ALLOW_THREADS
    failed = seqnet_word_maxima(c->kind, of, tables, from, pool, b[OUT].buf);
    Py_END_ALLOW_THREADS
    return seqnet_none_unless(failed);
}

struct function seqnet_border_word_maxima[] = {FUNCTION(word_maxima, "krrrrnnnnxw"), END_OF_FUNCTIONS};
