#include "kmer_words.h"
#include "kmers.h"

#include <stdlib.h>
#include <string.h>

/* How the words of a row are counted. Few columns have counters that are all looked at. Where the words are
 * few compared with the columns, these are listed and sorted. Else bit c of touched is set where counter c is not
 * 0. */
enum way { BY_COUNTERS, BY_SORTING, BY_TOUCHED };

static enum way way_for(size_t words, size_t columns) {
    enum { FEW_COLUMNS = 1 << 12, FEW_WORDS = 64 };
    return columns <= FEW_COLUMNS ? BY_COUNTERS : words < columns / FEW_WORDS ? BY_SORTING : BY_TOUCHED;
}

/* Where the words of one row and of one group of rules are counted. Counters are whole words of 64. */
struct counters {
    uint32_t *count;
    uint64_t *touched;
    uint32_t *listed, *scratch; /* room for the words of a row that is sorted */
    uint64_t lanes[256];        /* for each set of eight lanes, its lanes in order, a byte each */
};

static int open_counters(struct counters *counters, size_t columns, size_t listed) {
    const size_t words = (columns + 63) / 64;
    counters->count = calloc(64 * words, sizeof *counters->count);
    counters->touched = calloc(words, sizeof *counters->touched);
    counters->listed = malloc((listed + 1) * sizeof *counters->listed);
    counters->scratch = malloc((listed + 1) * sizeof *counters->scratch);
    for (unsigned set = 0; set < 256; set++) {
        unsigned found = 0;
        counters->lanes[set] = 0;
        for (unsigned lane = 0; lane < 8; lane++)
            if (set >> lane & 1) counters->lanes[set] |= (uint64_t)lane << 8 * found++;
    }
    return counters->count && counters->touched && counters->listed && counters->scratch;
}

static void close_counters(struct counters *counters) {
    free(counters->count);
    free(counters->touched);
    free(counters->listed);
    free(counters->scratch);
}

/* A rule, and where its columns lie among those of its group. */
struct member {
    const int32_t *table;
    const uint16_t *near; /* word to column of the group, in place of table; NULL for none */
    struct stretches stretches;
    uint32_t mask;
    unsigned span;   /* bases of the window */
    size_t words;    /* that there may be */
    uint64_t offset; /* of its columns in the group's */
};

/* Rules whose columns are counted, and taken out, together: columns base and on. Groups do not share
 * columns and ascend, so that each is done before the next and little memory is written to in turn. */
struct group {
    const struct member *members;
    size_t count, base, columns;
    int plain; /* every word has a column, which is not hashed and comes from near or is the word itself */
    unsigned hash_bits;
};

/* A row of codes; windows that end before fresh were counted before. */
struct row {
    const uint8_t *codes;
    size_t length, fresh;
    int clear; /* without an ambiguous base */
};

/* The column of a word in its group; not below the group's columns where it has none. */
INLINE uint64_t column_in(uint64_t word, const struct member *member, const struct group *group, int plain) {
    if (plain) return member->near ? member->near[word] : word;
    const uint64_t column = member->offset + (uint64_t)(member->table ? member->table[word] : (int64_t)word);
    return group->hash_bits ? mixed(column) >> (64 - group->hash_bits) : column;
}

/* Count the words of one row under one rule; NULL if a column lies beyond those there are, else what is
 * behind the last listed. The copies of rule, group and counters cannot be changed while counting: they
 * stay in registers. */
INLINE uint32_t *count_rule(struct row row, const struct member *rule, const struct group *of,
                            unsigned stretches, int plain, enum way way, const struct counters *into,
                            uint32_t *next) {
    const struct member member = *rule;
    const struct group group = *of;
    uint32_t *const count = into->count;
    uint64_t *const touched = into->touched;
    const size_t begin = row.fresh + 1 > member.span ? row.fresh : member.span - 1;
    uint64_t window = 0;
    uint32_t clear = 0; /* unambiguous bases of the window; those before the row are not */
    for (size_t i = 0; i < row.length; i++) {
        window = window << 2 | (row.codes[i] & 3);
        if (!row.clear) clear = clear << 1 | (row.codes[i] < 4);
        if (i < begin || (!row.clear && (clear & member.mask) != member.mask)) continue;
        const uint64_t word = word_in(window, &member.stretches, stretches);
        const uint64_t column = column_in(word, &member, &group, plain);
        if (!plain && column >= group.columns) return NULL;
        if (way == BY_SORTING)
            *next++ = (uint32_t)column;
        else
            count[column]++;
        if (way == BY_TOUCHED) touched[column >> 6] |= UINT64_C(1) << (column & 63);
    }
    return next;
}

