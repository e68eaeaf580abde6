#include "tails.h"

#include <string.h>

size_t seqnet_extend(const double *sums, const double *weights, size_t n, const double column[4],
                     const double letters[4], double limit, double tie, double *out_sums,
                     double *out_weights, size_t room) {
    size_t next[4] = {0, 0, 0, 0}, written = 0;
    double last = 0;
    for (;;) {
        int best = -1;
        double value = 0;
        for (int letter = 0; letter < 4; letter++) {
            if (next[letter] >= n) continue;
            const double sum = sums[next[letter]] + column[letter];
            if (!(sum <= limit)) continue; /* the sums ascend: nothing more of this letter */
            if (best < 0 || sum < value || (sum == value && next[letter] < next[best])) {
                best = letter;
                value = sum;
            }
        }
        if (best < 0) return written;
        const double weight = weights[next[best]++] * letters[best];
        if (written && value - last <= tie) {
            out_weights[written - 1] += weight;
        } else if (written == room) {
            return written;
        } else {
            out_sums[written] = value;
            out_weights[written++] = weight;
        }
        last = value;
    }
}

enum { TILE = 2048 }; /* sums at a time: 16 kB of the result stay in the first cache */

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Add to out[0..count) what the letters carry there from in: place k of it comes from k - shift.
 * In the same order as letter by letter over the whole range. */
static void add_tile(const double *in, size_t known, double *out, size_t begin, size_t end,
                     const int64_t shifts[4], const double letters[4]) {
    memset(out + begin, 0, (end - begin) * sizeof(double));
    for (int letter = 0; letter < 4; letter++) {
        if (shifts[letter] < 0 || (uint64_t)shifts[letter] >= end) continue;
        const size_t shift = (size_t)shifts[letter];
        const size_t first = begin > shift ? begin : shift, last = smaller(end, known + shift);
        const double weight = letters[letter];
        double *restrict to = out;
        const double *restrict from = in;
        for (size_t k = first; k < last; k++) to[k] += from[k - shift] * weight;
    }
}

/* How many places a density has after a column, of the known ones before it. */
static size_t grown(size_t known, const int64_t shifts[4], size_t bins) {
    size_t largest = 0;
    for (int letter = 0; letter < 4; letter++)
        if (shifts[letter] > 0 && (uint64_t)shifts[letter] > largest) largest = (size_t)shifts[letter];
    return largest < bins - known ? known + largest : bins;
}

void seqnet_grid_tail(const int64_t *shifts, size_t width, const double letters[4], double *tail,
                      double *scratch, size_t bins) {
    double *from = scratch, *to = tail;
    size_t known = 1; /* all beyond is 0, written or not */
    from[0] = 1.0;
    for (size_t column = 0; column < width; column++) {
        const size_t after = grown(known, shifts + 4 * column, bins);
        for (size_t begin = 0; begin < after; begin += TILE)
            add_tile(from, known, to, begin, smaller(after, begin + TILE), shifts + 4 * column, letters);
        double *swap = from;
        from = to;
        to = swap;
        known = after;
    }
    double total = 0;
    for (size_t k = 0; k < bins; k++) tail[k] = total += k < known ? from[k] : 0.0;
}
