#ifndef SEQNET_BORDER_RULES_H
#define SEQNET_BORDER_RULES_H

#include "border.h"

#include "../kmers.h"

/* The rules that four buffers hold, allocated; NULL with the error set if one does not fit. */
struct kmer_rule *seqnet_make_rules(const Py_buffer *masks, const Py_buffer *bases, const Py_buffer *tables,
                                    const Py_buffer *starts, Py_ssize_t count);

#endif