/* The same, specialised for rows without ambiguous bases and for the usual numbers of stretches. */
INLINE uint32_t *count_special(struct row row, const struct member *member, const struct group *group,
                               int plain, enum way way, const struct counters *into, uint32_t *next) {
    const unsigned stretches = member->stretches.count;
    if (!row.clear) return count_rule(row, member, group, stretches, plain, way, into, next);
    row.clear = 1;
    if (stretches == 1 && !member->stretches.down[0])
        return count_rule(row, member, group, 0, plain, way, into, next);
    if (stretches == 2) return count_rule(row, member, group, 2, plain, way, into, next);
    if (stretches == 3) return count_rule(row, member, group, 3, plain, way, into, next);
    return count_rule(row, member, group, stretches, plain, way, into, next);
}

static uint32_t *count_member(struct row row, const struct member *member, const struct group *group,
                              enum way way, const struct counters *into, uint32_t *next) {
    if (group->plain && way == BY_COUNTERS)
        return count_special(row, member, group, 1, BY_COUNTERS, into, next);
    if (group->plain && way == BY_SORTING)
        return count_special(row, member, group, 1, BY_SORTING, into, next);
    if (group->plain) return count_special(row, member, group, 1, BY_TOUCHED, into, next);
    if (way == BY_SORTING) return count_special(row, member, group, 0, BY_SORTING, into, next);
    /* counters that are all looked at need not be touched, but may be */
    return count_special(row, member, group, 0, BY_TOUCHED, into, next);
}

/* Sort columns below so many, by digits of at most 8 bits from the lowest on (a radix sort); returns them, in
 * one of the two places. */
static uint32_t *sorted(uint32_t *from, uint32_t *to, size_t n, size_t columns) {
    enum { DIGIT = 8, VALUES = 1 << DIGIT, MOST = 4 };
    unsigned bits = 1;
    while (bits < 32 && (columns - 1) >> bits) bits++;
    const unsigned passes = (bits + DIGIT - 1) / DIGIT, digit = (bits + passes - 1) / passes;
    const uint32_t mask = (UINT32_C(1) << digit) - 1;
    size_t places[MOST][VALUES] = {{0}};
    for (size_t i = 0; i < n; i++)
        for (unsigned pass = 0; pass < passes; pass++) places[pass][from[i] >> pass * digit & mask]++;
    for (unsigned pass = 0; pass < passes; pass++) {
        size_t place = 0;
        for (uint32_t value = 0; value <= mask; value++) {
            const size_t here = places[pass][value];
            places[pass][value] = place;
            place += here;
        }
        for (size_t i = 0; i < n; i++) to[places[pass][from[i] >> pass * digit & mask]++] = from[i];
        uint32_t *const swap = from;
        from = to, to = swap;
    }
    return from;
}

/* Move sorted columns out, each with how often it is there. */
static void take_sorted(const uint32_t *columns, size_t n, size_t base, struct kmer_counts *out) {
    size_t used = out->used;
    uint32_t run = 0;
    for (size_t i = 0; i < n; i++) { /* a column is written again with each of its counts: no branch */
        const int again = i && columns[i] == columns[i - 1];
        run = again ? run + 1 : 1;
        used += !again;
        out->column[used - 1] = (int32_t)(base + columns[i]);
        out->count[used - 1] = run;
    }
    out->used = used;
}

#if CPU_X86

#define AVX2 __attribute__((target("avx2,popcnt")))

/* Move all counts out, eight columns at a time, and clear them. */
AVX2 static void take_all_avx2(struct counters *counters, size_t columns, size_t base,
                               struct kmer_counts *out) {
    const __m256i eight = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i column = _mm256_add_epi32(_mm256_set1_epi32((int)base), eight);
    size_t used = out->used;
    for (size_t at = 0; at < columns; at += 8) {
        __m256i *const from = (__m256i *)(counters->count + at);
        const __m256i count = _mm256_loadu_si256(from);
        const __m256i none = _mm256_cmpeq_epi32(count, _mm256_setzero_si256());
        const unsigned set = ~(unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(none)) & 255;
        const __m256i order = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)counters->lanes[set]));
        _mm256_storeu_si256((__m256i *)(out->column + used), _mm256_permutevar8x32_epi32(column, order));
        _mm256_storeu_si256((__m256i *)(out->count + used), _mm256_permutevar8x32_epi32(count, order));
        _mm256_storeu_si256(from, _mm256_setzero_si256());
        column = _mm256_add_epi32(column, _mm256_set1_epi32(8));
        used += (size_t)__builtin_popcount(set);
    }
    out->used = used;
}

