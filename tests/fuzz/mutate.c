/*
 * Change a stream as a sender could who knows the format.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "mutate.h"

#include "fuzz.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define KIB          1024

static uint32_t noise;

/* A number below `bound`. */
static uint32_t below(size_t bound)
{
	noise = noise * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)noise * bound) >> 32);
}

/* ---- Bytes for new names and data ---- */

static uint8_t arena[4 * 512 * KIB];
static size_t arena_used;

/* Room for `size` bytes, at most 512 KiB. */
static uint8_t *take(size_t size)
{
	uint8_t *room;

	if (size > sizeof(arena) - arena_used)
		arena_used = 0; /* over what was made first: this is noise anyway */
	room = arena + arena_used;
	arena_used += size;
	return room;
}

/* `first`, `between` and `second` in one. */
static void set_name(struct tree_entry *entry, const char *first, size_t first_length,
		     const char *between, const char *second, size_t second_length)
{
	size_t between_length = strlen(between);
	char *name = (char *)take(first_length + between_length + second_length);

	memcpy(name, first, first_length);
	memcpy(name + first_length, between, between_length);
	memcpy(name + first_length + between_length, second, second_length);
	entry->name = name;
	entry->name_length = first_length + between_length + second_length;
}

static void set_data(struct tree_entry *entry, const uint8_t *data, size_t size)
{
	entry->data = data;
	entry->size = entry->present = size;
}

/* ---- Names ---- */

static const char *const components[] = {"a",
					 "b",
					 "d",
					 "l",
					 "ü",
					 "..",
					 ".",
					 "",
					 "a\x1b",
					 "\xff",
					 ".qfile-incoming-0123456789abcdef",
					 "a b.tar.gz"};

/* Mostly short and good ones: those make trees. */
static const char *component(void)
{
	return components[below(3) ? below(5) : below(COUNT(components))];
}

static size_t parent_length(const struct tree_entry *entry)
{
	const char *slash = memrchr(entry->name, '/', entry->name_length);

	return slash ? (size_t)(slash - entry->name) : 0;
}

/*
 * By way of libFuzzer's own mutations, which know the dictionary and what the code compared with.
 */
static size_t change_bytes(const void *bytes, size_t size, size_t more, uint8_t **changed)
{
	*changed = take(size + more);
	memcpy(*changed, bytes, size);
	return LLVMFuzzerMutate(*changed, size, size + more);
}

static void change_name(struct tree_entry *entry, const struct tree_entry *other)
{
	const char *part = component();
	size_t length = parent_length(entry);
	uint8_t *changed;

	switch (below(6)) {
	case 0: /* inside of another entry */
		set_name(entry, other->name, other->name_length, "/", part, strlen(part));
		break;
	case 1: /* beside another */
		length = parent_length(other);
		set_name(entry, other->name, length, length ? "/" : "", part, strlen(part));
		break;
	case 2: /* moved into another */
		length += length > 0;
		set_name(entry, other->name, other->name_length, "/", entry->name + length,
			 entry->name_length - length);
		break;
	case 3: /* one component more in front */
		set_name(entry, part, strlen(part), "/", entry->name, entry->name_length);
		break;
	case 4: /* as another */
		set_name(entry, other->name, other->name_length, "", "", 0);
		break;
	default:
		length = change_bytes(entry->name, entry->name_length, 260, &changed);
		entry->name = (const char *)changed;
		entry->name_length = length;
	}
}

/* ---- Data ---- */

/* A target that climbs some levels, and leads to another entry from there, or from the top. */
static void change_target(struct tree_entry *entry, const struct tree_entry *other)
{
	struct tree_entry target = {.size = 0};
	size_t slash = below(2) ? 0 : parent_length(other);
	/* "." is a directory, and there: something may come by way of this link. */
	const char *part = below(2) ? "." : component();

	if (below(2))
		set_name(&target, "", 0, "", other->name + slash, other->name_length - slash);
	else
		set_name(&target, "", 0, "", part, strlen(part));
	for (uint32_t climb = below(4); climb > 0; climb--)
		set_name(&target, "..", 2, "/", target.name, target.name_length);
	if (!below(6))
		set_name(&target, target.name, target.name_length, "/", "..", 2);
	set_data(entry, (const uint8_t *)target.name, target.name_length);
	entry->mode = S_IFLNK | 0777;
}

