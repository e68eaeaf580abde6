#include "windows.h"

#include "cpu.h"
#include "ties.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Widest vectors that may be used, in bits: tests compile this file for each kind of processor. */
#ifndef SEQNET_WIDEST
#define SEQNET_WIDEST 512
#endif

/* Two ways to score a block of windows.
 *
 * Exact: columns one after the other, as the definition says, many windows at a time.
 *
 * Near: words of four bases at a time. A table per word holds the sums of its four columns on both
 * strands side by side, so one addition takes in eight columns. The order of the sum differs, so
 * the last bits do; `error` bounds by how much. Where that decides (how to round to float, whether
 * a threshold is reached, which window is best), the window is scored again, exactly. */

enum {
    BLOCK = 1024, /* windows at a time: all of a block's buffers and tables stay in the L1 cache */
    SPAN = 4,     /* bases of a word */
    WORDS = 256,  /* words there are */
    PASS = 4,     /* words added in one pass over a block */
    CHUNK = 16,   /* near scores looked at together; divides BLOCK */
    SLACK = 64,   /* bytes past the end of buffers that vectors may read */
};

typedef double pair __attribute__((vector_size(16))); /* plus, minus */

struct scorer {
    struct seqnet_motif motif;
    enum seqnet_strand strand;
    size_t words;    /* that cover the width */
    double error;    /* largest difference of near and exact */
    void *memory;    /* of all that follows */
    double *columns; /* plus, then minus: in the order of the sum, each for the letters as they lie */
    pair *tables;    /* words times WORDS */
    pair *sums;      /* a block's sums between passes */
    double *near;    /* a block's near scores */
    double *other;   /* a block's exact scores on the second strand */
    int64_t *wide;   /* a block's bases, a vector's element each */
    uint16_t *at;    /* a block's words, as offsets in bytes into a table */
    uint8_t *bases;  /* a block's bases, none above 3 */
};

/* ---- preparation ---- */

/* Bases that a block reaches, whole words counted. */
static size_t reach(const struct scorer *s) { return BLOCK + SPAN * s->words + SLACK; }

static void *take(uintptr_t *free, size_t bytes) {
    void *taken = (void *)*free;
    *free += (bytes + 63) / 64 * 64;
    return taken;
}

/* Lay out all buffers from `free` on, each on a cache line; returns the bytes used. */
static size_t lay_out(struct scorer *s, uintptr_t free) {
    const uintptr_t begin = free;
    s->tables = take(&free, s->words * WORDS * sizeof(pair));
    s->columns = take(&free, 8 * s->motif.width * sizeof(double));
    s->sums = take(&free, BLOCK * sizeof(pair));
    s->near = take(&free, BLOCK * sizeof(double));
    s->other = take(&free, BLOCK * sizeof(double));
    s->wide = take(&free, reach(s) * sizeof(int64_t));
    s->at = take(&free, reach(s) * sizeof(uint16_t));
    s->bases = take(&free, reach(s));
    return free - begin;
}

static void fill_columns(struct scorer *s) {
    const size_t width = s->motif.width;
    double *minus = s->columns + 4 * width;
    memcpy(s->columns, s->motif.scores, 4 * width * sizeof(double));
    for (size_t i = 0; i < 4 * width; i++) minus[i] = s->motif.scores[i ^ 3]; /* complement */
}

/* Add to a table what one base of its words scores at an offset of the window. */
static void add_offset(const struct scorer *s, size_t offset, pair *table) {
    const size_t width = s->motif.width;
    const int shift = 2 * (int)(SPAN - 1 - offset % SPAN);
    const double *plus = s->columns + 4 * offset;
    const double *minus = s->columns + 4 * width + 4 * (width - 1 - offset);
    if (s->strand == SEQNET_PLUS) minus = plus;
    if (s->strand == SEQNET_MINUS) plus = minus;
    for (size_t word = 0; word < WORDS; word++) {
        const size_t letter = word >> shift & 3;
        table[word] += (pair){plus[letter], minus[letter]};
    }
}

static void fill_tables(struct scorer *s) {
    memset(s->tables, 0, s->words * WORDS * sizeof(pair));
    for (size_t offset = 0; offset < s->motif.width; offset++)
        add_offset(s, offset, s->tables + offset / SPAN * WORDS);
}

