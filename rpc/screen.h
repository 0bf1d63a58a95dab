/* Making text of a peer's fit for a terminal, as it comes in. Pure. */
#ifndef RPC_SCREEN_H
#define RPC_SCREEN_H
#include <stddef.h>

/* A character that was cut. */
struct rpc_screen {
	char held[3];
	size_t count;
};

#define RPC_SCREEN_EXTRA 4 /* how much longer than its input the output may be */

/*
 * Copy `size` bytes to `text`, which has room for RPC_SCREEN_EXTRA more: lines and tabs stay, and what qfile_displayable() lets stand; all else is
 * replaced by '?'. A character that is not whole is held back until its rest comes. Returns the bytes written. `size` 0: the end.
 */
size_t rpc_screen_clean(struct rpc_screen *screen, const char *untrusted, size_t size, char *text);

#endif