/* Sizes around those where the code goes another way, with holes of whole and of broken blocks. */
static void make_large(struct tree_entry *entry)
{
	static const size_t sizes[] = {4 * KIB,   60 * KIB,  64 * KIB,  128 * KIB,
				       252 * KIB, 256 * KIB, 260 * KIB, 400 * KIB};
	size_t size = sizes[below(COUNT(sizes))] + below(3) - 1 - (below(3) ? 0 : below(100));
	uint8_t *data = take(size);

	memset(data, below(2) ? 0 : 'x', size);
	for (uint32_t spots = below(6); spots > 0; spots--) {
		size_t begin = below(2) ? below(size) : below(size) & ~(size_t)4095,
		       length = below(2) ? 1 : below(20 * KIB);

		memset(data + begin, below(2) ? 0 : 'y',
		       length < size - begin ? length : size - begin);
	}
	set_data(entry, data, size);
	entry->mode = S_IFREG | 0644;
}

static void change_data(struct tree_entry *entry)
{
	uint8_t *changed;
	size_t size;

	if (entry->present > 16 * KIB)
		return;
	size = change_bytes(entry->data, entry->present, 64, &changed);
	set_data(entry, changed, size);
}

/* What is announced is not what comes: the one length that is left wrong. */
static void change_size(struct tree_entry *entry)
{
	static const uint64_t sizes[] = {0,         1,       16383,     16384,
					 256 * KIB, 1 << 30, INT64_MAX, UINT64_MAX};

	entry->size = below(2) ? sizes[below(COUNT(sizes))] : entry->size + below(5) - 2;
}

static void change_mode(struct tree_entry *entry)
{
	static const uint32_t types[] = {S_IFDIR, S_IFREG, S_IFLNK, S_IFIFO, 0};

	if (below(2)) {
		entry->mode =
			(entry->mode & 07777) | types[below(4) ? below(3) : below(COUNT(types))];
		if (S_ISDIR(entry->mode))
			set_data(entry, entry->data, 0);
	} else {
		entry->mode =
			(entry->mode & ~07777u) | (below(2) ? 0700 | below(01000) : below(010000));
	}
}

static void change_times(struct tree_entry *entry)
{
	static const uint32_t nanoseconds[] = {0, 1, 999999999, 1000000000, UINT32_MAX};

	entry->atime = below(UINT32_MAX);
	entry->mtime = below(2) ? UINT32_MAX : 0;
	entry->atime_nsec = nanoseconds[below(3)];
	entry->mtime_nsec = nanoseconds[below(COUNT(nanoseconds))];
}

/* ---- The order of entries ---- */

static void insert(struct tree *tree, size_t at, struct tree_entry entry)
{
	if (tree->count == TREE_ENTRIES)
		return;
	memmove(&tree->entries[at + 1], &tree->entries[at], (tree->count - at) * sizeof(entry));
	tree->entries[at] = entry;
	tree->count++;
}

static void insert_new(struct tree *tree, size_t at)
{
	static const uint32_t modes[] = {S_IFDIR | 0755, S_IFREG | 0644, S_IFLNK | 0777};
	struct tree_entry entry = {
		.mode = modes[below(COUNT(modes))], .data = (const uint8_t *)"", .mtime = 1};
	const char *part = component();

	set_name(&entry, "", 0, "", part, strlen(part));
	if (tree->count > 0)
		change_name(&entry, &tree->entries[below(at ? at : 1)]);
	if (S_ISLNK(entry.mode))
		change_target(&entry,
			      tree->count > 0 ? &tree->entries[below(tree->count)] : &entry);
	insert(tree, at, entry);
}

static void swap(struct tree_entry *a, struct tree_entry *b)
{
	struct tree_entry entry = *a;

	*a = *b;
	*b = entry;
}

static void mutate_once(struct tree *tree)
{
	size_t i = below(tree->count), j = below(tree->count);
	struct tree_entry *entry = &tree->entries[i], *other = &tree->entries[j];

	switch (tree->count ? below(14) : 0) {
	case 0:
	case 1:
		insert_new(tree, below(tree->count + 1));
		break;
	case 2: /* for a directory: its second header, or a third */
		insert(tree, j, *entry);
		break;
	case 3:
		memmove(entry, entry + 1, (--tree->count - i) * sizeof(*entry));
		break;
	case 4:
		swap(entry, other);
		break;
	case 5:
	case 6:
		change_name(entry, other);
		break;
	case 7:
		change_data(entry);
		break;
	case 8:
		change_target(entry, other);
		break;
	case 9:
		make_large(entry);
		break;
	case 10:
		change_size(entry);
		break;
	case 11:
		change_mode(entry);
		break;
	case 12:
		change_times(entry);
		break;
	default:
		tree->end = !tree->end;
	}
}

void mutate_tree(struct tree *tree, unsigned seed)
{
	noise = seed;
	arena_used = 0;
	for (uint32_t times = 1 + below(3); times > 0; times--)
		mutate_once(tree);
}
