#include "screen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "screen_pass.h"

/* Positions of a block: its indices stay in the first-level cache while all motifs pass over it. Twice
 * that must fit a candidate's 16 bits. */
#define BLOCK 16384

static size_t round_up(size_t n, size_t step) { return (n + step - 1) / step * step; }

/* ---- preparing ---- */

struct motif {
    size_t number, width, groups;
    const double *scores;  /* width columns of 4 */
    double thresholds[2];  /* of + and - */
    const uint8_t *tables; /* of the quick pass; NULL where no window can be a hit */
};

struct screen {
    const struct screen_pass *pass;
    size_t motifs, widest;
    struct motif *motif; /* by width, then number: so the hits of one start come out in order */
    double *scores;
    uint8_t *tables;
};

/* The quick pass of that kind; NULL where it does not run. */
static const struct screen_pass *pass_of(enum cpu_kind kind) {
    if (!seqnet_cpu_supports(kind)) return NULL;
    switch (kind) {
#if CPU_X86
    case CPU_AVX2: return &seqnet_pass_avx2;
    case CPU_AVX512: return &seqnet_pass_avx512;
#endif
    default: return &seqnet_pass_portable;
    }
}

/* A column as a strand reads it: letter a of column j of the reverse complement is letter 3 - a of
 * the last column but j. */
static double score_at(const struct motif *motif, int minus, size_t column, size_t letter) {
    return minus ? motif->scores[4 * (motif->width - 1 - column) + 3 - letter]
                 : motif->scores[4 * column + letter];
}

static double best_of(const struct motif *motif, int minus, size_t column) {
    double best = score_at(motif, minus, column, 0);
    for (size_t letter = 1; letter < 4; letter++)
        best = fmax(best, score_at(motif, minus, column, letter));
    return best;
}

/* What of a strand's windows the quick pass shall keep. */
struct budget {
    enum { NONE, ALL, SOME } keep;
    double deficit; /* if SOME: the largest that a hit may have */
};

/* The largest deficit from the best score that still makes a hit, with a margin beyond all rounding:
 * a sum of w terms in doubles is off by less than w * 2^-52 times the sum of their sizes. */
static struct budget budget_of(const struct motif *motif, double threshold) {
    double best = 0, size = fabs(threshold);
    for (size_t column = 0; column < motif->width; column++) {
        double largest = 0;
        for (size_t letter = 0; letter < 4; letter++) {
            const double score = motif->scores[4 * column + letter];
            if (isfinite(score)) largest = fmax(largest, fabs(score));
        }
        best += best_of(motif, 0, column);
        size += largest;
    }
    if (threshold == -INFINITY) return (struct budget){ALL, 0};
    if (best == -INFINITY) return (struct budget){NONE, 0}; /* every window scores -inf */
    const double margin = ((double)motif->width + 4) * 0x1p-50 * size;
    const double deficit = best - threshold + margin;
    /* scores near the largest double: let the rescoring decide */
    if (!isfinite(deficit)) return (struct budget){threshold == INFINITY && isfinite(best) ? NONE : ALL, 0};
    if (deficit < 0) return (struct budget){NONE, 0};
    return (struct budget){SOME, fmax(deficit, 1e-300)};
}

/* One byte of a table: the deficit of a group's letters in 254ths of the budget, rounded down, so that
 * sums can only come out too low and no hit is missed. */
static uint8_t quantised(double deficit, double budget) {
    const double steps = deficit / budget * (254 * (1 - 1e-12));
    return steps < 255 ? (uint8_t)steps : 255;
}

enum { MOST_LETTERS = 4 }; /* of a group, in any pass */

