/* Sums that are looked up once for several rules: see word_covers.h. */
#include "word_covers.h"

#include "kmer_words.h"

/* Two sums, so that one addition need not wait for the one before. */
INLINE double sum_over(const uint8_t *codes, size_t width, const struct stretches *of, unsigned count, size_t span,
                       const double *sums) {
    const struct stretches parts = *of;
    uint64_t window = 0;
    double even = 0, odd = 0;
    size_t end = 0;
    for (; end + 1 < span && end < width; end++) window = window << 2 | codes[end];
    for (; end + 1 < width; end += 2) {
        window = window << 2 | codes[end];
        even += sums[word_in(window, &parts, count)];
        window = window << 2 | codes[end + 1];
        odd += sums[word_in(window, &parts, count)];
    }
    if (end < width) even += sums[word_in(window << 2 | codes[end], &parts, count)];
    return even + odd;
}

static double sum_of(const uint8_t *codes, size_t width, const struct stretches *parts, size_t span,
                     const double *sums) {
    if (parts->count == 1) return sum_over(codes, width, parts, 1, span, sums);
    if (parts->count == 2) return sum_over(codes, width, parts, 2, span, sums);
    if (parts->count == 3) return sum_over(codes, width, parts, 3, span, sums);
    return sum_over(codes, width, parts, parts->count, span, sums);
}

void seqnet_add_covers(const struct edited_windows *windows, const struct word_cover *covers, size_t count,
                       const uint8_t *clear, double *totals) {
    const size_t width = windows->width;
    for (size_t i = 0; i < count; i++) { /* one behind the other: the sums of all do not fit the cache */
        const struct stretches parts = stretches_of(covers[i].mask);
        const size_t span = span_of(covers[i].mask);
        for (size_t window = 0; window < windows->count; window++)
            if (clear[window])
                totals[window] += sum_of(windows->codes + window * width, width, &parts, span, covers[i].sums);
    }
}
