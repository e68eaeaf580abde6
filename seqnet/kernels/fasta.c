#include "fasta.h"

struct encoded seqnet_encode(const uint8_t *data, size_t n, const uint8_t table[256],
                             uint8_t *out) {
    size_t written = 0;
    for (size_t i = 0; i < n; i++) {
        const uint8_t code = table[data[i]];
        if (code == SEQNET_INVALID) return (struct encoded){written, i};
        out[written] = code; /* a skipped byte is overwritten by the next code: no branch */
        written += code != SEQNET_SKIP;
    }
    return (struct encoded){written, n};
}