static void fill_table(const struct motif *motif, int minus, struct budget budget,
                       const struct screen_pass *pass, size_t group, uint8_t *table) {
    if (budget.keep != SOME) {
        memset(table, budget.keep == ALL ? 0 : 255, pass->entries);
        return;
    }
    double deficits[MOST_LETTERS][4] = {{0}}; /* columns past the motif cost nothing */
    for (size_t letter = 0; letter < pass->letters; letter++) {
        const size_t column = group * pass->letters + letter;
        if (column >= motif->width) break;
        for (size_t base = 0; base < 4; base++)
            deficits[letter][base] =
                best_of(motif, minus, column) - score_at(motif, minus, column, base);
    }
    for (size_t index = 0; index < pass->entries; index++) {
        double deficit = 0;
        for (size_t letter = 0; letter < pass->letters; letter++)
            deficit += deficits[letter][(index >> (2 * letter)) & 3];
        table[index] = quantised(deficit, budget.deficit);
    }
}

/* Fill the tables of a motif and return the bytes they take: none if it can have no hit. */
static size_t fill_tables(struct motif *motif, const struct screen_pass *pass, uint8_t *tables) {
    const struct budget budget[2] = {budget_of(motif, motif->thresholds[0]),
                                     budget_of(motif, motif->thresholds[1])};
    motif->tables = NULL;
    if (budget[0].keep == NONE && budget[1].keep == NONE) return 0;
    motif->tables = tables;
    for (size_t group = 0; group < motif->groups; group++)
        for (int minus = 0; minus < 2; minus++, tables += pass->entries)
            fill_table(motif, minus, budget[minus], pass, group, tables);
    return (size_t)(tables - motif->tables);
}

