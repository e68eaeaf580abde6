/* The functions of the module and their arguments; no guard, since it is read twice.
 *
 * An argument is "name:letter": k kind of kernels (its name), r buffer that is read, w buffer that is written,
 * n integer, t truth value, x float, s seed of 64 bits, o any object. "r8[n+1]" is a buffer of exactly n + 1
 * items of 8 bytes; a capital letter takes its number from this buffer, "[4M]" as a quarter of its items. */
FUNCTION(blocks_run, "kind:k")
FUNCTION(block_spectra, "kind:k x:r size:n kept:n blocks:n channels:n table:r out:w")
FUNCTION(block_outputs, "kind:k products:r first:n all:n size:n blocks:n kept:n filters:n table:r out:w")
FUNCTION(encode, "kind:k data:r table:r out:w")
FUNCTION(encode_records, "kind:k data:r table:r out:w ends:w8[E] names:w")
FUNCTION(gather_one_hot,
         "kind:k codes:r1[S] start:r8[n] low:r8[n] high:r8[n] flip:r1[N] width:n channels:n out:w")
FUNCTION(gather_values,
         "values:r4[S] start:r8[n] low:r8[n] high:r8[n] flip:r1[N] width:n channels:n channel:n out:w")
FUNCTION(count_words,
         "kind:k codes:r offsets:r8[N+1] fresh:r8[n] masks:r4[M] bases:r8[m] tables:r starts:r8[m] features:n "
         "hash_bits:n ends:w8[n] columns:w4[C] counts:w4[c]")
FUNCTION(maxima, "kind:k rows:r columns:n span:n stride:n out:w")
FUNCTION(occupancy, "words:r places:n windows:n offsets:r8[C] tables:r out:w8[R]")
FUNCTION(residual_runs, "kind:k")
FUNCTION(residual_rows,
         "kind:k x:r scale:r4[C] shift:r4[c] matrices:r bias:r4[c] dilation:n length:n out:w")
FUNCTION(residual_edits,
         "kind:k x:r unedited:r scale:r4[C] shift:r4[c] matrices:r dilation:n edits:r8[E] differs:t out:w")
FUNCTION(rectify_edits,
         "kind:k x:r unedited:r scale:r4[C] edits:r8[E] differences:w highest:w total:w")
FUNCTION(screen_prepare, "kind:k widths:r8[M] scores:r8[4C] thresholds:r8[2m]")
FUNCTION(screen_find, "screen:o codes:r starts:n")
FUNCTION(shuffle, "codes:r1[L] offsets:r8[n+1] streams:r8[N] k:n seed:s out:w1[l]")
FUNCTION(extend,
         "sums:r8[N] weights:r8[n] column:r8[4] letters:r8[4] limit:x tie:x out_sums:w8[M] out_weights:w8[m]")
FUNCTION(grid_tail, "shifts:r8[4W] letters:r8[4] tail:w8[B] scratch:w8[b]")
FUNCTION(hit_lines,
         "sequence:r shift:n codes:r start:r8[N] motif:r4[n] strand:r1[n] level:r8[n] score:r8[n] p_value:r8[n] "
         "names:r name_ends:r8[m] alternates:r alternate_ends:r8[m] widths:r8[M]")
FUNCTION(write_numbers, "values:r8[N] general:t")
FUNCTION(track, "codes:r scores:r strand:n out:w")
FUNCTION(summarise,
         "codes:r offsets:r8[N+1] scores:r thresholds:r8[2] sign:n start:w8[n] strand:w1[n] score:w8[n] "
         "hits:w8[n] total:w8[n]")
FUNCTION(edit_words,
         "codes:r width:n ends:r places:r8[e] letters:r1[E] masks:r4[M] bases:r8[m] tables:r starts:r8[m] "
         "features:n hash_bits:n weights:r values:r8[V] shares:t covers:r4[K] cover_sums:r8[S] changes:w "
         "wholes:w")
FUNCTION(word_maxima,
         "kind:k words:r tables:r row:r8[S] begin:r8[s] rows:n filters:n span:n stride:n floor:x out:w")
