/* All of editwire.c: every request and every record, in memory of exactly their size. */
#include "driver.h"

#include "open/editwire.c"

static struct qfile_edit_request request;
static unsigned char bytes[QFILE_EDIT_REQUEST_SIZE];

static void encode(bool view_only_too)
{
	Frama_C_make_unknown(request.name, sizeof(request.name) - 1);
	request.name[sizeof(request.name) - 1] = '\0';
	request.view_only = view_only_too;
	request.length = Frama_C_unsigned_long_interval(0, UINT64_MAX);
	qfile_edit_request_encode(&request, bytes);
}

static void requests(void)
{
	encode(false);
	encode(true);
	Frama_C_make_unknown((char *)bytes, sizeof(bytes));
	/* What a decoded request is read for: none of its fields is left unset, and it can be sent again. */
	if (qfile_edit_request_decode(bytes, &request) == 0)
		encode(request.view_only);
}

static void records(void)
{
	unsigned char header[QFILE_EDIT_RECORD_SIZE], crc[QFILE_EDIT_CRC_SIZE], first[QFILE_EDIT_MARK_SIZE];
	struct qfile_edit_record record;

	Frama_C_make_unknown((char *)first, sizeof(first));
	qfile_edit_is_record(first);
	Frama_C_make_unknown((char *)header, sizeof(header));
	if (qfile_edit_record_decode(header, &record) == 0)
		qfile_edit_record_encode(&record, header);
	Frama_C_make_unknown((char *)crc, sizeof(crc));
	qfile_edit_crc_encode(qfile_edit_crc_decode(crc), crc);
}

int main(void)
{
	requests();
	records();
	return 0;
}