static int by_width(const void *left, const void *right) {
    const struct motif *a = left, *b = right;
    if (a->width != b->width) return a->width < b->width ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

static void set_motifs(struct screen *screen, const int64_t *widths, const double *thresholds) {
    const double *scores = screen->scores;
    for (size_t number = 0; number < screen->motifs; number++) {
        const size_t width = (size_t)widths[number], letters = screen->pass->letters;
        screen->motif[number] = (struct motif){
            number, width, (width + letters - 1) / letters, scores,
            {thresholds[2 * number], thresholds[2 * number + 1]}, NULL};
        scores += 4 * width;
        if (width > screen->widest) screen->widest = width;
    }
    qsort(screen->motif, screen->motifs, sizeof *screen->motif, by_width);
}

struct screen *seqnet_screen_new(enum cpu_kind kind, size_t motifs, const int64_t *widths,
                                 const double *scores, const double *thresholds) {
    struct screen *screen = calloc(1, sizeof *screen);
    if (!screen) return NULL;
    screen->pass = pass_of(kind);
    screen->motifs = motifs;
    size_t columns = 0, groups = 0;
    for (size_t number = 0; number < motifs; number++) {
        columns += (size_t)widths[number];
        groups += ((size_t)widths[number] + screen->pass->letters - 1) / screen->pass->letters;
    }
    /* one more of each: a request for nothing may return NULL */
    screen->motif = malloc((motifs + 1) * sizeof *screen->motif);
    screen->scores = malloc((4 * columns + 1) * sizeof *screen->scores);
    screen->tables = malloc(2 * groups * screen->pass->entries + 1);
    if (!screen->motif || !screen->scores || !screen->tables) {
        seqnet_screen_free(screen);
        return NULL;
    }
    if (columns) memcpy(screen->scores, scores, 4 * columns * sizeof *scores);
    set_motifs(screen, widths, thresholds);
    uint8_t *tables = screen->tables;
    for (size_t place = 0; place < motifs; place++)
        tables += fill_tables(&screen->motif[place], screen->pass, tables);
    return screen;
}

void seqnet_screen_free(struct screen *screen) {
    if (!screen) return;
    free(screen->motif);
    free(screen->scores);
    free(screen->tables);
    free(screen);
}

/* ---- the hits of a block, and all hits ---- */

struct hit {
    double score;
    uint32_t motif;
    uint32_t name; /* 2 * position in the block, + 1 on the minus strand */
};

struct hits {
    size_t count, room;
    struct hit *hit, *spare; /* of the same room */
};

static size_t next_room(size_t room, size_t wanted) {
    const size_t grown = room < 256 ? 256 : 2 * room;
    return grown < wanted ? wanted : grown;
}

/* Resize an array; false, and the array as it was, without memory. */
#define RESIZE(array, room) \
    ((moved = realloc((array), (room) * sizeof *(array))) != NULL && ((array) = moved, 1))

static int reserve_hits(struct hits *hits, size_t more) {
    if (hits->room - hits->count >= more) return 1;
    const size_t room = next_room(hits->room, hits->count + more);
    void *moved;
    if (!RESIZE(hits->hit, room)) return 0;
    hits->room = room;
    return 1;
}

static int set_room(struct found *found, size_t room) {
    if (room == 0) return 1; /* nothing was found */
    void *moved;
    if (!RESIZE(found->start, room) || !RESIZE(found->motif, room) ||
        !RESIZE(found->strand, room) || !RESIZE(found->score, room))
        return 0;
    found->room = room;
    return 1;
}

static int reserve_found(struct found *found, size_t more) {
    if (found->room - found->count >= more) return 1;
    return set_room(found, next_room(found->room, found->count + more));
}

void seqnet_found_free(struct found *found) {
    free(found->start);
    free(found->motif);
    free(found->strand);
    free(found->score);
    *found = (struct found){0};
}

enum { DIGIT = 128 }; /* a position in a block has two digits */

/* Stable counting sort by one digit of the position. */
static void sort_digit(const struct hit *from, size_t count, int shift, struct hit *to) {
    size_t place[DIGIT + 1] = {0};
    for (size_t i = 0; i < count; i++) place[((from[i].name >> shift) & (DIGIT - 1)) + 1]++;
    for (int digit = 0; digit < DIGIT; digit++) place[digit + 1] += place[digit];
    for (size_t i = 0; i < count; i++) to[place[(from[i].name >> shift) & (DIGIT - 1)]++] = from[i];
}

/* Sort by position; equal positions stay in the order of the motifs. */
static int sort_hits(struct hits *hits) {
    void *moved;
    if (!RESIZE(hits->spare, hits->room)) return 0;
    sort_digit(hits->hit, hits->count, 1, hits->spare);
    sort_digit(hits->spare, hits->count, 8, hits->hit);
    return 1;
}

static int append(struct found *found, const struct hits *hits, size_t offset) {
    if (!reserve_found(found, hits->count)) return 0;
    for (size_t i = 0; i < hits->count; i++) {
        const struct hit *hit = &hits->hit[i];
        const size_t at = found->count + i;
        found->start[at] = (int64_t)(offset + hit->name / 2);
        found->motif[at] = (int32_t)hit->motif;
        found->strand[at] = hit->name & 1 ? -1 : 1;
        found->score[at] = hit->score;
    }
    found->count += hits->count;
    return 1;
}

/* ---- finding ---- */

/* What one call works with. */
struct work {
    uint8_t *index, *padded;
    uint64_t *valid;
    uint16_t *candidates;
    struct hits hits;
};

/* Positions that are encoded beyond a block, so that its last windows can be read. */
static size_t reach_of(const struct screen *screen) {
    return round_up(screen->widest + screen->pass->letters, 64);
}

static void free_work(struct work *work) {
    free(work->index);
    free(work->padded);
    free(work->valid);
    free(work->candidates);
    free(work->hits.hit);
    free(work->hits.spare);
}

static int make_work(const struct screen *screen, size_t longest, struct work *work) {
    const size_t positions = longest + reach_of(screen);
    *work = (struct work){0};
    work->index = malloc(positions);
    work->padded = malloc(positions + 64);
    work->valid = malloc(positions / 8);
    work->candidates = malloc((2 * longest + 1) * sizeof *work->candidates);
    if (work->index && work->padded && work->valid && work->candidates) return 1;
    free_work(work);
    return 0;
}

/* Encode a block of count own positions and what its windows reach; returns whether any of the own
 * positions is unambiguous. */
static int encode_block(const struct screen *screen, const uint8_t *codes, size_t rest, size_t count,
                        struct work *work) {
    const size_t stepped = round_up(count, SCREEN_STEP), positions = stepped + reach_of(screen);
    if (rest < positions + 64) { /* near the end: what lies beyond is ambiguous */
        const size_t inside = rest < positions ? rest : positions;
        memcpy(work->padded, codes, inside);
        memset(work->padded + inside, 4, positions + 64 - inside);
        codes = work->padded;
    }
    screen->pass->encode(codes, positions, work->index, work->valid);
    if (count % 64) work->valid[count / 64] &= (UINT64_C(1) << count % 64) - 1;
    for (size_t word = (count + 63) / 64; word < stepped / 64; word++) work->valid[word] = 0;
    uint64_t any = 0;
    for (size_t word = 0; word < stepped / 64; word++) any |= work->valid[word];
    return any != 0;
}

/* Score a window as the definition does; NaN if it holds an ambiguous base. */
static double plus_score(const struct motif *motif, const uint8_t *window) {
    double total = 0;
    for (size_t column = 0; column < motif->width; column++) {
        if (window[column] > 3) return NAN;
        total += motif->scores[4 * column + window[column]];
    }
    return total;
}

static double minus_score(const struct motif *motif, const uint8_t *window) {
    double total = 0;
    const uint8_t *last = window + motif->width - 1;
    for (size_t column = 0; column < motif->width; column++) {
        const uint8_t code = *(last - column);
        if (code > 3) return NAN;
        total += motif->scores[4 * column + 3 - code];
    }
    return total;
}

/* Keep the candidates that are hits; there must be room. */
static void rescore(const struct motif *motif, const uint8_t *codes, const uint16_t *candidates,
                    size_t count, struct hits *hits) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t name = candidates[i];
        const uint8_t *window = codes + name / 2;
        const double score = name & 1 ? minus_score(motif, window) : plus_score(motif, window);
        hits->hit[hits->count] = (struct hit){score, (uint32_t)motif->number, name};
        hits->count += score >= motif->thresholds[name & 1];
    }
}