#endif

/* Move the counts of 64 columns out, and clear them. Two go out at a time, of which the last may be the
 * word's last counter in place of none, 0 then: what is written beyond used (KMER_BEYOND) is written over. */
static inline void take_word(struct counters *counters, size_t word, size_t base, struct kmer_counts *out) {
    uint64_t bits = counters->touched[word];
    uint32_t *const count = counters->count + 64 * word;
    int32_t *column = out->column + out->used;
    uint32_t *to = out->count + out->used;
    size_t taken = 0;
    counters->touched[word] = 0;
    do {
        for (int twice = 0; twice < 2; twice++) {
            const unsigned at = (unsigned)__builtin_ctzll(bits | UINT64_C(1) << 63);
            column[taken] = (int32_t)(base + 64 * word + at);
            to[taken] = count[at];
            count[at] = 0;
            taken += bits != 0;
            bits &= bits - 1;
        }
    } while (bits);
    out->used += taken;
}

/* Find the counters of a word that are not 0. */
static void touch(struct counters *counters, size_t word) {
    uint64_t bits = 0;
    for (unsigned at = 0; at < 64; at++) bits |= (uint64_t)(counters->count[64 * word + at] != 0) << at;
    counters->touched[word] = bits;
}

static void take_counters(enum cpu_kind kind, enum way way, struct counters *counters,
                          const struct group *group, struct kmer_counts *out) {
#if CPU_X86
    if (kind != CPU_PORTABLE && way == BY_COUNTERS) {
        take_all_avx2(counters, group->columns, group->base, out);
        return;
    }
#endif
    (void)kind;
    for (size_t word = 0; word < (group->columns + 63) / 64; word++) {
        if (way == BY_COUNTERS) touch(counters, word);
        take_word(counters, word, group->base, out);
    }
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static struct row row_of(const struct kmer_rows *rows, size_t i) {
    const int64_t begin = rows->offsets[i], fresh = rows->fresh[i] - begin;
    const struct row row = {rows->codes + begin, (size_t)(rows->offsets[i + 1] - begin),
                            fresh > 0 ? (size_t)fresh : 0, 0};
    uint8_t seen = 0;
    for (size_t k = 0; k < row.length; k++) seen |= row.codes[k];
    return (struct row){row.codes, row.length, row.fresh, seen < 4};
}

/* Count the words of a row under the rules of a group, and take the counts out. */
static enum kmer_outcome count_group(enum cpu_kind kind, struct row row, const struct group *group,
                                     struct counters *counters, struct kmer_counts *out) {
    const size_t words = row.length * group->count;
    const enum way way = way_for(words, group->columns);
    uint32_t *next = counters->listed;
    for (size_t i = 0; next && i < group->count; i++)
        next = count_member(row, group->members + i, group, way, counters, next);
    if (!next) return KMER_NO_COLUMN;
    if (out->room - out->used < smaller(words, group->columns) + KMER_BEYOND) return KMER_NO_ROOM;
    if (way == BY_SORTING) {
        const size_t n = (size_t)(next - counters->listed);
        take_sorted(sorted(counters->listed, counters->scratch, n, group->columns), n, group->base, out);
    } else {
        take_counters(kind, way, counters, group, out);
    }
    return KMER_DONE;
}

static enum kmer_outcome count_rows(enum cpu_kind kind, const struct kmer_rows *rows,
                                    const struct group *groups, size_t count, struct counters *counters,
                                    int64_t *ends, struct kmer_counts *out) {
    for (size_t i = 0; i < rows->count; i++) {
        const struct row row = row_of(rows, i);
        for (size_t k = 0; k < count; k++) {
            const enum kmer_outcome outcome = count_group(kind, row, groups + k, counters, out);
            if (outcome != KMER_DONE) return outcome;
        }
        ends[i] = (int64_t)out->used;
    }
    return KMER_DONE;
}

static struct member member_of(const struct kmer_rule *rule, size_t base) {
    struct member member = {rule->table, NULL, stretches_of(rule->mask), rule->mask, 0,
                            (size_t)1 << 2 * informative(rule->mask), (uint64_t)rule->base - base};
    while (member.span < KMER_WIDEST && rule->mask >> member.span) member.span++;
    return member;
}

/* One more than the rule's last column, at most features; more than features where that is not sure, as
 * looking through a large table would take too long. */
static size_t end_of(const struct kmer_rule *rule, size_t features) {
    enum { LOOKED_THROUGH = 8 };
    const unsigned bases = informative(rule->mask);
    const size_t words = (size_t)1 << 2 * bases, base = (size_t)rule->base;
    if (!rule->table) return base <= features && words <= features - base ? base + words : features + 1;
    if (bases > LOOKED_THROUGH || base > features) return features + 1;
    int32_t least = 0, most = 0;
    for (size_t word = 0; word < words; word++) {
        least = rule->table[word] < least ? rule->table[word] : least;
        most = rule->table[word] > most ? rule->table[word] : most;
    }
    return least < 0 || (size_t)most >= features - base ? features + 1 : base + (size_t)most + 1;
}

/* Give the members of plain groups tables of 16 bits, half as much memory to stay near; one that another
 * member has is shared. Returns their memory, NULL if there is none. */
static uint16_t *make_near(struct member *members, size_t count) {
    size_t words = 0;
    for (size_t i = 0; i < count; i++) words += members[i].table ? members[i].words : 0;
    uint16_t *const memory = malloc((words + 1) * sizeof *memory), *next = memory;
    for (size_t i = 0; memory && i < count; i++) {
        struct member *const member = members + i;
        if (!member->table) continue;
        for (size_t k = 0; k < i && !member->near; k++)
            if (members[k].table == member->table && members[k].words == member->words)
                member->near = members[k].near;
        if (member->near) continue;
        for (size_t word = 0; word < member->words; word++) next[word] = (uint16_t)member->table[word];
        member->near = next;
        next += member->words;
    }
    return memory;
}

/* Part the rules into plain groups; returns how many, or 0 where columns are not sure to be there, are shared
 * by rules that do not follow each other with one base, or are too many for near tables. */
static size_t make_plain_groups(const struct kmer_rule *rules, size_t count, size_t features,
                                struct member *members, struct group *groups) {
    size_t made = 0, end = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t base = (size_t)rules[i].base, to = end_of(rules + i, features);
        if (!made || base != groups[made - 1].base) {
            if (base < end) return 0;
            groups[made++] = (struct group){members + i, 0, base, 0, 1, 0};
        }
        members[i] = member_of(rules + i, base);
        groups[made - 1].count++;
        end = to > end ? to : end;
        groups[made - 1].columns = end - base;
        if (end > features || end - base > UINT16_MAX + 1) return 0;
    }
    return made;
}

