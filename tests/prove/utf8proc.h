/*
 * What text/ assumes about libutf8proc. The prover uses these contracts in place of the library's
 * code; contracts.c tries them on the library itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include <utf8proc.h>

/*@ requires length: 1 <= strlen;
    requires readable: \valid_read(str + (0 .. strlen - 1)) && \initialized(str + (0 .. strlen - 1));
    requires writable: \valid(codepoint_ref);
    assigns *codepoint_ref, \result \from str[0 .. strlen - 1], strlen;
    ensures within: \result <= strlen && \result <= 4;
    ensures character: \initialized(codepoint_ref) && -1 <= *codepoint_ref <= 0x10FFFF; */
utf8proc_ssize_t utf8proc_iterate(const utf8proc_uint8_t *str, utf8proc_ssize_t strlen, utf8proc_int32_t *codepoint_ref);

/*@ assigns \result \from codepoint;
    ensures category: UTF8PROC_CATEGORY_CN <= \result <= UTF8PROC_CATEGORY_CO; */
utf8proc_category_t utf8proc_category(utf8proc_int32_t codepoint);

/*@ assigns \result \from codepoint;
    ensures columns: 0 <= \result <= 2; */
int utf8proc_charwidth(utf8proc_int32_t codepoint);
