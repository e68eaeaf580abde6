/* What edits of single bases change in sums over counted words: see word_edits.h. */
#include "word_edits.h"

#include <stdlib.h>
#include <string.h>

#include "kmer_words.h"
#include "word_covers.h"

/* A count that the edit at hand changes has this added: its highest bit is set then, also where the count falls
 * below 0, as it does where windows are not counted. */
#define TOUCHED UINT32_C(0xC0000000)
#define IS_TOUCHED UINT32_C(0x80000000)

/* A rule made ready. */
struct reader {
    struct stretches stretches;
    const int32_t *table;
    uint64_t offset; /* of its columns in the group's */
    uint32_t mask;
    unsigned span, informative, place[KMER_LONGEST]; /* place: of the word's digits from the lowest on */
    size_t covered; /* words that end here or behind are summed with others, see word_cover */
};

/* Rules whose columns are counted together. */
struct group {
    const struct reader *readers;
    size_t count, columns;
    unsigned hash_bits, span; /* span: of its widest rule */
    const double *weights;    /* of its first column on */
};

struct touched {
    uint32_t column, before;
};

/* Ends of words, from one to before another. */
struct range {
    size_t from, to;
};

/* What is known of one window under one group; rows of width for each rule. */
struct scratch {
    uint32_t *words;   /* the word that ends at each base, ambiguous ones as if they were known */
    int32_t *columns;  /* its column, -1 where there is no word */
    uint32_t *unclear; /* width: bit b is set where the base b before this one is ambiguous */
    int unmarked;      /* whether none is */
    uint8_t *clear;    /* of each window, whether it has no ambiguous base */
    uint32_t *count;   /* of each column, 0 between windows; between edits too where counts are not needed */
    struct touched *touched;
    double *sums; /* tasks, twice */
};

INLINE int64_t column_of(uint32_t word, const struct reader *reader, const struct group *group) {
    const uint64_t column = reader->offset + (uint64_t)(reader->table ? reader->table[word] : (int64_t)word);
    return (int64_t)(group->hash_bits ? mixed(column) >> (64 - group->hash_bits) : column);
}

/* Read the words of a window that end in a range, under a rule; whether all have columns. */
INLINE int read_words(const uint8_t *codes, struct range ends, int clear, const struct reader *of, unsigned stretches,
                      const struct group *group, const uint32_t *unclear, uint32_t *words, int32_t *columns) {
    const struct reader reader = *of;
    const uint64_t beyond = group->columns;
    uint64_t window = 0;
    for (size_t end = ends.from < reader.span ? 0 : ends.from + 1 - reader.span; end < ends.to; end++) {
        window = window << 2 | (codes[end] & 3);
        if (end < ends.from) continue;
        if (end + 1 < reader.span) {
            columns[end] = -1;
            continue;
        }
        const uint32_t word = (uint32_t)word_in(window, &reader.stretches, stretches);
        words[end] = word;
        if (!clear && unclear[end] & reader.mask) {
            columns[end] = -1;
            continue;
        }
        const int64_t column = column_of(word, &reader, group);
        if ((uint64_t)column >= beyond) return 0;
        columns[end] = (int32_t)column;
    }
    return 1;
}

static int read_rule(const uint8_t *codes, struct range ends, int clear, const struct reader *reader,
                     const struct group *group, const uint32_t *unclear, uint32_t *words, int32_t *columns) {
    const unsigned stretches = reader->stretches.count;
    if (clear && stretches == 1)
        return read_words(codes, ends, 1, reader, 1, group, unclear, words, columns);
    if (clear && stretches == 2)
        return read_words(codes, ends, 1, reader, 2, group, unclear, words, columns);
    if (clear && stretches == 3)
        return read_words(codes, ends, 1, reader, 3, group, unclear, words, columns);
    return read_words(codes, ends, clear, reader, stretches, group, unclear, words, columns);
}

/* Read the columns of a window of known bases under a rule without hashing, and count them unless counts is NULL;
 * whether there are all. Faster than read_words, because it keeps no words and tests less. */
