/*
 * A file that has been sent, and a version of it that is to take its place.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/replaced.h"

#include "open/opened.h"
#include "unit.h"

struct original original;
struct target *const target = &original.target;
struct save save;

void open_named(const char *name)
{
	const char *content = content_of(name);

	ck_assert_int_eq(original_open(&original, name, false), 0);
	target->seen.digest = digest_of(content);
}

void open_file(void)
{
	open_named("file");
}

void begin(const char *content)
{
	ck_assert_int_eq(save_begin(&save, target->dir, strlen(content)), 0);
	ck_assert_int_eq(save_write(&save, content, strlen(content)), 0);
	digest_add(&save.digest, content, strlen(content));
}

void start(void)
{
	scratch_enter();
	make_old_file("file", "before");
	open_file();
	begin("after");
}

void check_tidy(const char *names)
{
	save_end(&save);
	ck_assert_str_eq(names_in("."), names);
}

void change(void)
{
	make_file("file", "local");
}