/* Bound of the difference of two orders of summation: each errs by at most (width - 1) * 2^-53 of
 * the sum of sizes; doubled for the two, and again, generously, for what comes with the bound. It
 * is never 0, so that a zero whose sign is not certain is never taken for certain. */
static double bound(struct seqnet_motif motif) {
    double sizes = 0;
    for (size_t column = 0; column < motif.width; column++) {
        double largest = 0;
        for (size_t letter = 0; letter < 4; letter++) {
            const double size = fabs(motif.scores[4 * column + letter]);
            if (size > largest && size < INFINITY) largest = size;
        }
        sizes += largest;
    }
    return (double)motif.width * sizes * 0x1p-50 + 1e-30;
}

/* Returns 0, or -1 without memory. */
static int prepare(struct scorer *s, struct seqnet_motif motif, enum seqnet_strand strand) {
    s->motif = motif;
    s->strand = strand;
    s->words = (motif.width + SPAN - 1) / SPAN;
    s->error = bound(motif);
    s->memory = malloc(lay_out(s, 0) + 64);
    if (!s->memory) return -1;
    lay_out(s, ((uintptr_t)s->memory + 63) / 64 * 64);
    fill_columns(s);
    return 0;
}

/* ---- bases of a block ---- */

/* Read the bases of n windows; returns whether one of them is ambiguous. */
static int load_bases(struct scorer *s, const uint8_t *codes, size_t n) {
    const size_t count = n + s->motif.width - 1;
    uint8_t *restrict bases = s->bases;
    uint8_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        seen |= codes[i];
        bases[i] = codes[i] & 3;
    }
    memset(bases + count, 0, reach(s) - count);
    return seen > 3;
}

/* Give windows with an ambiguous base NaN. */
#define DEFINE_BLANK(name, type)                                                                 \
    static void name(const uint8_t *codes, size_t width, size_t n, type *out) {                  \
        size_t done = 0;                                                                         \
        for (size_t i = 0; i < n + width - 1; i++) {                                             \
            if (codes[i] < 4) continue;                                                          \
            const size_t end = i < n ? i + 1 : n;                                                \
            size_t start = i < width ? 0 : i + 1 - width;                                        \
            for (start = start > done ? start : done; start < end; start++) out[start] = NAN;    \
            done = end;                                                                          \
        }                                                                                        \
    }
DEFINE_BLANK(blank, double)
DEFINE_BLANK(blank_float, float)

/* ---- exact ---- */

/* Score one window of bases on one strand (0 is +, 1 is -). */
static double exact_one(const struct scorer *s, size_t start, int minus) {
    const size_t width = s->motif.width;
    const double *column = s->columns + (minus ? 4 * width : 0);
    const uint8_t *base = s->bases + start + (minus ? width - 1 : 0);
    const ptrdiff_t step = minus ? -1 : 1;
    double sum = 0;
    for (size_t j = 0; j < width; j++, column += 4, base += step) sum += column[*base];
    return sum;
}

/* Exact scores of a block's n windows on one strand; the bases are loaded and widened. */
static void exact_portable(const struct scorer *s, size_t n, int minus, double *restrict out) {
    const size_t width = s->motif.width;
    memset(out, 0, n * sizeof(double));
    for (size_t j = 0; j < width; j++) {
        const double *restrict column = s->columns + 4 * j + (minus ? 4 * width : 0);
        const uint8_t *restrict base = s->bases + (minus ? width - 1 - j : j);
        for (size_t i = 0; i < n; i++) out[i] += column[base[i]];
    }
}

