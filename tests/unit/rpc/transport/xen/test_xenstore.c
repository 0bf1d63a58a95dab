/*
 * Taking a node of xenstore, of which one gets it, with a xenstore that is played here: its answers
 * wait before the requests come.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#ifdef RPC_XEN
#include "transport/xen/xenstore.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

#define NODE "pedos-rpc-in/7/id"

static struct xenstore store;
static int theirs; /* the other end of its connection, where each message is a packet */

static void begin(void)
{
	int ends[2];

	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends));
	store = (struct xenstore){.fd = ends[0]};
	theirs = ends[1];
}

static void will_answer(unsigned type, const char *payload, size_t length)
{
	struct xsd_sockmsg header = {.type = type, .len = (uint32_t)length};
	char message[256];

	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), payload, length);
	ck_assert_int_eq(write(theirs, message, sizeof(header) + length),
			 (int)(sizeof(header) + length));
}

/* With the NUL at its end, which values have not. */
#define WILL_SAY(type, text) will_answer(type, text, sizeof(text))

static void was_asked(unsigned type, uint32_t transaction, const char *payload)
{
	struct xsd_sockmsg header;
	char message[256] = "";
	ssize_t n = read(theirs, message, sizeof(message));

	ck_assert_int_ge(n, (int)sizeof(header));
	memcpy(&header, message, sizeof(header));
	ck_assert_uint_eq(header.type, type);
	ck_assert_uint_eq(header.tx_id, transaction);
	ck_assert_str_eq(message + sizeof(header), payload);
}

static void was_asked_no_more(void)
{
	char byte;

	ck_assert_int_eq(read(theirs, &byte, 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
}

START_TEST(it_is_read_and_removed_in_one_step)
{
	begin();
	WILL_SAY(XS_TRANSACTION_START, "5");
	will_answer(XS_READ, "Copy+x", 6);
	WILL_SAY(XS_RM, "OK");
	WILL_SAY(XS_TRANSACTION_END, "OK");
	ck_assert_int_eq(xenstore_take(&store, NODE, "Copy+x"), 1);
	was_asked(XS_TRANSACTION_START, 0, "");
	was_asked(XS_READ, 5, NODE);
	was_asked(XS_RM, 5, NODE);
	was_asked(XS_TRANSACTION_END, 5, "T");
	was_asked_no_more();
}
END_TEST

START_TEST(who_comes_second_gets_nothing)
{
	begin();
	WILL_SAY(XS_TRANSACTION_START, "5");
	will_answer(XS_READ, "Copy", 4);
	WILL_SAY(XS_RM, "OK");
	WILL_SAY(XS_ERROR, "EAGAIN");
	WILL_SAY(XS_TRANSACTION_START, "6");
	WILL_SAY(XS_ERROR, "ENOENT");
	WILL_SAY(XS_TRANSACTION_END, "OK");
	ck_assert_int_eq(xenstore_take(&store, NODE, "Copy"), 0);
	for (uint32_t transaction = 5; transaction <= 6; transaction++) {
		was_asked(XS_TRANSACTION_START, 0, "");
		was_asked(XS_READ, transaction, NODE);
		if (transaction == 5)
			was_asked(XS_RM, transaction, NODE);
		was_asked(XS_TRANSACTION_END, transaction, transaction == 5 ? "T" : "F");
	}
	was_asked_no_more();
}
END_TEST

static const struct {
	const char *value;
	size_t length;
} others[] = {{"Copy+x", 6}, {"Cop", 3}, {"", 0}, {"Copy\0x", 6}};

START_TEST(another_value_stays)
{
	begin();
	WILL_SAY(XS_TRANSACTION_START, "5");
	will_answer(XS_READ, others[_i].value, others[_i].length);
	WILL_SAY(XS_TRANSACTION_END, "OK");
	ck_assert_int_eq(xenstore_take(&store, NODE, "Copy"), 0);
	was_asked(XS_TRANSACTION_START, 0, "");
	was_asked(XS_READ, 5, NODE);
	was_asked(XS_TRANSACTION_END, 5, "F");
	was_asked_no_more();
}
END_TEST

START_TEST(an_error_is_no_answer)
{
	begin();
	WILL_SAY(XS_ERROR, "EBUSY");
	ck_assert_int_eq(xenstore_take(&store, NODE, "Copy"), -EBUSY);
	WILL_SAY(XS_TRANSACTION_START, "5");
	WILL_SAY(XS_ERROR, "EIO");
	WILL_SAY(XS_TRANSACTION_END, "OK");
	ck_assert_int_eq(xenstore_take(&store, NODE, "Copy"), -EIO);
}
END_TEST

Suite *xenstore_suite(void)
{
	Suite *suite = suite_create("xenstore");
	TCase *taking = add_case(suite, "taking");

	tcase_add_test(taking, it_is_read_and_removed_in_one_step);
	tcase_add_test(taking, who_comes_second_gets_nothing);
	add_table_test(taking, another_value_stays, others);
	tcase_add_test(taking, an_error_is_no_answer);
	return suite;
}
#else
Suite *xenstore_suite(void)
{
	return suite_create("xenstore");
}
#endif
