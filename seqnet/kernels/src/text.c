/* Numbers as text, exactly rounded, and lines of hits.
 *
 * A double is m * 2^e with whole m and e, so v * 10^k = m * 5^k * 2^(e + k): whole numbers and a
 * shift. The digits cut off are all known, so rounding half to even is decided exactly, without
 * tables, locale or floating point. The usual p-values and scores need two to four words of 32 bits,
 * the smallest doubles 25. */
#include "text.h"

#include <string.h>

enum {
    LIMBS = 28,     /* m * 5^330 has up to 780 bits; and room to look beyond */
    FRACTION = 52,
    DIGITS = 6,     /* both after the point of %.6f and significant in %.6g */
    LINE_NUMBERS = 160, /* more than all numbers, tabs and marks of a line take */
};

static const uint64_t million = 1000000;

/* A finite double without its sign: whole * 2^exponent. */
struct binary {
    uint64_t whole;
    int exponent;
};

static uint64_t bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static struct binary binary_of(double value) {
    const uint64_t bits = bits_of(value), fraction = bits & ((UINT64_C(1) << FRACTION) - 1);
    const int stored = (int)(bits >> FRACTION & 0x7ff);
    if (!stored) return (struct binary){fraction, -1074};
    return (struct binary){fraction | UINT64_C(1) << FRACTION, stored - 1075};
}

/* A whole number, lowest word first; words beyond used are 0. */
struct number {
    uint32_t limb[LIMBS];
    int used;
};

static void multiply(struct number *number, uint32_t factor) {
    uint64_t carry = 0;
    for (int i = 0; i < number->used; i++) {
        carry += (uint64_t)number->limb[i] * factor;
        number->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry) number->limb[number->used++] = (uint32_t)carry;
}

static void multiply_by_power_of_five(struct number *number, int power) {
    static const uint32_t powers[] = {1,       5,        25,       125,       625,       3125,      15625,
                                      78125,   390625,   1953125,  9765625,   48828125,  244140625,
                                      1220703125};
    const int most = (int)(sizeof powers / sizeof *powers) - 1;
    for (; power > most; power -= most) multiply(number, powers[most]);
    multiply(number, powers[power]);
}

static uint32_t limb_at(const struct number *number, int place) {
    return place < number->used ? number->limb[place] : 0;
}

/* The 64 bits of a number from a bit on. */
static uint64_t window(const struct number *number, int bit) {
    const int place = bit / 32, within = bit % 32;
    const uint64_t low = limb_at(number, place) | (uint64_t)limb_at(number, place + 1) << 32;
    if (!within) return low;
    return low >> within | (uint64_t)limb_at(number, place + 2) << (64 - within);
}

/* Whether any of the lowest bits of a number is set. */
static int any_below(const struct number *number, int bits) {
    int place = 0;
    for (; bits >= 32; bits -= 32) if (limb_at(number, place++)) return 1;
    return bits && limb_at(number, place) << (32 - bits) != 0;
}

/* v * 10^power, 0 <= power <= 330, rounded half to even. The callers see to it that the result is
 * below 2^63, and that exponent + power is negative: v * 10^power is smaller than whole * 5^power. */
static uint64_t scaled(struct binary v, int power) {
    struct number number;
    number.limb[0] = (uint32_t)v.whole;
    number.limb[1] = (uint32_t)(v.whole >> 32);
    number.used = 2;
    multiply_by_power_of_five(&number, power);
    const int shift = -(v.exponent + power);
    const uint64_t below = window(&number, shift - 1); /* the result and the bit of one half */
    const uint64_t result = below >> 1;
    if (!(below & 1)) return result;
    return result + (result & 1 || any_below(&number, shift - 1));
}

/* Write a whole number with at least so many digits, zeros in front. */
static char *write_whole(char *out, uint64_t value, int digits) {
    char reversed[20];
    int used = 0;
    for (; value || used < digits; value /= 10) reversed[used++] = (char)('0' + value % 10);
    while (used) *out++ = reversed[--used];
    return out;
}

static char *write_integer(char *out, int64_t value) {
    if (value < 0) *out++ = '-';
    return write_whole(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1);
}

static char *write_sign(char *out, double value) {
    if (bits_of(value) >> 63) *out++ = '-';
    return out;
}

char *seqnet_fixed(char *out, double value) {
    const uint64_t rounded = scaled(binary_of(value), DIGITS);
    out = write_whole(write_sign(out, value), rounded / million, 1);
    *out++ = '.';
    return write_whole(out, rounded % million, DIGITS);
}

/* The power of ten at or below a number that is not 0. */
static int decimal_exponent(struct binary v) {
    int top = v.exponent - 1;
    for (uint64_t rest = v.whole; rest; rest >>= 1) top++;
    /* 315653 / 2^20 is log10(2) closely enough for every exponent of a double. The power of two at
     * or below v may lie one decade lower than v: seqnet_general looks. */
    return top < 0 ? -(-top * 315653 >> 20) - 1 : top * 315653 >> 20;
}