#if CPU_X86
/* Both write whole groups of 32 or 16 windows: out has room for BLOCK. */
__attribute__((target("avx512f"))) static void exact_avx512(const struct scorer *s, size_t n,
                                                            int minus, double *out) {
    const size_t width = s->motif.width;
    const ptrdiff_t step = minus ? -1 : 1;
    for (size_t i = 0; i < n; i += 32) {
        const double *column = s->columns + (minus ? 4 * width : 0);
        const int64_t *index = s->wide + i + (minus ? width - 1 : 0);
        __m512d sum[4];
        for (int k = 0; k < 4; k++) sum[k] = _mm512_setzero_pd();
        for (size_t j = 0; j < width; j++, column += 4, index += step) {
            const __m512d table = _mm512_broadcast_f64x4(_mm256_loadu_pd(column));
            for (int k = 0; k < 4; k++)
                sum[k] = _mm512_add_pd(
                    sum[k], _mm512_permutexvar_pd(_mm512_loadu_si512(index + 8 * k), table));
        }
        for (int k = 0; k < 4; k++) _mm512_storeu_pd(out + i + 8 * k, sum[k]);
    }
}

/* A double is looked up as its two halves: bases come as pairs of 2 b and 2 b + 1. */
__attribute__((target("avx2"))) static void exact_avx2(const struct scorer *s, size_t n, int minus,
                                                       double *out) {
    const size_t width = s->motif.width;
    const ptrdiff_t step = minus ? -1 : 1;
    for (size_t i = 0; i < n; i += 16) {
        const double *column = s->columns + (minus ? 4 * width : 0);
        const int64_t *index = s->wide + i + (minus ? width - 1 : 0);
        __m256d sum[4];
        for (int k = 0; k < 4; k++) sum[k] = _mm256_setzero_pd();
        for (size_t j = 0; j < width; j++, column += 4, index += step) {
            const __m256 table = _mm256_castpd_ps(_mm256_loadu_pd(column));
            for (int k = 0; k < 4; k++) {
                const __m256i halves = _mm256_loadu_si256((const __m256i *)(index + 4 * k));
                sum[k] = _mm256_add_pd(
                    sum[k], _mm256_castps_pd(_mm256_permutevar8x32_ps(table, halves)));
            }
        }
        for (int k = 0; k < 4; k++) _mm256_storeu_pd(out + i + 4 * k, sum[k]);
    }
}
#endif

typedef void exact_block(const struct scorer *s, size_t n, int minus, double *out);

/* Whether 512-bit vectors can be used, and their instructions on shorter ones. */
static int has_avx512(void) {
#if CPU_X86
    return SEQNET_WIDEST >= 512 && CPU_HAS("avx512f") && CPU_HAS("avx512vl");
#else
    return 0;
#endif
}

static exact_block *choose_exact(void) {
#if CPU_X86
    if (has_avx512()) return exact_avx512;
    if (SEQNET_WIDEST >= 256 && CPU_HAS("avx2")) return exact_avx2;
#endif
    return exact_portable;
}

/* Write a block's bases as the vectors want them. */
static void widen(struct scorer *s, exact_block *exact) {
    const uint8_t *restrict bases = s->bases;
    int64_t *restrict wide = s->wide;
    const size_t count = reach(s);
#if CPU_X86
    if (exact == exact_avx2) {
        for (size_t i = 0; i < count; i++)
            wide[i] = (int64_t)bases[i] * 0x200000002 + 0x100000000;
        return;
    }
#endif
    if (exact == exact_portable) return;
    for (size_t i = 0; i < count; i++) wide[i] = bases[i];
}

int seqnet_track(const uint8_t *codes, size_t length, struct seqnet_motif motif,
                 enum seqnet_strand strand, double *out) {
    struct scorer s;
    exact_block *exact = choose_exact();
    if (length < motif.width) return 0;
    if (prepare(&s, motif, strand)) return -1;
    const size_t windows = length - motif.width + 1;
    for (size_t begin = 0; begin < windows; begin += BLOCK) {
        const size_t n = windows - begin < BLOCK ? windows - begin : BLOCK;
        const int ambiguous = load_bases(&s, codes + begin, n);
        widen(&s, exact);
        exact(&s, n, strand == SEQNET_MINUS, s.near);
        if (strand == SEQNET_HIGHER) {
            exact(&s, n, 1, s.other);
            for (size_t i = 0; i < n; i++)
                out[begin + i] = s.near[i] > s.other[i] ? s.near[i] : s.other[i];
        } else {
            memcpy(out + begin, s.near, n * sizeof(double));
        }
        if (ambiguous) blank(codes + begin, motif.width, n, out + begin);
    }
    free(s.memory);
    return 0;
}

