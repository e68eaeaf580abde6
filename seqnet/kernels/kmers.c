#include "kmers.h"

#include <stdlib.h>
#include <string.h>

/* Counters of one row. Bit c of touched is set where counter c is not 0; with many counters, a bit of
 * summary for each word of touched, so that few counts among many columns are found at once. */
struct counters {
    uint32_t *count;
    uint64_t *touched, *summary;
    size_t features, words;
    int sparse;
};

enum { DENSE = 1 << 16 }; /* features up to which every word of touched is looked at */

static int open_counters(struct counters *counters, size_t features) {
    counters->features = features;
    counters->words = (features + 63) / 64;
    counters->sparse = features > DENSE;
    counters->count = calloc(features, sizeof *counters->count);
    counters->touched = calloc(counters->words, sizeof *counters->touched);
    counters->summary = calloc((counters->words + 63) / 64, sizeof *counters->summary);
    return counters->count && counters->touched && counters->summary;
}

static void close_counters(struct counters *counters) {
    free(counters->count);
    free(counters->touched);
    free(counters->summary);
}

/* The informative bases of a window are in stretches; each is moved down to its place in the word. */
struct stretches {
    unsigned count, down[KMER_WIDEST];
    uint64_t bits[KMER_WIDEST];
};

static struct stretches stretches_of(uint32_t mask) {
    struct stretches found = {0};
    unsigned below = 0; /* informative bases so far */
    for (unsigned at = 0; at < KMER_WIDEST;) {
        if (!(mask >> at & 1)) {
            at++;
            continue;
        }
        const unsigned begin = at, low = below;
        while (at < KMER_WIDEST && mask >> at & 1) at++, below++;
        found.down[found.count] = 2 * (begin - low);
        found.bits[found.count++] = ((UINT64_C(1) << 2 * (at - begin)) - 1) << 2 * low;
    }
    return found;
}

/* Steele, Lea and Flood 2014 (splitmix64): every bit of the result depends on every bit of the key. */
static uint64_t mixed(uint64_t key) {
    key += UINT64_C(0x9e3779b97f4a7c15);
    key = (key ^ key >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    key = (key ^ key >> 27) * UINT64_C(0x94d049bb133111eb);
    return key ^ key >> 31;
}

static inline int add(struct counters *counters, uint64_t column, unsigned hash_bits) {
    if (hash_bits) column = mixed(column) >> (64 - hash_bits);
    if (column >= counters->features) return 0;
    counters->count[column]++;
    counters->touched[column >> 6] |= UINT64_C(1) << (column & 63);
    if (counters->sparse) counters->summary[column >> 12] |= UINT64_C(1) << (column >> 6 & 63);
    return 1;
}

static inline uint64_t word_in(uint64_t window, const struct stretches *stretches, int gapped) {
    uint64_t word = window >> stretches->down[0] & stretches->bits[0];
    if (gapped)
        for (unsigned i = 1; i < stretches->count; i++)
            word |= window >> stretches->down[i] & stretches->bits[i];
    return word;
}

/* Count the words of one row under one rule; 0 if a column lies beyond the features. */
static inline int count_rule(const uint8_t *codes, size_t length, size_t fresh,
                             const struct kmer_rule *rule, const struct stretches *stretches,
                             int gapped, struct counters *counters, unsigned hash_bits) {
    uint64_t window = 0;
    uint32_t clear = 0; /* unambiguous bases of the window; those before the row are not */
    int good = 1;
    for (size_t i = 0; i < length; i++) {
        window = window << 2 | (codes[i] & 3);
        clear = clear << 1 | (codes[i] < 4);
        if ((clear & rule->mask) != rule->mask || i < fresh) continue;
        const uint64_t word = word_in(window, stretches, gapped);
        const int64_t column = rule->base + (rule->table ? rule->table[word] : (int64_t)word);
        good &= add(counters, (uint64_t)column, hash_bits);
    }
    return good;
}

static int count_row(const uint8_t *codes, size_t length, size_t fresh, const struct kmer_rule *rules,
                     const struct stretches *stretches, size_t rule_count, struct counters *counters,
                     unsigned hash_bits) {
    int good = 1;
    for (size_t rule = 0; rule < rule_count; rule++) /* two calls, each specialised */
        good &= stretches[rule].count == 1
                    ? count_rule(codes, length, fresh, rules + rule, stretches + rule, 0, counters, hash_bits)
                    : count_rule(codes, length, fresh, rules + rule, stretches + rule, 1, counters, hash_bits);
    return good;
}

/* Make sure that there is room for so many counts more. */
static int make_room(struct kmer_counts *out, size_t more) {
    if (out->room - out->used >= more) return 1;
    const size_t room = 2 * out->used + more;
    int32_t *column = realloc(out->column, room * sizeof *column);
    if (column) out->column = column;
    uint32_t *count = realloc(out->count, room * sizeof *count);
    if (count) out->count = count;
    if (!column || !count) return 0;
    out->room = room;
    return 1;
}

/* Move the counts of 64 columns out, and clear them. */
static void take_word(struct counters *counters, size_t word, struct kmer_counts *out) {
    uint64_t bits = counters->touched[word];
    counters->touched[word] = 0;
    for (; bits; bits &= bits - 1) {
        const size_t column = 64 * word + (size_t)__builtin_ctzll(bits);
        out->column[out->used] = (int32_t)column;
        out->count[out->used++] = counters->count[column];
        counters->count[column] = 0;
    }
}

static void take_row(struct counters *counters, struct kmer_counts *out) {
    if (!counters->sparse) {
        for (size_t word = 0; word < counters->words; word++) take_word(counters, word, out);
        return;
    }
    for (size_t group = 0; group < (counters->words + 63) / 64; group++) {
        uint64_t bits = counters->summary[group];
        counters->summary[group] = 0;
        for (; bits; bits &= bits - 1)
            take_word(counters, 64 * group + (size_t)__builtin_ctzll(bits), out);
    }
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static enum kmer_outcome count_rows(const struct kmer_rows *rows, const struct kmer_rule *rules,
                                    const struct stretches *stretches, size_t rule_count,
                                    unsigned hash_bits, struct counters *counters, int64_t *ends,
                                    struct kmer_counts *out) {
    for (size_t row = 0; row < rows->count; row++) {
        const int64_t begin = rows->offsets[row], fresh = rows->fresh[row] - begin;
        const size_t length = (size_t)(rows->offsets[row + 1] - begin);
        if (!count_row(rows->codes + begin, length, fresh > 0 ? (size_t)fresh : 0, rules, stretches,
                       rule_count, counters, hash_bits))
            return KMER_NO_COLUMN;
        if (!make_room(out, smaller(length * rule_count, counters->features))) return KMER_NO_MEMORY;
        take_row(counters, out);
        ends[row] = (int64_t)out->used;
    }
    return KMER_DONE;
}

enum kmer_outcome seqnet_count_words(const struct kmer_rows *rows, const struct kmer_rule *rules,
                                     size_t rule_count, size_t features, unsigned hash_bits,
                                     int64_t *ends, struct kmer_counts *out) {
    struct counters counters;
    struct stretches *stretches = malloc((rule_count + 1) * sizeof *stretches);
    enum kmer_outcome outcome = KMER_NO_MEMORY;
    *out = (struct kmer_counts){0};
    if (open_counters(&counters, features) && stretches) {
        for (size_t rule = 0; rule < rule_count; rule++) stretches[rule] = stretches_of(rules[rule].mask);
        outcome = count_rows(rows, rules, stretches, rule_count, hash_bits, &counters, ends, out);
    }
    close_counters(&counters);
    free(stretches);
    return outcome;
}
