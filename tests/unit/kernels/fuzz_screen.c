/* Random motifs and sequences through every kind of screen, against a plain loop.
 *
 * fuzz_screen SEED ROUNDS: exits with 1 at the first difference. Meant to be built with sanitizers, so
 * every array is exactly as long as it may be read. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"

static uint64_t state;

/* splitmix64 */
static uint64_t draw(void) {
    uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static size_t below(size_t n) { return (size_t)(draw() % n); }
static double unit(void) { return (double)(draw() >> 11) * 0x1p-53; }

enum { MOTIFS = 5, WIDEST = 60 };

struct input {
    size_t motifs, n, starts;
    int64_t widths[MOTIFS];
    double thresholds[2 * MOTIFS];
    double *scores;
    uint8_t *codes;
};

static void *block(size_t bytes) {
    void *memory = malloc(bytes);
    if (!memory && bytes) exit(2);
    return memory;
}

static double random_score(size_t style) {
    if (style == 0) return (double)below(7) - 4; /* many exact ties */
    if (style == 1 && below(4) == 0) return -INFINITY;
    if (style == 2) return ldexp(unit() - 0.5, (int)below(60) - 30);
    return 4 * unit() - 2.5;
}

static size_t random_length(void) {
    static const size_t borders[] = {70, 128, 16384, 32768};
    if (below(4)) return below(600);
    return borders[below(4)] + below(140) - 70;
}

static double window_score(const double *scores, size_t width, const uint8_t *window, int minus) {
    double total = 0;
    for (size_t column = 0; column < width; column++) {
        const uint8_t code = minus ? window[width - 1 - column] : window[column];
        if (code > 3) return NAN;
        total += scores[4 * column + (minus ? 3 - code : code)];
    }
    return total;
}

static double random_threshold(const struct input *input, const double *scores, size_t width) {
    if (below(8) == 0) return below(2) ? INFINITY : -INFINITY;
    double best = 0;
    for (size_t column = 0; column < width; column++) {
        const double *row = scores + 4 * column;
        best += fmax(fmax(row[0], row[1]), fmax(row[2], row[3]));
    }
    if (input->n >= width && below(3)) { /* one that occurs, or its neighbour */
        const double score = window_score(scores, width, input->codes + below(input->n - width + 1),
                                          (int)below(2));
        if (!isnan(score)) return below(2) ? score : nextafter(score, below(2) ? INFINITY : -INFINITY);
    }
    return below(3) ? best * unit() : best;
}

static void make_input(struct input *input) {
    size_t columns = 0;
    input->motifs = 1 + below(MOTIFS);
    for (size_t motif = 0; motif < input->motifs; motif++)
        columns += (size_t)(input->widths[motif] = 1 + (int64_t)below(below(3) ? 16 : WIDEST));
    input->scores = block(4 * columns * sizeof(double));
    const size_t style = below(4);
    for (size_t i = 0; i < 4 * columns; i++) input->scores[i] = random_score(style);
    input->n = random_length();
    input->starts = below(3) ? input->n : below(input->n + 1);
    input->codes = block(input->n);
    const size_t unknown = below(3) ? 1000 : 5;
    for (size_t i = 0; i < input->n; i++)
        input->codes[i] = (uint8_t)(below(unknown) ? below(4) : 4 + below(below(2) ? 252 : 1));
    const double *scores = input->scores;
    for (size_t motif = 0; motif < input->motifs; motif++) {
        const size_t width = (size_t)input->widths[motif];
        for (size_t strand = 0; strand < 2; strand++)
            input->thresholds[2 * motif + strand] = random_threshold(input, scores, width);
        scores += 4 * width;
    }
}

static size_t hits_of(const struct input *input) {
    size_t hits = 0;
    const double *scores = input->scores;
    for (size_t motif = 0; motif < input->motifs; motif++) {
        const size_t width = (size_t)input->widths[motif];
        for (size_t start = 0; start < input->starts && start + width <= input->n; start++)
            for (int minus = 0; minus < 2; minus++)
                hits += window_score(scores, width, input->codes + start, minus) >=
                        input->thresholds[2 * motif + (size_t)minus];
        scores += 4 * width;
    }
    return hits;
}

/* Whether hit i is one, scored to the bit, and stands after the one before it: with the right number
 * of hits, that makes them the right ones. */
static int right(const struct input *input, const struct found *found, size_t i) {
    const double *scores = input->scores;
    if (found->motif[i] < 0 || (size_t)found->motif[i] >= input->motifs) return 0;
    const size_t motif = (size_t)found->motif[i], width = (size_t)input->widths[motif];
    for (size_t before = 0; before < motif; before++) scores += 4 * input->widths[before];
    const size_t start = (size_t)found->start[i];
    if (start >= input->starts || start + width > input->n) return 0;
    const int minus = found->strand[i] == -1;
    const double score = window_score(scores, width, input->codes + start, minus);
    if (!(score >= input->thresholds[2 * motif + (size_t)minus])) return 0;
    if (memcmp(&score, &found->score[i], sizeof score)) return 0;
    if (i == 0 || found->start[i - 1] != found->start[i]) return i == 0 || found->start[i - 1] < found->start[i];
    const int64_t last = input->widths[found->motif[i - 1]];
    if (last != (int64_t)width) return last < (int64_t)width;
    if (found->motif[i - 1] != found->motif[i]) return found->motif[i - 1] < found->motif[i];
    return found->strand[i - 1] > found->strand[i];
}

static int check(const struct input *input, enum cpu_kind kind) {
    struct screen *screen =
        seqnet_screen_new(kind, input->motifs, input->widths, input->scores, input->thresholds);
    struct found found;
    if (!screen || seqnet_screen_find(screen, input->codes, input->n, input->starts, &found)) return 0;
    int fine = found.count == hits_of(input);
    for (size_t i = 0; fine && i < found.count; i++) fine = right(input, &found, i);
    seqnet_found_free(&found);
    seqnet_screen_free(screen);
    return fine;
}

int main(int argc, char **argv) {
    const long rounds = argc > 2 ? atol(argv[2]) : 100;
    state = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    for (long round = 0; round < rounds; round++) {
        struct input input;
        make_input(&input);
        for (int kind = 0; kind < CPU_KINDS; kind++) {
            if (!seqnet_cpu_supports((enum cpu_kind)kind)) continue;
            if (check(&input, (enum cpu_kind)kind)) continue;
            fprintf(stderr, "round %ld, kind %d: not the loop's hits\n", round, kind);
            return 1;
        }
        free(input.scores);
        free(input.codes);
    }
    printf("%ld rounds\n", rounds);
    return 0;
}
