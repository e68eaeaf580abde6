#include "residual.h"

#if CPU_X86
#include "residual_kinds.h"

#define VECTORS __attribute__((target("avx2,fma")))
typedef __m256 vector;
enum { LANES = 8, ROWS_OF_TILE = 6, VECTORS_OF_TILE = 2 };
#define get(at) _mm256_loadu_ps(at)
#define put(at, x) _mm256_storeu_ps(at, x)
#define each(x) _mm256_set1_ps(x)
#define plus(a, b) _mm256_add_ps(a, b)
#define minus(a, b) _mm256_sub_ps(a, b)
#define with_product(a, b, sum) _mm256_fmadd_ps(a, b, sum)
#define positive(x) _mm256_max_ps(_mm256_setzero_ps(), x) /* NaN stays, as in torch */
#define kept_if_nan(a, x) _mm256_blendv_ps(x, a, _mm256_cmp_ps(a, a, _CMP_UNORD_Q))
#define higher(a, b) kept_if_nan(a, _mm256_max_ps(a, b)) /* b is it that a maximum takes if one is NaN */

#include "residual_pass.h"

const struct residual_pass seqnet_residual_avx2 = {residual_rows, residual_edits, rectify_edits};
#endif
