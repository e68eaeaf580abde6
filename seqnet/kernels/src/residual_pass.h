/* Residual blocks with vectors of one kind; included by a file for each kind, which defines
 *
 * VECTORS    the attribute of functions that use them
 * vector     a type of LANES floats
 * get, put, each, plus, minus, with_product, positive, higher: what is done with them
 * ROWS_OF_TILE, VECTORS_OF_TILE: how many sums of a product stay in registers
 *
 * Rows of products are filled up to whole tiles; what they hold is never read. */
#include <stdlib.h>
#include <string.h>

enum {
    COLUMNS = VECTORS_OF_TILE * LANES,
    WORKSPACE = 3 << 15, /* floats: what fits the second cache next to the matrices */
    PLANES = 4,
};

#define KERNEL VECTORS static inline __attribute__((always_inline))

/* Multiply rows of a and columns of a panel; each sum adds up in the order of the channels, wherever it
 * is. */
KERNEL void multiply_tile(const float *a, size_t channels, const float *panel, float *c) {
    vector sums[ROWS_OF_TILE][VECTORS_OF_TILE];
    for (int i = 0; i < ROWS_OF_TILE; i++)
        for (int j = 0; j < VECTORS_OF_TILE; j++) sums[i][j] = each(0.0f);
    for (size_t k = 0; k < channels; k++, panel += RESIDUAL_PANEL) {
        vector columns[VECTORS_OF_TILE];
        for (int j = 0; j < VECTORS_OF_TILE; j++) columns[j] = get(panel + j * LANES);
        for (int i = 0; i < ROWS_OF_TILE; i++) {
            const vector row = each(a[i * channels + k]);
            for (int j = 0; j < VECTORS_OF_TILE; j++) sums[i][j] = with_product(row, columns[j], sums[i][j]);
        }
    }
    for (int i = 0; i < ROWS_OF_TILE; i++)
        for (int j = 0; j < VECTORS_OF_TILE; j++) put(c + i * channels + j * LANES, sums[i][j]);
}

/* c = a matrix; rows is a multiple of ROWS_OF_TILE. */
VECTORS static void multiply(const float *a, size_t rows, size_t channels, const float *matrix, float *c) {
    for (size_t first = 0; first < channels; first += RESIDUAL_PANEL, matrix += channels * RESIDUAL_PANEL)
        for (size_t row = 0; row < rows; row += ROWS_OF_TILE)
            for (size_t at = 0; at < RESIDUAL_PANEL; at += COLUMNS)
                multiply_tile(a + row * channels, channels, matrix + at, c + row * channels + first + at);
}

/* Room for the inputs and the products of as many tiles as there may be at a time. */
struct room {
    size_t tiles, plane; /* floats of a plane of all tiles */
    float *inputs, *products, *zeros;
};

static inline size_t whole_tiles(size_t rows) {
    return (rows + ROWS_OF_TILE - 1) / ROWS_OF_TILE * ROWS_OF_TILE;
}

static int make_room(struct room *room, size_t channels, size_t tiles) {
    room->tiles = tiles;
    room->plane = whole_tiles(tiles) * channels;
    room->inputs = malloc((2 * PLANES * room->plane + channels) * sizeof(float));
    if (!room->inputs) return -1;
    room->products = room->inputs + PLANES * room->plane;
    room->zeros = room->products + PLANES * room->plane;
    memset(room->zeros, 0, channels * sizeof(float));
    return 0;
}

static size_t tiles_at_a_time(size_t channels) {
    const size_t rows = WORKSPACE / (2 * PLANES * channels) / ROWS_OF_TILE * ROWS_OF_TILE;
    return rows < ROWS_OF_TILE ? ROWS_OF_TILE : rows;
}

static void multiply_plane(const struct residual_block *block, const struct room *room, size_t plane,
                           size_t tiles) {
    const float *matrix = block->matrices + plane * block->channels * block->channels;
    const size_t at = plane * room->plane;
    multiply(room->inputs + at, whole_tiles(tiles), block->channels, matrix, room->products + at);
}

/* ---- sequences: a tile is two outputs, a dilation apart --------------------------------------------- */