INLINE int count_words(const uint8_t *codes, size_t width, const struct reader *of, unsigned stretches, uint64_t beyond,
                       int32_t *columns, uint32_t *counts) {
    const struct reader reader = *of;
    uint64_t window = 0;
    size_t end = 0;
    for (; end < width && end + 1 < reader.span; end++) {
        window = window << 2 | codes[end];
        columns[end] = -1;
    }
    for (; end < width; end++) {
        window = window << 2 | codes[end];
        const uint64_t word = word_in(window, &reader.stretches, stretches);
        const uint64_t column = reader.offset + (uint64_t)(reader.table ? reader.table[word] : (int64_t)word);
        if (column >= beyond) return 0;
        columns[end] = (int32_t)column;
        if (counts) counts[column]++;
    }
    return 1;
}

static int count_rule(const uint8_t *codes, size_t width, const struct reader *reader, uint64_t beyond,
                      int32_t *columns, uint32_t *counts) {
    const unsigned stretches = reader->stretches.count;
    if (stretches == 1) return count_words(codes, width, reader, 1, beyond, columns, counts);
    if (stretches == 2) return count_words(codes, width, reader, 2, beyond, columns, counts);
    if (stretches == 3) return count_words(codes, width, reader, 3, beyond, columns, counts);
    return count_words(codes, width, reader, stretches, beyond, columns, counts);
}

static int is_clear(const uint8_t *codes, size_t width) {
    uint8_t seen = 0;
    for (size_t i = 0; i < width; i++) seen |= codes[i];
    return seen < 4;
}

/* Mark what is ambiguous. */
static void read_unclear(const uint8_t *codes, size_t width, int clear, struct scratch *scratch) {
    uint32_t bits = 0;
    if (clear && scratch->unmarked) return;
    for (size_t i = 0; i < width; i++) scratch->unclear[i] = bits = bits << 1 | (codes[i] > 3);
    scratch->unmarked = clear;
}

/* Add the weights of some words, four sums at a time so that one addition need not wait for another; returns
 * how many words there are. */
INLINE size_t add_weights(const int32_t *columns, size_t count, const double *weights, size_t tasks, double *sums) {
    size_t words = 0;
    for (size_t task = 0; task < tasks; task++) {
        double sum[4] = {0};
        words = 0;
        for (size_t i = 0; i < count; i++) {
            if (columns[i] < 0) continue;
            sum[i & 3] += weights[(size_t)columns[i] * tasks + task];
            words++;
        }
        sums[task] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    }
    return words;
}

/* Add each column's weight times the value of its count, and clear the counts: 0 where a column is met again. Four
 * sums at a time, as in add_weights. */
INLINE void add_values(const int32_t *columns, size_t count, const struct word_function *function,
                       const double *weights, size_t tasks, uint32_t *counts, double *sums) {
    double one[4] = {0};
    size_t i = 0;
    for (; tasks == 1 && i + 4 <= count; i += 4)
        for (size_t k = 0; k < 4; k++) {
            if (columns[i + k] < 0) continue;
            uint32_t *const counted = counts + columns[i + k];
            one[k] += weights[columns[i + k]] * function->values[*counted];
            *counted = 0;
        }
    for (; i < count; i++) {
        if (columns[i] < 0) continue;
        const size_t column = (size_t)columns[i];
        const double value = function->values[counts[column]];
        for (size_t task = 0; task < tasks; task++) sums[task] += weights[column * tasks + task] * value;
        counts[column] = 0;
    }
    sums[0] += (one[0] + one[1]) + (one[2] + one[3]);
}

INLINE size_t touch(struct scratch *scratch, size_t used, int64_t column, uint32_t step) {
    uint32_t count = scratch->count[column];
    if (!(count & IS_TOUCHED)) {
        scratch->touched[used++] = (struct touched){(uint32_t)column, count};
        count += TOUCHED;
    }
    scratch->count[column] = count + step;
    return used;
}

/* Change the counts as an edit does; returns how many columns it touches, SIZE_MAX where a word has none. The
 * change of the number of words is added to gained. */
