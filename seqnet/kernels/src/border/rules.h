#ifndef SEQNET_BORDER_RULES_H
#define SEQNET_BORDER_RULES_H

#include "border.h"

#include "../kmers.h"

/* Whether a rule counts words of 1 to KMER_LONGEST bases with a table, if any, that begins in its room and has
 * them all; sets the error if not. */
int seqnet_rule_fits(uint32_t mask, int64_t base, int64_t start, Py_ssize_t room);

/* The rules of four buffers of a call, from the masks on, allocated; NULL with the error set if one does not
 * fit. */
struct kmer_rule *seqnet_make_rules(const struct call *c, int masks);

#endif
