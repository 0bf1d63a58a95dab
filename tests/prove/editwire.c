/*
 * All of editwire.c: every request and every record, in memory of exactly their size.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editwire.h"
#include "driver.h"

#include "open/editwire.c"

static struct edit_request request;
static unsigned char bytes[EDIT_REQUEST_SIZE];

static void encode(bool view_only_too)
{
	Frama_C_make_unknown(request.name, sizeof(request.name) - 1);
	request.name[sizeof(request.name) - 1] = '\0';
	request.view_only = view_only_too;
	request.beside = Frama_C_interval(0, 1);
	request.length = Frama_C_unsigned_long_interval(0, UINT64_MAX);
	edit_request_encode(&request, bytes);
}

static void requests(void)
{
	encode(false);
	encode(true);
	Frama_C_make_unknown((char *)bytes, sizeof(bytes));
	/* Encoding a decoded request shows that all of its fields are set. */
	if (edit_request_decode(bytes, &request) == 0)
		encode(request.view_only);
}

static void records(void)
{
	unsigned char header[EDIT_RECORD_SIZE], crc[EDIT_CRC_SIZE], first[EDIT_MARK_SIZE];
	unsigned char named[EDIT_BESIDE_NAME_SIZE];
	char name[EDIT_BESIDE_NAME_SIZE];
	struct edit_record record;

	Frama_C_make_unknown((char *)first, sizeof(first));
	edit_is_record(first);
	Frama_C_make_unknown((char *)header, sizeof(header));
	if (edit_record_decode(header, &record) == 0)
		edit_record_encode(&record, header);
	Frama_C_make_unknown((char *)named, sizeof(named));
	if (edit_beside_name_decode(named, name) == 0)
		edit_beside_name_encode(name, named);
	Frama_C_make_unknown((char *)crc, sizeof(crc));
	edit_crc_encode(edit_crc_decode(crc), crc);
}

int main(void)
{
	requests();
	records();
	return 0;
}
