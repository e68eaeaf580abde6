/* Windows of an array, side by side in a batch. */
#include "gather.h"

#include <string.h>

/* The part of window i that is there, as positions in the window. */
struct part {
    size_t begin, end;
};

static size_t clamp(int64_t value, size_t most) {
    return value <= 0 ? 0 : (uint64_t)value < most ? (size_t)value : most;
}

static struct part part_of(struct places places, size_t i) {
    const struct part part = {clamp(places.low[i] - places.start[i], places.width),
                              clamp(places.high[i] - places.start[i], places.width)};
    return part.begin < part.end ? part : (struct part){0, 0};
}

/* The one-hot form of every byte, forward and complemented. */
static void fill_tables(float tables[2][256][4]) {
    memset(tables, 0, 2 * 256 * 4 * sizeof(float));
    for (int base = 0; base < 4; base++) tables[0][base][base] = tables[1][base][3 - base] = 1.0f;
}

/* One window; inlined with constant channels where they are four, so that rows of 16 bytes are copied. */
static inline void one_hot_row(const uint8_t *codes, struct places places, size_t i, size_t channels,
                               const float tables[2][256][4], float *out) {
    const struct part part = part_of(places, i);
    const size_t width = places.width;
    const int flip = places.flip[i] != 0;
    const float(*table)[4] = tables[flip];
    const size_t row = 4 * sizeof(float);
    for (size_t k = 0; k < part.begin; k++) memset(out + (flip ? width - 1 - k : k) * channels, 0, row);
    for (size_t k = part.end; k < width; k++) memset(out + (flip ? width - 1 - k : k) * channels, 0, row);
    if (part.begin == part.end) return;
    const uint8_t *first = codes + (places.start[i] + (int64_t)part.begin);
    const size_t count = part.end - part.begin;
    if (flip) {
        float *last = out + (width - 1 - part.begin) * channels;
        for (size_t k = 0; k < count; k++) memcpy(last - k * channels, table[first[k]], row);
    } else {
        float *begin = out + part.begin * channels;
        for (size_t k = 0; k < count; k++) memcpy(begin + k * channels, table[first[k]], row);
    }
}

void seqnet_gather_one_hot(const uint8_t *codes, struct places places, size_t channels, float *out) {
    float tables[2][256][4];
    fill_tables(tables);
    for (size_t i = 0; i < places.count; i++, out += places.width * channels) {
        if (channels == 4)
            one_hot_row(codes, places, i, 4, (const float(*)[256][4])tables, out);
        else
            one_hot_row(codes, places, i, channels, (const float(*)[256][4])tables, out);
    }
}

/* One window; inlined with a constant step where the channel stands alone. */
static inline void values_row(const float *values, struct places places, size_t i, size_t channels,
                              float *out) {
    const struct part part = part_of(places, i);
    const size_t width = places.width;
    const int flip = places.flip[i] != 0;
    for (size_t k = 0; k < part.begin; k++) out[(flip ? width - 1 - k : k) * channels] = 0.0f;
    for (size_t k = part.end; k < width; k++) out[(flip ? width - 1 - k : k) * channels] = 0.0f;
    if (part.begin == part.end) return;
    const float *first = values + (places.start[i] + (int64_t)part.begin);
    const size_t count = part.end - part.begin;
    if (flip) {
        float *last = out + (width - 1 - part.begin) * channels;
        for (size_t k = 0; k < count; k++) *(last - k * channels) = first[k];
    } else if (channels == 1) {
        memcpy(out + part.begin, first, count * sizeof(float));
    } else {
        float *begin = out + part.begin * channels;
        for (size_t k = 0; k < count; k++) begin[k * channels] = first[k];
    }
}

void seqnet_gather_values(const float *values, struct places places, size_t channels, size_t channel,
                          float *out) {
    for (size_t i = 0; i < places.count; i++, out += places.width * channels) {
        if (channels == 1)
            values_row(values, places, i, 1, out);
        else
            values_row(values, places, i, channels, out + channel);
    }
}
