/* Random rows and rules, counted by the kernel and by a loop over windows; built with sanitizers. */
#include "kmers.h"
#include "cpu.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 2000, MOST_ROWS = 5, MOST_LENGTH = 60, MOST_RULES = 4, COLUMNS = 70000 };

static uint64_t state = 1;

static unsigned below(unsigned limit) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(state >> 33) % limit;
}

/* The word of the window that ends at a base, or -1. */
static long word_at(const uint8_t *row, long last, uint32_t mask) {
    long word = 0;
    for (int place = KMER_WIDEST - 1; place >= 0; place--) {
        if (!(mask >> place & 1)) continue;
        if (last - place < 0 || row[last - place] > 3) return -1;
        word = 4 * word + row[last - place];
    }
    return word;
}

int main(void) {
    static uint32_t expected[COLUMNS];
    for (int round = 0; round < ROUNDS; round++) {
        enum cpu_kind kind = CPU_PORTABLE;
#if CPU_X86
        if (round / 2 % 2 && CPU_HAS("avx2")) kind = CPU_AVX2;
#endif
        const size_t features = round % 2 ? COLUMNS : 300;
        const unsigned rows = below(MOST_ROWS + 1), rule_count = 1 + below(MOST_RULES);
        int64_t offsets[MOST_ROWS + 1] = {0}, fresh[MOST_ROWS + 1], ends[MOST_ROWS + 1];
        for (unsigned i = 0; i < rows; i++) {
            fresh[i] = offsets[i] + below(8);
            offsets[i + 1] = offsets[i] + below(MOST_LENGTH);
        }
        uint8_t *codes = malloc((size_t)offsets[rows] + !offsets[rows]); /* no byte more than there are */
        for (int64_t i = 0; i < offsets[rows]; i++) codes[i] = below(20) ? below(4) : 4 + below(252);
        struct kmer_rule rules[MOST_RULES];
        for (unsigned i = 0; i < rule_count; i++) {
            uint32_t mask = 1;
            while (__builtin_popcount(mask) < 1 + (int)below(4)) mask |= UINT32_C(1) << below(32);
            rules[i] = (struct kmer_rule){mask, below(40), NULL};
        }
        const size_t all = (size_t)offsets[rows] * rule_count, most = rows * features;
        const size_t room = (all < most ? all : most) + KMER_BEYOND; /* for no count more than there may be */
        struct kmer_counts found = {malloc(room * sizeof(int32_t)), malloc(room * sizeof(uint32_t)), 0, room};
        const struct kmer_rows held = {codes, offsets, fresh, rows};
        if (seqnet_count_words(kind, &held, rules, rule_count, features, 0, ends, &found) != KMER_DONE) return 1;
        size_t at = 0;
        for (unsigned row = 0; row < rows; row++) {
            const long length = (long)(offsets[row + 1] - offsets[row]);
            for (unsigned rule = 0; rule < rule_count; rule++)
                for (long last = 0; last < length; last++) {
                    const long word = word_at(codes + offsets[row], last, rules[rule].mask);
                    if (word >= 0 && offsets[row] + last >= fresh[row]) expected[rules[rule].base + word]++;
                }
            for (size_t column = 0; column < features; column++) {
                if (!expected[column]) continue;
                if (at == found.used || found.column[at] != (int32_t)column || found.count[at] != expected[column])
                    return 2;
                expected[column] = 0;
                at++;
            }
            if (ends[row] != (int64_t)at) return 3;
        }
        if (at != found.used) return 4;
        free(codes);
        free(found.column);
        free(found.count);
    }
    puts("equal");
    return 0;
}
