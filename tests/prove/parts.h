/*
 * Contracts of find(), and of the static functions of text/printable.c and of name.c, fault.c and
 * tagname.c in lib/format to which the public functions pass their arguments. name-parts.c proves
 * the static functions for every length. name.c proves find(), and that the public functions call
 * the others as their contracts demand. Together that proves the public functions for every length.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
/*@ predicate from_to(char *begin, char *end) =
      \base_addr(begin) == \base_addr(end) &&
        (begin == end || (begin < end && \valid_read(begin) && \valid_read(end - 1)));
    predicate some_from_to(char *begin, char *end) =
      \base_addr(begin) == \base_addr(end) && begin < end && \valid_read(begin) &&
        \valid_read(end - 1);
    predicate room_from_to(char *begin, char *last) =
      \base_addr(begin) == \base_addr(last) && begin <= last && \valid(begin) &&
        \valid_read(last); */

/*@ requires from_to(text, end);
    assigns \result \from text, end, (indirect: byte), (indirect: text[0 .. end - text - 1]);
    ensures from_to(\result, end) && text <= \result; */
static const char *find(const char *text, const char *end, char byte);

/*@ requires some_from_to(name, end);
    assigns \result \from name[0 .. end - name - 1], name, end, flags; ensures \result <= 0; */
static int name_check(const char *name, const char *end, unsigned flags);

/*@ requires valid_read_string(name) && some_from_to(target, end);
    assigns \result \from name[0 .. strlen(name)], target[0 .. end - target - 1], target, end,
      flags; ensures \result <= 0; */
static int link_check(const char *name, const char *target, const char *end, unsigned flags);

/*@ requires from_to(name, end) && \valid(fault);
    assigns *fault \from name[0 .. end - name - 1], name, end;
    assigns \result \from name[0 .. end - name - 1], name, end;
    ensures \result == 0 || \result == 1; */
static bool find_fault(const char *name, const char *end, struct qfile_name_fault *fault);

/*@ requires from_to(from, end) && room_from_to(text, last);
    assigns text[0 .. last - text] \from from[0 .. end - from - 1];
    assigns \result \from from, end, text, last; */
static size_t copy_printable(const char *from, const char *end, char *text, const char *last);

/*@ requires from_to(name, end) && room_from_to(text, last);
    assigns text[0 .. last - text] \from name[0 .. end - name - 1], columns;
    assigns \result \from name[0 .. end - name - 1], text, last, columns; */
static size_t displayable(const char *name, const char *end, char *text, const char *last,
		size_t columns);

/*@ requires some_from_to(name, end) && room_from_to(safe, last);
    assigns safe[0 .. last - safe] \from name[0 .. end - name - 1];
    assigns \result \from name[0 .. end - name - 1], (indirect: name), (indirect: end);
    ensures \result <= 0; */
static int safe_name(const char *name, const char *end, char *safe, const char *last);

/*@ requires from_to(name, end) && \valid_read(end) && from_to(tag, tag_end) &&
    room_from_to(tagged, last);
    assigns tagged[0 .. last - tagged] \from name[0 .. end - name], tag[0 .. tag_end - tag - 1];
    assigns \result \from name[0 .. end - name], (indirect: tag), (indirect: tag_end);
    ensures \result <= 0; */
static int tagged_name(const char *name, const char *end, const char *tag, const char *tag_end,
		char *tagged, const char *last);