/* Part the rules into groups, in the last resort one; returns how many. */
static size_t make_groups(const struct kmer_rule *rules, size_t count, size_t features, unsigned hash_bits,
                          struct member *members, struct group *groups) {
    const size_t made = hash_bits ? 0 : make_plain_groups(rules, count, features, members, groups);
    if (made) return made;
    for (size_t i = 0; i < count; i++) members[i] = member_of(rules + i, 0);
    groups[0] = (struct group){members, count, 0, features, 0, hash_bits};
    return count > 0;
}

/* Room for what the rows need under all groups; whether there is that much memory. */
static int open_for(const struct kmer_rows *rows, const struct group *groups, size_t count,
                    struct counters *counters) {
    size_t columns = 1, listed = 0, longest = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const size_t length = (size_t)(rows->offsets[i + 1] - rows->offsets[i]);
        longest = length > longest ? length : longest;
    }
    for (size_t k = 0; k < count; k++) {
        const size_t words = smaller(longest * groups[k].count, groups[k].columns);
        columns = groups[k].columns > columns ? groups[k].columns : columns;
        listed = words > listed ? words : listed;
    }
    return open_counters(counters, columns, listed);
}

enum kmer_outcome seqnet_count_words(enum cpu_kind kind, const struct kmer_rows *rows,
                                     const struct kmer_rule *rules, size_t rule_count, size_t features,
                                     unsigned hash_bits, int64_t *ends, struct kmer_counts *out) {
    struct counters counters = {0};
    struct member *members = malloc((rule_count + 1) * sizeof *members);
    struct group *groups = malloc((rule_count + 1) * sizeof *groups);
    uint16_t *near = NULL;
    enum kmer_outcome outcome = KMER_NO_MEMORY;
    out->used = 0;
    if (members && groups) {
        const size_t count = make_groups(rules, rule_count, features, hash_bits, members, groups);
        if (count && groups[0].plain) near = make_near(members, rule_count);
        if ((!count || !groups[0].plain || near) && open_for(rows, groups, count, &counters))
            outcome = count_rows(kind, rows, groups, count, &counters, ends, out);
    }
    close_counters(&counters);
    free(members);
    free(groups);
    free(near);
    return outcome;
}
