/*
 * All of session.c: any frame, in any state that frames can lead to.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "driver.h"

#include "protocol/session.c"

int main(void)
{
	const unsigned streams_of_all = BIT(RPC_STDIN) | BIT(RPC_STDOUT) | BIT(RPC_STDERR);
	struct rpc_session session;
	struct rpc_frame frame;

	rpc_session_begin(&session, Frama_C_interval(0, 1) ? RPC_CALLER : RPC_SERVICE);
	session.greeted = Frama_C_interval(0, 1);
	session.asking = Frama_C_interval(0, 1);
	session.begun = Frama_C_interval(0, 1);
	session.over = Frama_C_interval(0, 1);
	session.ended = Frama_C_unsigned_int_interval(0, UINT32_MAX) & streams_of_all;
	session.unwanted = Frama_C_unsigned_int_interval(0, UINT32_MAX) & streams_of_all;
	/* Any that rpc_frame_decode() accepts. */
	frame.type = (enum rpc_frame_type)Frama_C_interval(RPC_HELLO, RPC_ASKING);
	frame.length = Frama_C_unsigned_int_interval(0, RPC_FRAME_MAX);
	if (rpc_session_next(&session, &frame, Frama_C_unsigned_int_interval(0, UINT32_MAX)) == 0)
		//@ assert session.ended <= streams_of_all && session.unwanted <= streams_of_all;
		return 0;
	return 1;
}
