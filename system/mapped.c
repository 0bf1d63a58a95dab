/*
 * Which accounts have a number in our user namespace.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "system/mapped.h"

#include <stdio.h>

bool uid_is_mapped(uid_t uid)
{
	FILE *map = fopen("/proc/self/uid_map", "re");
	unsigned inside, outside, count;
	bool mapped = map == NULL;

	while (map && fscanf(map, "%u %u %u", &inside, &outside, &count) == 3)
		mapped |= uid >= inside && uid - inside < count;
	if (map)
		fclose(map);
	return mapped;
}
