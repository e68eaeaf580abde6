#include "tails.h"

#include <string.h>

size_t seqnet_extend(const double *sums, const double *weights, size_t n, const double column[4],
                     const double letters[4], double limit, double tie, double *out_sums,
                     double *out_weights) {
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
        } else {
            out_sums[written] = value;
            out_weights[written++] = weight;
        }
        last = value;
    }
}

void seqnet_grid_tail(const int64_t *shifts, size_t width, const double letters[4], double *tail,
                      double *scratch, size_t bins) {
    double *from = scratch, *to = tail;
    memset(from, 0, bins * sizeof(double));
    from[0] = 1.0;
    for (size_t column = 0; column < width; column++) {
        memset(to, 0, bins * sizeof(double));
        for (int letter = 0; letter < 4; letter++) {
            const int64_t shift = shifts[4 * column + letter];
            if (shift < 0 || (size_t)shift >= bins) continue;
            const double weight = letters[letter];
            double *restrict out = to + shift;
            const double *restrict in = from;
            for (size_t k = 0; k < bins - (size_t)shift; k++) out[k] += in[k] * weight;
        }
        double *swap = from;
        from = to;
        to = swap;
    }
    double total = 0;
    for (size_t k = 0; k < bins; k++) tail[k] = total += from[k];
}
