/*
 * Contracts of the static functions of name.c to which its public ones hand their arguments on, and of find(). name-parts.c proves the former, for
 * every length; name.c proves find(), and that the public functions keep to the contracts. So it holds for those as well, for every length.
 */
/*@ predicate from_to(char *begin, char *end) =
      \base_addr(begin) == \base_addr(end) && (begin == end || (begin < end && \valid_read(begin) && \valid_read(end - 1)));
    predicate some_from_to(char *begin, char *end) =
      \base_addr(begin) == \base_addr(end) && begin < end && \valid_read(begin) && \valid_read(end - 1);
    predicate room_from_to(char *begin, char *last) =
      \base_addr(begin) == \base_addr(last) && begin <= last && \valid(begin) && \valid_read(last); */

/*@ requires from_to(text, end); assigns \result \from text, end, (indirect: byte), (indirect: text[0 .. end - text - 1]);
    ensures from_to(\result, end) && text <= \result; */
static const char *find(const char *text, const char *end, char byte);

/*@ requires some_from_to(name, end); assigns \result \from name[0 .. end - name - 1], name, end, flags; ensures \result <= 0; */
static int name_check(const char *name, const char *end, unsigned flags);

/*@ requires valid_read_string(name) && some_from_to(target, end);
    assigns \result \from name[0 .. strlen(name)], target[0 .. end - target - 1], target, end, flags; ensures \result <= 0; */
static int link_check(const char *name, const char *target, const char *end, unsigned flags);

/*@ requires from_to(from, end) && room_from_to(text, last);
    assigns text[0 .. last - text] \from from[0 .. end - from - 1]; assigns \result \from from, end, text, last; */
static size_t copy_printable(const char *from, const char *end, char *text, const char *last);

/*@ requires from_to(name, end) && room_from_to(text, last);
    assigns text[0 .. last - text] \from name[0 .. end - name - 1], columns;
    assigns \result \from name[0 .. end - name - 1], text, last, columns; */
static size_t displayable(const char *name, const char *end, char *text, const char *last, size_t columns);

/*@ requires from_to(name, end) && \valid_read(end) && room_from_to(numbered, last);
    assigns numbered[0 .. last - numbered] \from name[0 .. end - name], number; assigns \result \from name[0 .. end - name], number;
    ensures \result <= 0; */
static int numbered_name(const char *name, const char *end, unsigned number, char *numbered, const char *last);
