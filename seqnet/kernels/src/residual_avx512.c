#include "residual.h"

#if CPU_X86
#include "residual_kinds.h"

#define VECTORS __attribute__((target("avx512f")))
typedef __m512 vector;
enum { LANES = 16, ROWS_OF_TILE = 12, VECTORS_OF_TILE = 2 };
#define get(at) _mm512_loadu_ps(at)
#define put(at, x) _mm512_storeu_ps(at, x)
#define each(x) _mm512_set1_ps(x)
#define plus(a, b) _mm512_add_ps(a, b)
#define minus(a, b) _mm512_sub_ps(a, b)
#define with_product(a, b, sum) _mm512_fmadd_ps(a, b, sum)
#define positive(x) _mm512_max_ps(_mm512_setzero_ps(), x) /* NaN stays, as in torch */
#define kept_if_nan(a, x) _mm512_mask_mov_ps(x, _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), a)
#define higher(a, b) kept_if_nan(a, _mm512_max_ps(a, b))

#include "residual_pass.h"

const struct residual_pass seqnet_residual_avx512 = {residual_rows, residual_edits, rectify_edits};
#endif
