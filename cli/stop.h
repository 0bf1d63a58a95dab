/* Ending as a program that was asked to. */
#ifndef CLIENT_STOP_H
#define CLIENT_STOP_H

/*
 * Die of the signal that made `stop` (of qfile_stop_open()) readable, so that a shell or script
 * sees what happened.
 */
void stop_die(int stop);

#endif