/* The first position of a tile, the other one lies a dilation further on. */
static inline size_t position_of(size_t tile, size_t dilation) {
    return tile / dilation * 2 * dilation + tile % dilation;
}

static inline size_t tiles_of(size_t length, size_t dilation) {
    const size_t rest = length % (2 * dilation);
    return length / (2 * dilation) * dilation + (rest < dilation ? rest : dilation);
}

/* Values of a position, 0 behind the ends, where scale and shift are also. */
struct place {
    const float *x, *scale, *shift;
};

KERNEL vector normed(struct place at, size_t c) {
    return positive(with_product(get(at.x + c), get(at.scale + c), get(at.shift + c)));
}

VECTORS static void read_tile(const struct residual_block *block, const struct room *room, const float *x,
                              size_t length, size_t position, float *to) {
    struct place places[PLANES];
    for (size_t i = 0; i < PLANES; i++) {
        const size_t at = position + i * block->dilation; /* a dilation too far, lest it be negative */
        const int inside = at >= block->dilation && at - block->dilation < length;
        const float *values = inside ? x + (at - block->dilation) * block->channels : NULL;
        places[i] = inside ? (struct place){values, block->scale, block->shift}
                           : (struct place){room->zeros, room->zeros, room->zeros};
    }
    for (size_t c = 0; c < block->channels; c += LANES, to += LANES) {
        const vector a = normed(places[0], c), b = normed(places[1], c);
        const vector d = normed(places[2], c), e = normed(places[3], c);
        put(to, minus(a, d));
        put(to + room->plane, plus(b, d));
        put(to + 2 * room->plane, minus(d, b));
        put(to + 3 * room->plane, minus(b, e));
    }
}

VECTORS static void write_tile(const struct residual_block *block, const struct room *room, const float *from,
                               const float *x, float *out, int both) {
    const size_t apart = block->dilation * block->channels;
    for (size_t c = 0; c < block->channels; c += LANES, from += LANES) {
        const vector p = get(from), q = get(from + room->plane), r = get(from + 2 * room->plane);
        const vector bias = get(block->bias + c);
        put(out + c, plus(get(x + c), plus(plus(plus(p, q), r), bias)));
        if (!both) continue;
        const vector s = get(from + 3 * room->plane);
        put(out + apart + c, plus(get(x + apart + c), plus(minus(minus(q, r), s), bias)));
    }
}

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static int residual_rows(const struct residual_block *block, const float *x, size_t rows, size_t length,
                         float *out) {
    const size_t each_row = tiles_of(length, block->dilation), all = rows * each_row;
    const size_t channels = block->channels, size = length * channels;
    struct room room;
    if (make_room(&room, channels, smaller(tiles_at_a_time(channels), all))) return -1;
    for (size_t first = 0; first < all; first += room.tiles) {
        const size_t count = smaller(all - first, room.tiles);
        for (size_t i = 0; i < count; i++) {
            const size_t row = (first + i) / each_row, tile = (first + i) % each_row;
            read_tile(block, &room, x + row * size, length, position_of(tile, block->dilation),
                      room.inputs + i * channels);
        }
        for (size_t plane = 0; plane < PLANES; plane++) multiply_plane(block, &room, plane, count);
        for (size_t i = 0; i < count; i++) {
            const size_t row = (first + i) / each_row, tile = (first + i) % each_row;
            const size_t position = position_of(tile, block->dilation), at = row * size + position * channels;
            write_tile(block, &room, room.products + i * channels, x + at, out + at,
                       position + block->dilation < length);
        }
    }
    free(room.inputs);
    return 0;
}

/* ---- edits: a tile is two inputs, a dilation apart, or a last one alone ------------------------------ */

/* Whether a position of a window lies within the sequence. */
static inline int is_inside(const struct residual_edits *edits, size_t place, ptrdiff_t position) {
    const ptrdiff_t at = edits->start + (ptrdiff_t)(place * edits->step) + position;
    return at >= 0 && at < (ptrdiff_t)edits->length;
}

/* An edit out of rows x places x bases. */
struct edit {
    const float *unedited;
    size_t place;
};

