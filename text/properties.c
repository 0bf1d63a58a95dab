/*
 * The properties of characters.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "text/properties.h"
#include "text/properties-table.h"

#include <string.h>
#include <utf8proc.h>

#define FIRST_STEP 512 /* of a search among up to twice as many rows */
#if ROWS > 2 * FIRST_STEP
#error "the search would not reach every row"
#endif

/* Those of each category; none of controls, of formats and of what is not assigned. */
static const unsigned categories[UTF8PROC_CATEGORY_CO + 1] = {
	[UTF8PROC_CATEGORY_LU] = SHOWN,
	[UTF8PROC_CATEGORY_LL] = SHOWN,
	[UTF8PROC_CATEGORY_LT] = SHOWN,
	[UTF8PROC_CATEGORY_LM] = SHOWN,
	[UTF8PROC_CATEGORY_LO] = SHOWN | LETTER,
	[UTF8PROC_CATEGORY_MN] = SHOWN | MARK | TRANSPARENT,
	[UTF8PROC_CATEGORY_MC] = SHOWN | MARK,
	[UTF8PROC_CATEGORY_ME] = SHOWN | MARK | TRANSPARENT,
	[UTF8PROC_CATEGORY_ND] = SHOWN,
	[UTF8PROC_CATEGORY_NL] = SHOWN,
	[UTF8PROC_CATEGORY_NO] = SHOWN,
	[UTF8PROC_CATEGORY_PC] = SHOWN,
	[UTF8PROC_CATEGORY_PD] = SHOWN,
	[UTF8PROC_CATEGORY_PS] = SHOWN,
	[UTF8PROC_CATEGORY_PE] = SHOWN,
	[UTF8PROC_CATEGORY_PI] = SHOWN,
	[UTF8PROC_CATEGORY_PF] = SHOWN,
	[UTF8PROC_CATEGORY_PO] = SHOWN,
	[UTF8PROC_CATEGORY_SM] = SHOWN,
	[UTF8PROC_CATEGORY_SC] = SHOWN,
	[UTF8PROC_CATEGORY_SK] = SHOWN,
	[UTF8PROC_CATEGORY_SO] = SHOWN,
	[UTF8PROC_CATEGORY_ZS] = SPACE,
};

/* Each step is half as long as the one before it: the last row that begins at `character`. */
static unsigned table_properties(uint32_t character)
{
	size_t row = 0;

	for (size_t step = FIRST_STEP; step > 0; step /= 2) {
		const size_t next = row + step;

		if (next < ROWS && table[next].first <= character)
			row = next;
	}
	return character >= table[row].first && character - table[row].first <= table[row].more
		       ? table[row].properties
		       : 0;
}

unsigned properties_of(int32_t character)
{
	unsigned properties =
		categories[utf8proc_category(character)] | table_properties((uint32_t)character);

	return properties & HIDDEN ? properties & ~(unsigned)SHOWN : properties;
}

bool properties_are_flag(const char text[FLAG_BYTES])
{
	for (size_t i = 0; i < FLAGS; i++) {
		if (memcmp(text, flags[i], FLAG_BYTES) == 0)
			return true;
	}
	return false;
}