/* Find the hits of one motif in a block, of which count windows lie inside the sequence. */
static int find_motif(const struct screen *screen, const struct motif *motif, const uint8_t *codes,
                      size_t count, struct work *work) {
    size_t candidates =
        screen->pass->candidates(work->index, work->valid, round_up(count, SCREEN_STEP), motif->tables,
                                 motif->groups, work->candidates);
    while (candidates && work->candidates[candidates - 1] >= 2 * count) candidates--;
    if (!reserve_hits(&work->hits, candidates)) return 0;
    rescore(motif, codes, work->candidates, candidates, &work->hits);
    return 1;
}

/* Find the hits of a block whose count own positions are followed by rest - count more. */
static int find_block(const struct screen *screen, const uint8_t *codes, size_t rest, size_t count,
                      struct work *work) {
    work->hits.count = 0;
    if (!encode_block(screen, codes, rest, count, work)) return 1;
    for (size_t place = 0; place < screen->motifs; place++) {
        const struct motif *motif = &screen->motif[place];
        if (motif->width > rest) break; /* so are all that follow */
        const size_t inside = rest - motif->width + 1;
        if (motif->tables && !find_motif(screen, motif, codes, inside < count ? inside : count, work))
            return 0;
    }
    /* the hits of a single motif are in order already */
    return screen->motifs < 2 || !work->hits.count || sort_hits(&work->hits);
}

int seqnet_screen_find(const struct screen *screen, const uint8_t *codes, size_t n, size_t starts,
                       struct found *found) {
    struct work work;
    *found = (struct found){0};
    if (!starts || !screen->motifs) return 0;
    if (!make_work(screen, round_up(starts < BLOCK ? starts : BLOCK, SCREEN_STEP), &work)) return -1;
    int done = 1;
    for (size_t at = 0; done && at < starts; at += BLOCK) {
        const size_t count = starts - at < BLOCK ? starts - at : BLOCK;
        done = find_block(screen, codes + at, n - at, count, &work) && append(found, &work.hits, at);
    }
    free_work(&work);
    return done && set_room(found, found->count) ? 0 : -1;
}
