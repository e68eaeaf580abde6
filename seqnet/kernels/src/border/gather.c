#include "border.h"

#include "../gather.h"

enum { SOURCE, START, LOW, HIGH, FLIP, OUT };

/* Make places of buffers for a source of so many items; returns whether they fit each other and out, with
 * the error set if not. */
static int places_fit(const Py_buffer *b, Py_ssize_t count, Py_ssize_t width, Py_ssize_t channels,
                      struct places *places) {
    const Py_ssize_t n = b[FLIP].len, size = sizeof(int64_t);
    if (!seqnet_holds(&b[START], n, size, "start") || !seqnet_holds(&b[LOW], n, size, "low") ||
        !seqnet_holds(&b[HIGH], n, size, "high"))
        return 0;
    /* the products below then stay far from overflow */
    if (width < 0 || width > INT32_MAX || channels > 4096 ||
        (n && width && n > PY_SSIZE_T_MAX / (width * channels * (Py_ssize_t)sizeof(float)))) {
        seqnet_refuse("the batch is too large");
        return 0;
    }
    if (!seqnet_holds(&b[OUT], n * width * channels, sizeof(float), "out")) return 0;
    *places = (struct places){b[START].buf, b[LOW].buf, b[HIGH].buf, b[FLIP].buf, (size_t)n, (size_t)width};
    const int64_t far = INT64_MAX / 4;
    int good = 1;
    for (Py_ssize_t i = 0; i < n; i++)
        good &= places->low[i] >= 0 && places->high[i] <= count && places->low[i] <= count &&
                places->high[i] >= 0 && places->start[i] > -far && places->start[i] < far;
    if (!good) seqnet_refuse("windows must lie within bounds, those within the array");
    return good;
}

PyDoc_STRVAR(gather_one_hot_doc,
             "gather_one_hot(kind, codes, start, low, high, flip, width, channels, out) -> None");

static PyObject *gather_one_hot(const struct call *c) {
    const Py_ssize_t width = c->n[0], channels = c->n[1];
    struct places places;
    if (channels < 4) return seqnet_refuse("there must be four channels at least");
    if (!places_fit(c->b, c->b[SOURCE].len, width, channels, &places)) return NULL;
    Py_BEGIN_ALLOW_THREADS
    seqnet_gather_one_hot(c->kind, c->b[SOURCE].buf, places, (size_t)channels, c->b[OUT].buf);
    Py_END_ALLOW_THREADS
    return seqnet_none_unless(0);
}

PyDoc_STRVAR(gather_values_doc,
             "gather_values(values, start, low, high, flip, width, channels, channel, out) -> None");

static PyObject *gather_values(const struct call *c) {
    const Py_ssize_t width = c->n[0], channels = c->n[1], channel = c->n[2];
    const Py_ssize_t count = items(&c->b[SOURCE], sizeof(float));
    struct places places;
    if (channel < 0 || channel >= channels) return seqnet_refuse("channel must be one of the channels");
    if (!seqnet_holds(&c->b[SOURCE], count, sizeof(float), "values") ||
        !places_fit(c->b, count, width, channels, &places))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    seqnet_gather_values(c->b[SOURCE].buf, places, (size_t)channels, (size_t)channel, c->b[OUT].buf);
    Py_END_ALLOW_THREADS
    return seqnet_none_unless(0);
}

struct function seqnet_border_gather[] = {
    FUNCTION(gather_one_hot, "krrrrrnnw"),
    FUNCTION(gather_values, "rrrrrnnnw"),
    END_OF_FUNCTIONS,
};