static inline struct edit edit_of(const struct residual_edits *edits, size_t number) {
    const size_t window = number / edits->bases, row = window / edits->places, place = window % edits->places;
    return (struct edit){edits->unedited + row * edits->row_stride + place * edits->place_stride, place};
}

/* How much more the norm and the relu make of an edited value than of the unedited one. */
KERNEL vector change(const struct residual_block *block, const struct residual_edits *edits, const float *x,
                     const float *unedited, size_t c) {
    const vector scale = get(block->scale + c), shift = get(block->shift + c);
    const vector before = with_product(get(unedited + c), scale, shift);
    const vector after = with_product(get(x + c), scale, edits->differs ? before : shift);
    return minus(positive(after), positive(before));
}

/* The windows' positions in tiles: those of two inputs first. */
struct tiling {
    size_t paired, all;
    size_t *positions;
};

static int make_tiling(struct tiling *tiling, size_t positions, size_t dilation) {
    tiling->all = tiles_of(positions, dilation), tiling->paired = 0;
    tiling->positions = malloc(tiling->all * sizeof(size_t));
    if (!tiling->positions) return -1;
    for (int alone = 0; alone < 2; alone++)
        for (size_t tile = 0, at = alone ? tiling->paired : 0; tile < tiling->all; tile++) {
            const size_t position = position_of(tile, dilation);
            if ((position + dilation >= positions) != alone) continue;
            tiling->positions[at++] = position;
            tiling->paired += !alone;
        }
    return 0;
}

/* Some edits at a time. */
struct edits_in_work {
    const struct residual_block *block;
    const struct residual_edits *edits;
    const struct room *room;
    const float *x;
    float *out;
    size_t all, first, count;
};

VECTORS static void read_edits(const struct edits_in_work *w, size_t position, int paired, float *to) {
    const size_t channels = w->block->channels, plane = w->room->plane;
    const size_t dilation = w->block->dilation, stride = w->edits->position_stride;
    for (size_t i = 0; i < w->count; i++, to += channels) {
        const struct edit edit = edit_of(w->edits, w->first + i);
        const float *x = w->x + (position * w->all + w->first + i) * channels;
        const int one = is_inside(w->edits, edit.place, position);
        const int other = paired && is_inside(w->edits, edit.place, position + dilation);
        for (size_t c = 0; c < channels; c += LANES) {
            const vector a =
                one ? change(w->block, w->edits, x, edit.unedited + position * stride, c) : each(0.0f);
            const vector b = other ? change(w->block, w->edits, x + dilation * w->all * channels,
                                            edit.unedited + (position + dilation) * stride, c)
                                   : each(0.0f);
            if (paired) put(to + c, b);
            put(to + plane + c, plus(a, b));
            put(to + 2 * plane + c, minus(a, b));
            put(to + 3 * plane + c, a);
        }
    }
}

/* Begin the outputs with what passes the block by: the differences of its inputs. */
VECTORS static void begin_edits(const struct edits_in_work *w) {
    const size_t channels = w->block->channels, dilation = w->block->dilation;
    for (size_t position = 0; position < w->edits->positions + 2 * dilation; position++) {
        const int passes = position >= dilation && position < w->edits->positions + dilation;
        float *out = w->out + (position * w->all + w->first) * channels;
        if (!passes) {
            memset(out, 0, w->count * channels * sizeof(float));
            continue;
        }
        const float *x = w->x + ((position - dilation) * w->all + w->first) * channels;
        if (w->edits->differs) {
            memcpy(out, x, w->count * channels * sizeof(float));
            continue;
        }
        for (size_t i = 0; i < w->count; i++) {
            const float *unedited = edit_of(w->edits, w->first + i).unedited;
            unedited += (position - dilation) * w->edits->position_stride;
            for (size_t c = 0; c < channels; c += LANES)
                put(out + i * channels + c, minus(get(x + i * channels + c), get(unedited + c)));
        }
    }
}

KERNEL void add_to(float *out, vector change) { put(out, plus(get(out), change)); }

