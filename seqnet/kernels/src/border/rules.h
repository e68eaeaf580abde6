#ifndef SEQNET_BORDER_RULES_H
#define SEQNET_BORDER_RULES_H

#include "border.h"

#include "../kmers.h"

/* The rules of four buffers of a call, from the masks on, allocated; NULL with the error set if one does not
 * fit. */
struct kmer_rule *seqnet_make_rules(const struct call *c, int masks);

#endif