/* ---- near ---- */

static void find_words(struct scorer *s, size_t n) {
    const uint8_t *restrict bases = s->bases;
    uint16_t *restrict at = s->at;
    const size_t count = n + SPAN * s->words; /* rounded up to the groups of four below */
    for (size_t i = 0; i < count; i++) {
        const uint8_t word =
            (uint8_t)(bases[i] << 6 | bases[i + 1] << 4 | bases[i + 2] << 2 | bases[i + 3]);
        at[i] = (uint16_t)(word * sizeof(pair));
    }
}

static inline pair look_up(const pair *table, uint16_t at) {
    return *(const pair *)((const char *)table + at);
}

/* In each lane a > b ? a : b, so b if either is NaN. */
static inline pair higher(pair a, pair b) {
#if CPU_X86
    return _mm_max_pd(a, b);
#else
    return (pair){a[0] > b[0] ? a[0] : b[0], a[1] > b[1] ? a[1] : b[1]};
#endif
}

/* Store the higher of both strands of two windows. */
static inline void store_higher(pair first, pair second, double *out) {
    const pair found = higher((pair){first[0], second[0]}, (pair){first[1], second[1]});
    memcpy(out, &found, sizeof found);
}

/* One pass over n windows, n a multiple of four: add `words` words to sums (unless first), or
 * finish into near (if last). Each word of the sequence is read once and looked up in every
 * table: it is the first word of one window, the second of the window four before, and so on, so
 * partial[t] holds the sums of the windows that have had t + 1 words. */
static inline __attribute__((always_inline)) void
add_words(const uint16_t *at, const pair *tables, const int words, size_t n, pair *sums, int first,
          double *near) {
    pair partial[PASS][SPAN] = {{{0}}};
    for (int t = 0; t < words - 1; t++, at += SPAN)
        for (int k = 0; k < SPAN; k++) {
            for (int u = words - 1; u > 0; u--)
                partial[u][k] = partial[u - 1][k] + look_up(tables + u * WORDS, at[k]);
            partial[0][k] = look_up(tables, at[k]);
        }
    for (size_t i = 0; i < n; i += SPAN) {
        for (int k = 0; k < SPAN; k++) {
            for (int u = words - 1; u > 0; u--)
                partial[u][k] = partial[u - 1][k] + look_up(tables + u * WORDS, at[i + k]);
            partial[0][k] = look_up(tables, at[i + k]);
        }
        pair done[SPAN];
        for (int k = 0; k < SPAN; k++) {
            done[k] = partial[words - 1][k];
            if (!first) done[k] += sums[i + k];
        }
        if (near) {
            for (int k = 0; k < SPAN; k += 2) store_higher(done[k], done[k + 1], near + i + k);
        } else {
            for (int k = 0; k < SPAN; k++) sums[i + k] = done[k];
        }
    }
}

/* One pass from the word `from` of the motif on. A case per number of words, so that the partial
 * sums lie in registers. (Wider registers do not help: the look-ups are the limit.) */
static void add_pass(const struct scorer *s, size_t from, size_t n) {
    const size_t left = s->words - from;
    const uint16_t *at = s->at + SPAN * from;
    const pair *tables = s->tables + from * WORDS;
    double *near = left <= PASS ? s->near : NULL;
    switch ((left < PASS ? (int)left : PASS) + (from ? PASS : 0)) {
    case 1: add_words(at, tables, 1, n, s->sums, 1, s->near); break;
    case 2: add_words(at, tables, 2, n, s->sums, 1, s->near); break;
    case 3: add_words(at, tables, 3, n, s->sums, 1, s->near); break;
    case 4: add_words(at, tables, 4, n, s->sums, 1, near); break;
    case 5: add_words(at, tables, 1, n, s->sums, 0, s->near); break;
    case 6: add_words(at, tables, 2, n, s->sums, 0, s->near); break;
    case 7: add_words(at, tables, 3, n, s->sums, 0, s->near); break;
    default: add_words(at, tables, 4, n, s->sums, 0, near); break;
    }
}