static char *without_zeros(char *begin, char *end) {
    while (end > begin && end[-1] == '0') end--;
    return end;
}

/* Write six digits as d.ddddde-xx, zeros at the end left out. */
static char *write_scientific(char *out, const char digits[DIGITS], int exponent) {
    out[0] = digits[0];
    out[1] = '.';
    memcpy(out + 2, digits + 1, DIGITS - 1);
    char *end = without_zeros(out + 2, out + 1 + DIGITS);
    if (end == out + 2) end--; /* no point either */
    *end++ = 'e';
    *end++ = exponent < 0 ? '-' : '+';
    return write_whole(end, (uint64_t)(exponent < 0 ? -exponent : exponent), 2);
}

/* Write six digits without an exponent, which is -4 to 5 here. */
static char *write_positional(char *out, const char digits[DIGITS], int exponent) {
    const int whole = exponent < 0 ? 0 : exponent + 1; /* digits before the point */
    if (!whole) *out++ = '0';
    memcpy(out, digits, (size_t)whole);
    out += whole;
    char *point = out;
    *out++ = '.';
    for (int i = exponent; i < -1; i++) *out++ = '0';
    memcpy(out, digits + whole, (size_t)(DIGITS - whole));
    out = without_zeros(point + 1, out + DIGITS - whole);
    return out == point + 1 ? point : out;
}

char *seqnet_general(char *out, double value) {
    const struct binary v = binary_of(value);
    out = write_sign(out, value);
    if (!v.whole) {
        *out = '0';
        return out + 1;
    }
    int exponent = decimal_exponent(v);
    uint64_t rounded = scaled(v, DIGITS - 1 - exponent);
    /* the exponent was too low, or rounding reached the next power of ten */
    while (rounded >= million) rounded = scaled(v, DIGITS - 1 - ++exponent);
    char digits[DIGITS];
    write_whole(digits, rounded, DIGITS);
    return exponent < -4 || exponent >= DIGITS ? write_scientific(out, digits, exponent)
                                               : write_positional(out, digits, exponent);
}

/* ---- lines ---- */

static int64_t text_begin(const struct texts *texts, int32_t which) {
    return which ? texts->ends[which - 1] : 0;
}

static char *write_bytes(char *out, const char *bytes, size_t size) {
    memcpy(out, bytes, size);
    return out + size;
}

static char *write_text(char *out, const struct texts *texts, int32_t which) {
    const int64_t begin = text_begin(texts, which);
    return write_bytes(out, texts->bytes + begin, (size_t)(texts->ends[which] - begin));
}

/* Write a word as its strand reads. */
static char *write_word(char *out, const uint8_t *codes, int64_t width, int strand) {
    static const char letters[] = "ACGTN", complements[] = "TGCAN";
    for (int64_t i = 0; i < width; i++) {
        const uint8_t code = strand < 0 ? codes[width - 1 - i] : codes[i];
        *out++ = (strand < 0 ? complements : letters)[code < 4 ? code : 4];
    }
    return out;
}

static char *write_line(char *out, const struct hit_columns *hits, size_t i) {
    const int32_t motif = hits->motif[i];
    const int64_t width = hits->widths[motif], start = hits->start[i];
    out = write_bytes(out, hits->sequence, hits->sequence_size);
    *out++ = '\t';
    out = write_integer(out, start + hits->shift);
    *out++ = '\t';
    out = write_integer(out, start + hits->shift + width);
    *out++ = '\t';
    out = write_text(out, &hits->names, motif);
    *out++ = '\t';
    out = write_integer(out, hits->level[i]);
    *out++ = '\t';
    *out++ = hits->strand[i] < 0 ? '-' : '+';
    *out++ = '\t';
    out = seqnet_fixed(out, hits->score[i]);
    *out++ = '\t';
    out = seqnet_general(out, hits->p_value[i]);
    out = write_bytes(out, "\t.\t", 3);
    out = write_word(out, hits->codes + start, width, hits->strand[i]);
    *out++ = '\t';
    out = write_text(out, &hits->alternates, motif);
    *out++ = '\n';
    return out;
}

size_t seqnet_hit_lines_size(const struct hit_columns *hits) {
    size_t size = hits->count * (hits->sequence_size + LINE_NUMBERS);
    for (size_t i = 0; i < hits->count; i++) {
        const int32_t motif = hits->motif[i];
        size += (size_t)(hits->widths[motif] + hits->names.ends[motif] + hits->alternates.ends[motif] -
                         text_begin(&hits->names, motif) - text_begin(&hits->alternates, motif));
    }
    return size;
}

size_t seqnet_hit_lines(const struct hit_columns *hits, char *out) {
    char *end = out;
    for (size_t i = 0; i < hits->count; i++) end = write_line(end, hits, i);
    return (size_t)(end - out);
}