static size_t apply_edit(const struct group *group, struct scratch *scratch, size_t width, size_t at, uint8_t base,
                         int64_t *gained) {
    size_t used = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct reader *const reader = group->readers + i;
        const uint32_t *const words = scratch->words + i * width;
        const int32_t *const columns = scratch->columns + i * width;
        for (unsigned digit = 0; digit < reader->informative; digit++) {
            const unsigned place = reader->place[digit];
            const size_t end = at + place;
            if (end >= width) break;
            if (end + 1 < reader->span) continue;
            const int64_t old = columns[end];
            int64_t now = -1;
            if (base < 4 && !(scratch->unclear[end] & reader->mask & ~(UINT32_C(1) << place))) {
                const uint32_t others = words[end] & ~(UINT32_C(3) << 2 * digit);
                now = column_of(others | (uint32_t)base << 2 * digit, reader, group);
                if ((uint64_t)now >= group->columns) return SIZE_MAX;
            }
            if (old == now) continue;
            if (old >= 0) used = touch(scratch, used, old, UINT32_MAX);
            if (now >= 0) used = touch(scratch, used, now, 1);
            *gained += (now >= 0) - (old >= 0);
        }
    }
    return used;
}

/* Add the change of the sums, and put the counts back. */
INLINE void add_change(const struct word_function *function, const double *weights, size_t tasks,
                       struct scratch *scratch, size_t used, double *change) {
    for (size_t i = 0; i < used; i++) {
        const struct touched was = scratch->touched[i];
        const uint32_t now = scratch->count[was.column] - TOUCHED;
        scratch->count[was.column] = was.before;
        if (now == was.before) continue;
        const double step = function->values ? function->values[now] - function->values[was.before]
                                             : (double)(int32_t)(now - was.before);
        for (size_t task = 0; task < tasks; task++) change[task] += weights[was.column * tasks + task] * step;
    }
}

static double at_least_one(int64_t words) { return words > 1 ? (double)words : 1; }

/* The edits of a window under a group. Where sums are shares, those of the window and its number of words are
 * given. */
INLINE int edit_window(const struct edited_windows *windows, size_t window, const struct word_function *function,
                       const struct group *group, size_t tasks, struct scratch *scratch, int64_t words,
                       double *changes) {
    const uint8_t *const codes = windows->codes + window * windows->width;
    double *const change = scratch->sums + tasks;
    for (int64_t edit = windows->ends[window]; edit < windows->ends[window + 1]; edit++) {
        if (windows->base[edit] == codes[windows->place[edit]]) continue;
        int64_t gained = 0;
        const size_t used = apply_edit(group, scratch, windows->width, (size_t)windows->place[edit],
                                       windows->base[edit], &gained);
        if (used == SIZE_MAX) return 0;
        for (size_t task = 0; task < tasks; task++) change[task] = 0;
        add_change(function, group->weights, tasks, scratch, used, change);
        for (size_t task = 0; function->shares && task < tasks; task++) {
            const double sum = scratch->sums[task];
            change[task] = gained ? (sum + change[task]) / at_least_one(words + gained) - sum / at_least_one(words)
                                  : change[task] / at_least_one(words);
        }
        for (size_t task = 0; task < tasks; task++) changes[(size_t)edit * tasks + task] += change[task];
    }
    return 1;
}

/* The ends of the words that a window's edits can change; none without edits. */
static struct range changed_ends(const struct edited_windows *windows, size_t window, const struct group *group) {
    struct range ends = {windows->width, 0};
    for (int64_t edit = windows->ends[window]; edit < windows->ends[window + 1]; edit++) {
        const size_t place = (size_t)windows->place[edit];
        ends.from = place < ends.from ? place : ends.from;
        ends.to = place + group->span > ends.to ? place + group->span : ends.to;
    }
    ends.to = ends.to < windows->width ? ends.to : windows->width;
    return ends;
}