/* Near scores of a block of n windows, the higher of both strands, into s->near. */
static void near_block(struct scorer *s, size_t n) {
    find_words(s, n);
    for (size_t from = 0; from < s->words; from += PASS)
        add_pass(s, from, (n + SPAN - 1) / SPAN * SPAN);
}

/* ---- tracks of float ---- */

/* The exact score that the track holds. */
static double exact_score(const struct scorer *s, size_t start) {
    const double plus = exact_one(s, start, s->strand == SEQNET_MINUS);
    if (s->strand != SEQNET_HIGHER) return plus;
    const double minus = exact_one(s, start, 1);
    return plus > minus ? plus : minus;
}

/* Round a block's near scores; those whose rounding the error could change are scored exactly. */
#define DEFINE_ROUND(name, attributes)                                                           \
    attributes static void name(const struct scorer *s, size_t n, float *restrict out) {         \
        const double *restrict near = s->near;                                                   \
        const double error = s->error;                                                           \
        int unsure = 0;                                                                          \
        for (size_t i = 0; i < n; i++) {                                                         \
            const float low = (float)(near[i] - error), high = (float)(near[i] + error);         \
            unsure |= low != high;                                                               \
            out[i] = low;                                                                        \
        }                                                                                        \
        if (!unsure) return;                                                                     \
        for (size_t i = 0; i < n; i++)                                                           \
            if ((float)(near[i] + error) != out[i]) out[i] = (float)exact_score(s, i);           \
    }
DEFINE_ROUND(round_portable, )
#if CPU_X86
DEFINE_ROUND(round_avx512, __attribute__((target("avx512f,avx512vl"))))
#endif

typedef void round_block(const struct scorer *s, size_t n, float *out);

static round_block *choose_round(void) {
#if CPU_X86
    if (has_avx512()) return round_avx512;
#endif
    return round_portable;
}

int seqnet_track_float(const uint8_t *codes, size_t length, struct seqnet_motif motif,
                       enum seqnet_strand strand, float *out) {
    struct scorer s;
    round_block *round_all = choose_round();
    if (length < motif.width) return 0;
    if (prepare(&s, motif, strand)) return -1;
    fill_tables(&s);
    const size_t windows = length - motif.width + 1;
    for (size_t begin = 0; begin < windows; begin += BLOCK) {
        const size_t n = windows - begin < BLOCK ? windows - begin : BLOCK;
        const int ambiguous = load_bases(&s, codes + begin, n);
        near_block(&s, n);
        round_all(&s, n, out + begin);
        if (ambiguous) blank_float(codes + begin, motif.width, n, out + begin);
    }
    free(s.memory);
    return 0;
}

/* ---- summaries ---- */

/* A stretch of a block's windows that lie in one sequence. */
struct stretch {
    size_t begin, end; /* in the block */
    size_t sequence;
    int64_t start; /* of the block's first window, from the sequence's first base */
};

/* Highest near score, -inf if there is none. */
static inline double highest(const double *near, size_t n) {
    pair lanes[4];
    size_t i = 0;
    for (int k = 0; k < 4; k++) lanes[k] = (pair){-INFINITY, -INFINITY};
    for (; i + 8 <= n; i += 8)
        for (int k = 0; k < 4; k++) {
            pair two;
            memcpy(&two, near + i + 2 * k, sizeof two);
            lanes[k] = higher(two, lanes[k]);
        }
    for (; i < n; i++) lanes[0] = higher((pair){near[i], near[i]}, lanes[0]);
    lanes[0] = higher(higher(lanes[0], lanes[1]), higher(lanes[2], lanes[3]));
    return lanes[0][0] > lanes[0][1] ? lanes[0][0] : lanes[0][1];
}

/* Whether a sequence's best window is known, and no window of a near score can be better. */
static int beaten(const struct seqnet_summaries *out, size_t sequence, double most) {
    return out->start[sequence] >= 0 && most <= out->score[sequence];
}