VECTORS static void write_edits(const struct edits_in_work *w, size_t position, int paired,
                                const float *from) {
    const size_t plane = w->room->plane, apart = w->block->dilation * w->all * w->block->channels;
    float *out = w->out + (position * w->all + w->first) * w->block->channels;
    for (size_t c = 0; c < w->count * w->block->channels; c += LANES) {
        const vector q = get(from + plane + c), r = get(from + 2 * plane + c), s = get(from + 3 * plane + c);
        const vector p = paired ? get(from + c) : each(0.0f);
        add_to(out + c, s);
        add_to(out + apart + c, minus(minus(q, r), p));
        add_to(out + 2 * apart + c, minus(plus(q, r), s));
        if (paired) add_to(out + 3 * apart + c, p);
    }
}

/* Nothing changes behind the ends. */
static void clear_outside(const struct edits_in_work *w) {
    const size_t channels = w->block->channels, dilation = w->block->dilation;
    for (size_t position = 0; position < w->edits->positions + 2 * dilation; position++)
        for (size_t i = 0; i < w->count; i++) {
            const struct edit edit = edit_of(w->edits, w->first + i);
            if (!is_inside(w->edits, edit.place, (ptrdiff_t)position - (ptrdiff_t)dilation))
                memset(w->out + (position * w->all + w->first + i) * channels, 0, channels * sizeof(float));
        }
}

static int residual_edits(const struct residual_block *block, const float *x,
                          const struct residual_edits *edits, float *out) {
    const size_t channels = block->channels, all = edits->rows * edits->places * edits->bases;
    struct tiling tiling;
    if (make_tiling(&tiling, edits->positions, block->dilation)) return -1;
    size_t at_a_time = smaller(tiles_at_a_time(channels) / tiling.all, all);
    if (!at_a_time) at_a_time = 1; /* of a window that is wider than the workspace */
    struct room room;
    if (make_room(&room, channels, at_a_time * tiling.all)) return free(tiling.positions), -1;
    struct edits_in_work w = {block, edits, &room, x, out, all, 0, 0};
    for (; w.first < w.all; w.first += at_a_time) {
        w.count = smaller(w.all - w.first, at_a_time);
        for (size_t t = 0; t < tiling.all; t++)
            read_edits(&w, tiling.positions[t], t < tiling.paired, room.inputs + t * w.count * channels);
        for (size_t plane = 0; plane < PLANES; plane++)
            multiply_plane(block, &room, plane, (plane ? tiling.all : tiling.paired) * w.count);
        begin_edits(&w);
        for (size_t t = 0; t < tiling.all; t++)
            write_edits(&w, tiling.positions[t], t < tiling.paired, room.products + t * w.count * channels);
        clear_outside(&w);
    }
    free(room.inputs);
    free(tiling.positions);
    return 0;
}

/* ---- a relu of edits -------------------------------------------------------------------------------- */

/* Rectify one position of an edit. */
KERNEL void rectify(const float *scale, size_t channels, const float *x, const float *unedited,
                    const struct rectified *out) {
    for (size_t c = 0; c < channels; c += LANES) {
        const vector before = get(unedited + c), after = with_product(get(x + c), get(scale + c), before);
        const vector value = positive(after), change = minus(value, positive(before));
        put(out->differences + c, change);
        put(out->highest + c, higher(get(out->highest + c), value));
        add_to(out->total + c, change);
    }
}

VECTORS static void rectify_edits(const float *scale, size_t channels, const float *x,
                                  const struct residual_edits *edits, const struct rectified *out) {
    const size_t all = edits->rows * edits->places * edits->bases;
    memset(out->total, 0, all * channels * sizeof(float));
    for (size_t i = 0; i < all * channels; i++) out->highest[i] = -__builtin_inff();
    for (size_t position = 0; position < edits->positions; position++)
        for (size_t i = 0; i < all; i++) {
            const struct edit edit = edit_of(edits, i);
            const size_t at = (position * all + i) * channels;
            const struct rectified to = {out->differences + at, out->highest + i * channels,
                                         out->total + i * channels};
            if (is_inside(edits, edit.place, (ptrdiff_t)position))
                rectify(scale, channels, x + at, edit.unedited + position * edits->position_stride, &to);
            else
                memset(to.differences, 0, channels * sizeof(float));
        }
}