/* The sum of the words of a window of known bases that no cover has, and what its edits need. */
static int weigh_window(const struct edited_windows *windows, size_t window, const struct group *group,
                        struct scratch *scratch) {
    const size_t width = windows->width;
    const uint8_t *const codes = windows->codes + window * width;
    const struct range ends = changed_ends(windows, window, group);
    scratch->sums[0] = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct reader *const reader = group->readers + i;
        const struct range apart = {0, reader->covered < width ? reader->covered : width};
        uint32_t *const words = scratch->words + i * width;
        int32_t *const columns = scratch->columns + i * width;
        double sum;
        if (!read_rule(codes, apart, 1, reader, group, scratch->unclear, words, columns) ||
            !read_rule(codes, ends, 1, reader, group, scratch->unclear, words, columns))
            return 0;
        add_weights(columns, apart.to, group->weights, 1, &sum);
        scratch->sums[0] += sum;
    }
    return 1;
}

/* Whether a function is one sum of weights over words: windows of known bases need no counts then. */
INLINE int is_sum(const struct word_function *function) {
    return function->tasks == 1 && !function->values && !function->shares;
}

/* One window under one group. */
INLINE int do_window(const struct edited_windows *windows, size_t window, const struct word_function *function,
                     const struct group *group, size_t tasks, struct scratch *scratch, double *changes,
                     double *wholes) {
    const size_t width = windows->width, all = width * group->count;
    const uint8_t *const codes = windows->codes + window * width;
    const int clear = scratch->clear[window];
    const int few = clear && is_sum(function), known = clear && !few && !group->hash_bits;
    double *const sums = scratch->sums;
    size_t words = 0;
    read_unclear(codes, width, clear, scratch);
    if (few) {
        if (!weigh_window(windows, window, group, scratch)) return 0;
    } else {
        const struct range ends = known ? changed_ends(windows, window, group) : (struct range){0, width};
        uint32_t *const counts = function->values ? scratch->count : NULL;
        for (size_t i = 0; i < group->count; i++) {
            const struct reader *const reader = group->readers + i;
            int32_t *const columns = scratch->columns + i * width;
            if (!read_rule(codes, ends, clear, reader, group, scratch->unclear, scratch->words + i * width, columns) ||
                (known && !count_rule(codes, width, reader, group->columns, columns, counts)))
                return 0;
        }
        if (!function->values) words = add_weights(scratch->columns, all, group->weights, tasks, sums);
    }
    if (function->values && !known)
        for (size_t i = 0; i < all; i++)
            if (scratch->columns[i] >= 0) scratch->count[scratch->columns[i]]++;
    if (!edit_window(windows, window, function, group, tasks, scratch, (int64_t)words, changes)) return 0;
    if (function->values) {
        for (size_t task = 0; task < tasks; task++) sums[task] = 0;
        add_values(scratch->columns, all, function, group->weights, tasks, scratch->count, sums);
    }
    const double divisor = function->shares ? at_least_one((int64_t)words) : 1;
    for (size_t task = 0; task < tasks; task++) wholes[window * tasks + task] += sums[task] / divisor;
    return 1;
}

static enum kmer_outcome do_group(const struct edited_windows *windows, const struct word_function *function,
                                  const struct group *group, struct scratch *scratch, double *changes,
                                  double *wholes) {
    int good = 1;
    if (function->tasks == 1) /* most models: sums stay in registers */
        for (size_t i = 0; good && i < windows->count; i++)
            good = do_window(windows, i, function, group, 1, scratch, changes, wholes);
    else
        for (size_t i = 0; good && i < windows->count; i++)
            good = do_window(windows, i, function, group, function->tasks, scratch, changes, wholes);
    return good ? KMER_DONE : KMER_NO_COLUMN;
}

static struct reader reader_of(const struct kmer_rule *rule, int64_t base) {
    struct reader reader = {.stretches = stretches_of(rule->mask), .table = rule->table,
                            .offset = (uint64_t)(rule->base - base), .mask = rule->mask, .covered = SIZE_MAX};
    for (unsigned place = 0; place < KMER_WIDEST; place++)
        if (rule->mask >> place & 1) reader.place[reader.informative++] = place;
    reader.span = span_of(rule->mask);
    return reader;
}