/* Score a window exactly, on the strands that are read, and take it into its sequence's summary. */
static void settle(const struct scorer *s, const struct stretch *where, size_t i,
                   const double thresholds[2], const struct seqnet_summaries *out) {
    const size_t sequence = where->sequence;
    for (int minus = 0; minus < 2; minus++) {
        if (s->strand == (minus ? SEQNET_PLUS : SEQNET_MINUS)) continue;
        const double score = seqnet_rounded(exact_one(s, i, minus));
        if (score >= thresholds[minus]) {
            out->hits[sequence]++;
            out->total[sequence] += score;
        }
        if (beaten(out, sequence, score)) continue;
        out->start[sequence] = where->start + (int64_t)i;
        out->strand[sequence] = minus ? -1 : 1;
        out->score[sequence] = score;
    }
}

/* Take a stretch into its sequence's summary. Near scores settle what is neither a hit nor best;
 * windows without a score have NaN and fail every comparison. */
static void summarise_stretch(const struct scorer *s, const struct stretch *where,
                              const double thresholds[2], const struct seqnet_summaries *out) {
    const double *near = s->near, error = s->error;
    const double other = s->strand == SEQNET_HIGHER ? thresholds[1] : INFINITY;
    const double first = s->strand == SEQNET_MINUS ? thresholds[1] : thresholds[0];
    const double lowest = first < other ? first : other;
    const double hit = lowest - error;
    const double top = highest(near + where->begin, where->end - where->begin);
    const double rival = top - 2 * error;
    const double limit =
        rival < hit && !beaten(out, where->sequence, top + error) ? rival : hit;
    for (size_t i = where->begin; i < where->end; i += CHUNK) {
        const size_t n = where->end - i < CHUNK ? where->end - i : CHUNK;
        if (highest(near + i, n) < limit) continue;
        for (size_t k = i; k < i + n; k++) {
            if (!(near[k] >= limit)) continue;
            if (near[k] < hit && beaten(out, where->sequence, near[k] + error)) continue;
            settle(s, where, k, thresholds, out);
        }
    }
}

/* Take a block of n windows from `begin` on into the summaries, from the sequence `first` on;
 * returns the first sequence that goes on after the block. */
static size_t summarise_block(const struct scorer *s, const int64_t *offsets, size_t sequences,
                              size_t first, int64_t begin, int64_t n, const double thresholds[2],
                              const struct seqnet_summaries *out) {
    for (; first < sequences && offsets[first] < begin + n; first++) {
        const int64_t from = offsets[first] - begin;
        const int64_t to = offsets[first + 1] - (int64_t)s->motif.width + 1 - begin;
        const struct stretch where = {(size_t)(from > 0 ? from : 0), (size_t)(to < n ? to : n),
                                      first, -from};
        if (to > 0 && to > from) summarise_stretch(s, &where, thresholds, out);
        if (to > n) return first;
    }
    return first;
}

static void start_summaries(const struct seqnet_summaries *out, size_t sequences) {
    for (size_t i = 0; i < sequences; i++) {
        out->start[i] = -1;
        out->strand[i] = 0;
        out->score[i] = NAN;
        out->hits[i] = 0;
        out->total[i] = 0;
    }
}

int seqnet_summarise(const uint8_t *codes, const int64_t *offsets, size_t sequences,
                     struct seqnet_motif motif, enum seqnet_strand strand,
                     const double thresholds[2], struct seqnet_summaries out) {
    struct scorer s;
    const double levels[2] = {seqnet_rounded(thresholds[0]), seqnet_rounded(thresholds[1])};
    start_summaries(&out, sequences);
    const int64_t end = offsets[sequences] - (int64_t)motif.width + 1;
    if (end <= offsets[0]) return 0;
    if (prepare(&s, motif, strand)) return -1;
    s.error += SEQNET_TIE; /* of the rounding, twice over */
    fill_tables(&s);
    size_t first = 0;
    for (int64_t begin = offsets[0]; begin < end && first < sequences; begin += BLOCK) {
        const size_t n = end - begin < BLOCK ? (size_t)(end - begin) : BLOCK;
        const int ambiguous = load_bases(&s, codes + begin, n);
        near_block(&s, n);
        if (ambiguous) blank(codes + begin, motif.width, n, s.near);
        first = summarise_block(&s, offsets, sequences, first, begin, (int64_t)n, levels, &out);
    }
    free(s.memory);
    return 0;
}
