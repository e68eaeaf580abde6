#include "fasta.h"

#include <string.h>

/* Each kind of processor translates whole steps in its own way; the loop does what is left: the end,
 * and the step that holds an invalid byte. A step stores as many bytes as it reads, also where it
 * leaves some out: written never passes consumed, so that this stays within the room of out, and what
 * was too much is written over by the next step. */

static struct encoded loop(const uint8_t *restrict data, size_t n, const uint8_t table[256],
                           uint8_t *restrict out, struct encoded done) {
    for (; done.consumed < n; done.consumed++) {
        const uint8_t code = table[data[done.consumed]];
        if (code == SEQNET_INVALID) break;
        out[done.written] = code; /* a skipped byte is overwritten by the next code: no branch */
        done.written += code != SEQNET_SKIP;
        done.lines += data[done.consumed] == '\n';
    }
    return done;
}

/* Move on past count codes and the skipped byte behind them. */
static inline void pass_skipped(struct encoded *done, const uint8_t *data, size_t count) {
    done->written += count;
    done->lines += data[done->consumed + count] == '\n';
    done->consumed += count + 1;
}

static struct encoded portable(const uint8_t *restrict data, size_t n, const uint8_t table[256],
                               uint8_t *restrict out) {
    enum { STEP = 16 };
    struct encoded done = {0, 0, 0};
    while (done.consumed + STEP <= n) {
        uint8_t *const to = out + done.written;
        uint8_t highest = 0;
        for (size_t i = 0; i < STEP; i++) {
            const uint8_t code = to[i] = table[data[done.consumed + i]];
            highest = code > highest ? code : highest;
        }
        if (highest < SEQNET_SKIP) {
            done.written += STEP;
            done.consumed += STEP;
            continue;
        }
        size_t count = 0;
        while (to[count] < SEQNET_SKIP) count++;
        if (to[count] == SEQNET_INVALID) break;
        pass_skipped(&done, data, count);
    }
    return done;
}

#if CPU_X86

#define AVX2 __attribute__((target("avx2")))

/* Look up 32 bytes below 128 in a table of 8 rows of 16: each row gives 0 for bytes of other rows. */
AVX2 static inline __m256i look_up(__m256i bytes, const __m256i rows[8]) {
    __m256i codes = _mm256_setzero_si256();
    for (int row = 0; row < 8; row++) {
        /* the low four bits where the high ones name this row, else 128 and more */
        const __m256i place = _mm256_adds_epu8(_mm256_xor_si256(bytes, _mm256_set1_epi8((char)(16 * row))),
                                               _mm256_set1_epi8(0x70));
        codes = _mm256_or_si256(codes, _mm256_shuffle_epi8(rows[row], place));
    }
    return codes;
}

AVX2 static struct encoded avx2(const uint8_t *data, size_t n, const uint8_t table[256], uint8_t *out) {
    enum { STEP = 32 };
    const __m256i skip = _mm256_set1_epi8((char)SEQNET_SKIP);
    __m256i rows[8];
    for (int row = 0; row < 8; row++)
        rows[row] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(table + 16 * row)));
    struct encoded done = {0, 0, 0};
    while (done.consumed + STEP <= n) {
        const __m256i bytes = _mm256_loadu_si256((const __m256i *)(data + done.consumed));
        const __m256i codes = look_up(bytes, rows);
        _mm256_storeu_si256((__m256i *)(out + done.written), codes);
        /* bytes from 128 on are left to the loop, as are invalid ones */
        const uint32_t special = (uint32_t)_mm256_movemask_epi8(
            _mm256_or_si256(bytes, _mm256_cmpeq_epi8(_mm256_max_epu8(codes, skip), codes)));
        if (!special) {
            done.written += STEP;
            done.consumed += STEP;
            continue;
        }
        const size_t count = (size_t)__builtin_ctz(special);
        if (table[data[done.consumed + count]] != SEQNET_SKIP) break;
        pass_skipped(&done, data, count);
    }
    return done;
}

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")))

AVX512 static struct encoded avx512(const uint8_t *data, size_t n, const uint8_t table[256],
                                    uint8_t *out) {
    enum { STEP = 64 };
    const __m512i low = _mm512_loadu_si512(table), high = _mm512_loadu_si512(table + STEP);
    const __m512i skip = _mm512_set1_epi8((char)SEQNET_SKIP), feed = _mm512_set1_epi8('\n');
    struct encoded done = {0, 0, 0};
    for (; done.consumed + STEP <= n; done.consumed += STEP) {
        const __m512i bytes = _mm512_loadu_si512(data + done.consumed);
        const __m512i codes = _mm512_permutex2var_epi8(low, bytes, high);
        const uint64_t invalid = _mm512_cmpgt_epu8_mask(codes, skip) | _mm512_movepi8_mask(bytes);
        if (invalid) break;
        const uint64_t kept = _mm512_cmplt_epu8_mask(codes, skip);
        _mm512_storeu_si512(out + done.written, _mm512_maskz_compress_epi8(kept, codes));
        done.written += (size_t)__builtin_popcountll(kept);
        done.lines += (size_t)__builtin_popcountll(_mm512_cmpeq_epi8_mask(bytes, feed));
    }
    return done;
}

#endif

static struct encoded steps(enum cpu_kind kind, const uint8_t *data, size_t n,
                            const uint8_t table[256], uint8_t *out) {
#if CPU_X86
    if (kind == CPU_AVX512 && CPU_HAS("avx512vbmi2"))
        return avx512(data, n, table, out);
    if (kind != CPU_PORTABLE) return avx2(data, n, table, out);
#endif
    (void)kind;
    return portable(data, n, table, out);
}

struct encoded seqnet_encode(enum cpu_kind kind, const uint8_t *data, size_t n,
                             const uint8_t table[256], uint8_t *out) {
    return loop(data, n, table, out, steps(kind, data, n, table, out));
}

static int is_blank(uint8_t byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

struct records seqnet_records(enum cpu_kind kind, const uint8_t *data, size_t n, const uint8_t table[256],
                              size_t limit, uint8_t *out, int64_t *ends, uint8_t *names) {
    struct records done = {0, 0, 0, 0};
    size_t written = 0;
    while (done.count < limit && done.consumed < n && data[done.consumed] == '>') {
        const uint8_t *const header = data + done.consumed + 1, *const end = data + n;
        const uint8_t *const feed = memchr(header, '\n', (size_t)(end - header));
        if (!feed || (size_t)(feed - header) > SEQNET_LONGEST_HEADER) break;
        const uint8_t *name = header, *behind;
        while (name < feed && is_blank(*name)) name++;
        for (behind = name; behind < feed && !is_blank(*behind);) behind++;
        if (name == behind) break;
        const uint8_t *const body = feed + 1;
        const struct encoded codes = seqnet_encode(kind, body, (size_t)(end - body), table, out + written);
        const uint8_t *const next = body + codes.consumed;
        if (next == end || *next != '>' || next[-1] != '\n') break;
        memcpy(names + done.named, name, (size_t)(behind - name));
        done.named += (size_t)(behind - name);
        names[done.named++] = '\n';
        written += codes.written;
        ends[done.count++] = (int64_t)written;
        done.lines += codes.lines + 1;
        done.consumed = (size_t)(next - data);
    }
    return done;
}
