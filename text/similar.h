/*
 * Names that one may have been meant by another. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef TEXT_SIMILAR_H
#define TEXT_SIMILAR_H

#define SIMILAR_NOT 3 /* so different that nobody has mistyped it */

/*
 * In how many places do two names of VMs differ: a character more, fewer or another, or two in the
 * wrong order? Upper and lower case are the same. SIMILAR_NOT: in as many or more, or in so many
 * that a short name is another one.
 */
unsigned similar_distance(const char *one, const char *other);

#endif
