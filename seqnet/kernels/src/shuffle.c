#include "shuffle.h"

#include <stdlib.h>
#include <string.h>

/* A sequence is a walk over its (k-1)-lets, the vertices, along its k-lets, the edges; a shuffle is
 * another walk along the same edges from the same start. Such walks correspond to a last exit from
 * each vertex but the end's, which together form a tree into the end, and an order of the other
 * exits of each (Altschul & Erickson 1985). The tree is drawn uniformly by Wilson's loop-erased walks
 * (1996; Propp & Wilson 1998 for directed graphs), the order while walking.
 *
 * Randomness is splitmix64 (Steele, Lea & Flood 2014) of a counter, so the draws do not wait for each
 * other. */
static const uint64_t GOLDEN = 0x9e3779b97f4a7c15u;

static uint64_t mixed(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The draw of a number in a stream: below `below` (itself below 2^32), or 0 where that is 0. The 64
 * bits times `below`, without their lower half, so the chances differ by less than 2^-32. */
static uint32_t draw(uint64_t key, uint64_t number, uint32_t below) {
    const uint64_t bits = mixed(key + GOLDEN * (number + 1));
    return (uint32_t)(((bits >> 32) * below + (((bits & 0xffffffffu) * below) >> 32)) >> 32);
}

struct graph {
    uint8_t *exits;  /* the letters that leave each vertex, vertex after vertex */
    uint32_t *first; /* where those of a vertex begin */
    uint32_t *count; /* how many they are; 0 for all vertices between two sequences */
    uint32_t *last;  /* which of them was walked last so far */
    uint8_t *tree;   /* whether the vertex has its last exit; 0 between two sequences */
    uint32_t *seen;  /* the vertices that have exits, in order of appearance */
};

/* Shuffle single letters, for which no graph is needed. */
static void permute(const uint8_t *from, uint32_t length, uint64_t key, uint8_t *to) {
    memcpy(to, from, length);
    for (uint32_t i = 0; i < length; i++) {
        const uint32_t other = i + draw(key, i, length - i);
        const uint8_t letter = to[i];
        to[i] = to[other];
        to[other] = letter;
    }
}

/* The vertex after `vertex`, when `dropped` is its first letter and `power` the number of vertices. */
static inline uint32_t follow(uint32_t vertex, uint8_t letter, uint8_t dropped, uint32_t power) {
    if (power == SEQNET_LETTERS) return letter; /* a vertex is one letter */
    return vertex * SEQNET_LETTERS + letter - power * dropped;
}

/* The first letter of a vertex. */
static inline uint8_t leading(uint32_t vertex, uint32_t power) {
    return (uint8_t)(vertex / (power / SEQNET_LETTERS));
}

/* Note the exits of every vertex; returns how many vertices have some, and sets the walk's end. */
static inline uint32_t build(const struct graph *graph, const uint8_t *from, uint32_t edges, uint32_t start,
                             int k, uint32_t power, uint32_t *end) {
    uint32_t vertex = start, known = 0;
    for (uint32_t i = 0; i < edges; i++) {
        if (!graph->count[vertex]++) graph->seen[known++] = vertex;
        vertex = follow(vertex, from[i + (uint32_t)k - 1], from[i], power);
    }
    *end = vertex;
    uint32_t place = 0;
    for (uint32_t i = 0; i < known; i++) {
        const uint32_t here = graph->seen[i];
        graph->first[here] = place;
        place += graph->count[here];
        graph->count[here] = 0;
    }
    vertex = start;
    for (uint32_t i = 0; i < edges; i++) {
        graph->exits[graph->first[vertex] + graph->count[vertex]++] = from[i + (uint32_t)k - 1];
        vertex = follow(vertex, from[i + (uint32_t)k - 1], from[i], power);
    }
    return known;
}

/* Draw the last exit of each vertex but the end, and put it behind the others, of which count then
 * tells the number. */
static inline void grow_tree(const struct graph *graph, uint32_t known, uint32_t end, uint64_t key,
                             uint32_t power) {
    uint64_t number = 0;
    graph->tree[end] = 1;
    for (uint32_t i = 0; i < known; i++) {
        uint32_t vertex = graph->seen[i];
        while (!graph->tree[vertex]) {
            const uint32_t exit = draw(key, number++, graph->count[vertex]);
            graph->last[vertex] = exit;
            vertex = follow(vertex, graph->exits[graph->first[vertex] + exit], leading(vertex, power), power);
        }
        for (vertex = graph->seen[i]; !graph->tree[vertex];) {
            uint8_t *exits = graph->exits + graph->first[vertex];
            const uint8_t letter = exits[graph->last[vertex]];
            graph->tree[vertex] = 1;
            graph->count[vertex]--;
            exits[graph->last[vertex]] = exits[graph->count[vertex]];
            exits[graph->count[vertex]] = letter;
            vertex = follow(vertex, letter, leading(vertex, power), power);
        }
    }
}

/* Walk along all edges, each exit but the last at random. The last exit moves forward behind those that
 * are left, so that it is first when its turn comes; the end has none, but is not left then. */
static inline void walk(const struct graph *graph, uint8_t *to, uint32_t edges, uint32_t start, int k,
                        uint64_t key, uint32_t power) {
    uint32_t vertex = start;
    for (uint32_t i = 0; i < edges; i++) {
        uint8_t *exits = graph->exits + graph->first[vertex];
        const uint32_t left = graph->count[vertex];
        const uint32_t chosen = draw(key, i, left);
        const uint8_t letter = exits[chosen];
        if (left) {
            exits[chosen] = exits[left - 1];
            exits[left - 1] = exits[left];
            graph->count[vertex] = left - 1;
        }
        to[i + (uint32_t)k - 1] = letter;
        vertex = follow(vertex, letter, to[i], power);
    }
}

static inline void shuffle(const struct graph *graph, const uint8_t *from, uint32_t length, int k,
                           uint32_t power, uint64_t key, uint8_t *to) {
    const uint32_t edges = length - (uint32_t)k + 1;
    uint32_t start = 0, end;
    for (int i = 0; i < k - 1; i++) start = start * SEQNET_LETTERS + from[i];
    memcpy(to, from, (size_t)k - 1);
    const uint32_t known = build(graph, from, edges, start, k, power, &end);
    grow_tree(graph, known, end, mixed(key ^ GOLDEN), power);
    walk(graph, to, edges, start, k, key, power);
    for (uint32_t i = 0; i < known; i++) graph->count[graph->seen[i]] = graph->tree[graph->seen[i]] = 0;
    graph->tree[end] = 0;
}

static void shuffle_all(const struct graph *graph, const uint8_t *codes, const int64_t *offsets,
                        const int64_t *streams, size_t n, int k, uint32_t power, uint64_t seed,
                        uint8_t *out) {
    for (size_t i = 0; i < n; i++) {
        const uint8_t *from = codes + offsets[i];
        uint8_t *to = out + offsets[i];
        const uint32_t length = (uint32_t)(offsets[i + 1] - offsets[i]);
        const uint64_t key = mixed(mixed(seed + GOLDEN) + GOLDEN * (uint64_t)streams[i]);
        if (k == 1)
            permute(from, length, key, to);
        else if (length < (uint32_t)k)
            memcpy(to, from, length);
        else if (k == 2) /* the constants make it faster */
            shuffle(graph, from, length, 2, SEQNET_LETTERS, key, to);
        else
            shuffle(graph, from, length, k, power, key, to);
    }
}

int seqnet_shuffle(const uint8_t *codes, const int64_t *offsets, const int64_t *streams, size_t n, int k,
                   uint64_t seed, uint8_t *out) {
    uint32_t power = 1;
    for (int i = 1; i < k; i++) power *= SEQNET_LETTERS;
    int64_t longest = 0;
    for (size_t i = 0; i < n; i++)
        if (offsets[i + 1] - offsets[i] > longest) longest = offsets[i + 1] - offsets[i];
    const size_t vertices = power, most = (size_t)longest < vertices ? (size_t)longest : vertices;
    const struct graph graph = {
        malloc((size_t)longest + 1),
        malloc(vertices * sizeof(uint32_t)),
        calloc(vertices, sizeof(uint32_t)),
        malloc(vertices * sizeof(uint32_t)),
        calloc(vertices, 1),
        malloc((most + 1) * sizeof(uint32_t)),
    };
    const int failed = !graph.exits || !graph.first || !graph.count || !graph.last || !graph.tree || !graph.seen;
    if (!failed) shuffle_all(&graph, codes, offsets, streams, n, k, power, seed, out);
    free(graph.exits);
    free(graph.first);
    free(graph.count);
    free(graph.last);
    free(graph.tree);
    free(graph.seen);
    return failed;
}
