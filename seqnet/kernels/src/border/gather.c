#include "border.h"

#include "../gather.h"

enum { SOURCE, START, LOW, HIGH, FLIP, OUT };

/* Set the places of a batch; returns whether they fit the source and out, with the error set if not. */
static int places_fit(const struct call *c, struct places *places) {
    const Py_ssize_t n = c->counts['n'], source = c->counts['s'], width = c->n[0], channels = c->n[1];
    /* the products below then stay far from overflow */
    const int small = width >= 0 && width <= INT32_MAX && channels <= 4096 &&
                      (!n || !width || n <= PY_SSIZE_T_MAX / (width * channels * (Py_ssize_t)sizeof(float)));
    if (!seqnet_require(small, "the batch is too large") ||
        !seqnet_holds(&c->b[OUT], n * width * channels, sizeof(float), "out"))
        return 0;
    *places = (struct places){c->p[START], c->p[LOW], c->p[HIGH], c->p[FLIP], n, width};
    const int64_t far = INT64_MAX / 4;
    int good = 1;
    for (Py_ssize_t i = 0; i < n; i++)
        good &= places->low[i] >= 0 && places->high[i] <= source && places->low[i] <= source &&
                places->high[i] >= 0 && places->start[i] > -far && places->start[i] < far;
    return seqnet_require(good, "windows must lie within bounds, those within the array");
}

PyObject *seqnet_border_gather_one_hot(const struct call *c) {
    struct places places;
    if (!seqnet_require(c->n[1] >= 4, "there must be four channels at least") || !places_fit(c, &places))
        return NULL;
    WITHOUT_GIL(seqnet_gather_one_hot(c->kind, c->p[SOURCE], places, c->n[1], c->p[OUT]));
    return seqnet_none_unless(0);
}

PyObject *seqnet_border_gather_values(const struct call *c) {
    const Py_ssize_t channels = c->n[1], channel = c->n[2];
    struct places places;
    if (!seqnet_require(channel >= 0 && channel < channels, "channel must be one of the channels") ||
        !places_fit(c, &places))
        return NULL;
    WITHOUT_GIL(seqnet_gather_values(c->p[SOURCE], places, channels, channel, c->p[OUT]));
    return seqnet_none_unless(0);
}
