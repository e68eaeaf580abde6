#ifndef SEQNET_CPU_H
#define SEQNET_CPU_H

/* Which instructions the kernels use. Each kernel compiles its variants with target attributes, in separate
 * files or in one, and picks one at run time by the kind that its caller names. */

#if defined(__x86_64__) && defined(__GNUC__)
#define CPU_X86 1
#include <immintrin.h>
#define CPU_HAS(feature) __builtin_cpu_supports(feature)
#else
#define CPU_X86 0
#define CPU_HAS(feature) 0
#endif

/* In order of speed. */
enum cpu_kind { CPU_PORTABLE, CPU_AVX2, CPU_AVX512, CPU_KINDS };

/* Whether this build holds kernels of that kind and this processor can run them. */
static inline int seqnet_cpu_supports(enum cpu_kind kind) {
    switch (kind) {
    case CPU_PORTABLE: return 1;
    case CPU_AVX2: return CPU_HAS("avx2");
    case CPU_AVX512: return CPU_HAS("avx512bw") && CPU_HAS("avx512vbmi");
    default: return 0;
    }
}

#endif