/* The reader of a rule of a function that is a sum. */
static struct reader covered_reader(const struct kmer_rule *rule, int64_t base,
                                    const struct word_function *function) {
    struct reader reader = reader_of(rule, base);
    for (size_t i = function->cover_count; i-- > 0;)
        if (!(rule->mask & ~function->covers[i].mask)) reader.covered = span_of(function->covers[i].mask) - 1;
    return reader;
}

/* How many rules from one on are of its group. */
static size_t group_size(const struct word_function *function, size_t first) {
    size_t end = first + 1;
    while (end < function->rule_count &&
           (function->hash_bits || function->rules[end].base == function->rules[first].base))
        end++;
    return end - first;
}

size_t seqnet_largest_group(const struct word_function *function) {
    size_t largest = 0;
    for (size_t first = 0, size; first < function->rule_count; first += size) {
        size = group_size(function, first);
        largest = size > largest ? size : largest;
    }
    return largest;
}

static int open_scratch(struct scratch *scratch, const struct word_function *function,
                        const struct edited_windows *windows) {
    const size_t rules = seqnet_largest_group(function), width = windows->width;
    scratch->clear = malloc(windows->count + 1);
    for (size_t i = 0; scratch->clear && i < windows->count; i++)
        scratch->clear[i] = (uint8_t)is_clear(windows->codes + i * width, width);
    scratch->words = malloc((rules * width + 1) * sizeof *scratch->words);
    scratch->columns = malloc((rules * width + 1) * sizeof *scratch->columns);
    scratch->unclear = malloc((width + 1) * sizeof *scratch->unclear);
    scratch->count = calloc(function->features, sizeof *scratch->count);
    scratch->touched = malloc((2 * KMER_LONGEST * rules + 1) * sizeof *scratch->touched);
    scratch->sums = malloc((2 * function->tasks + 1) * sizeof *scratch->sums);
    return scratch->clear && scratch->words && scratch->columns && scratch->unclear && scratch->count &&
           scratch->touched && scratch->sums;
}

static void close_scratch(struct scratch *scratch) {
    free(scratch->words);
    free(scratch->columns);
    free(scratch->unclear);
    free(scratch->clear);
    free(scratch->count);
    free(scratch->touched);
    free(scratch->sums);
}

enum kmer_outcome seqnet_edit_words(const struct edited_windows *windows, const struct word_function *function,
                                    double *changes, double *wholes) {
    const size_t edits = (size_t)windows->ends[windows->count];
    memset(changes, 0, edits * function->tasks * sizeof *changes);
    memset(wholes, 0, windows->count * function->tasks * sizeof *wholes);
    struct scratch scratch = {0};
    struct reader *const readers = malloc((function->rule_count + 1) * sizeof *readers);
    const int ready = readers && open_scratch(&scratch, function, windows);
    enum kmer_outcome outcome = ready ? KMER_DONE : KMER_NO_MEMORY;
    const int sum = is_sum(function);
    if (ready && sum) seqnet_add_covers(windows, function->covers, function->cover_count, scratch.clear, wholes);
    for (size_t first = 0, size; outcome == KMER_DONE && first < function->rule_count; first += size) {
        size = group_size(function, first);
        const int64_t base = function->hash_bits ? 0 : function->rules[first].base;
        if ((uint64_t)base >= function->features) {
            outcome = KMER_NO_COLUMN;
            break;
        }
        struct group group = {readers + first, size, function->features - (size_t)base, function->hash_bits, 0,
                              function->weights + (size_t)base * function->tasks};
        for (size_t i = first; i < first + size; i++) {
            readers[i] = sum ? covered_reader(function->rules + i, base, function)
                             : reader_of(function->rules + i, base);
            group.span = readers[i].span > group.span ? readers[i].span : group.span;
        }
        outcome = do_group(windows, function, &group, &scratch, changes, wholes);
    }
    close_scratch(&scratch);
    free(readers);
    return outcome;
}
