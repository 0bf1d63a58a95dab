/*
 * Which characters are safe to show.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "text/character.h"
#include "unit.h"

#define JOINER "\u200d"

#define BYTES(string) string, sizeof(string) - 1

static const struct {
	const char *label, *text;
	size_t length;
	bool ok;
} texts[] = {
	{"empty", BYTES(""), true},
	{"NUL", BYTES("a\0b"), false},
	{"slashes", BYTES("/a//"), true},

	/* ASCII. */
	{"printable ASCII", BYTES(" !\"#$%&'()*+,-.0123456789:;<=>?@ABCXYZ[\\]^_`abcxyz{|}~"),
	 true},
	{"one space", BYTES(" "), true},
	{"option-like", BYTES("-rf"), true},
	{"newline", BYTES("a\nb"), false},
	{"tab", BYTES("a\tb"), false},
	{"escape", BYTES("\033[31m"), false},
	{"0x01", BYTES("\001"), false},
	{"0x1f", BYTES("a\037"), false},
	{"DEL", BYTES("a\177"), false},

	/* Not UTF-8. */
	{"lone continuation byte", BYTES("\200"), false},
	{"Latin-1", BYTES("caf\351"), false},
	{"0xff", BYTES("\377"), false},
	{"0xfe 0xff", BYTES("\376\377"), false},
	{"overlong slash, 2 bytes", BYTES("a\300\257b"), false},
	{"overlong slash, 3 bytes", BYTES("a\340\200\257b"), false},
	{"overlong slash, 4 bytes", BYTES("a\360\200\200\257b"), false},
	{"overlong dot dot", BYTES("\300\256\300\256"), false},
	{"overlong NUL", BYTES("a\300\200"), false},
	{"overlong letter", BYTES("\301\201"), false},
	{"overlong 3-byte form of U+07FF", BYTES("\340\237\277"), false},
	{"overlong 4-byte form of U+FFFD", BYTES("\360\217\277\275"), false},
	{"surrogate U+D800", BYTES("\355\240\200"), false},
	{"surrogate U+DFFF", BYTES("\355\277\277"), false},
	{"surrogate pair (CESU-8)", BYTES("\355\240\275\355\270\200"), false},
	{"U+110000", BYTES("\364\220\200\200"), false},
	{"U+1FFFFF", BYTES("\367\277\277\277"), false},
	{"five-byte form", BYTES("\370\210\200\200\200"), false},
	{"2 bytes, the last missing", BYTES("a\303"), false},
	{"3 bytes, the last missing", BYTES("a\342\202"), false},
	{"4 bytes, the last missing", BYTES("a\360\237\230"), false},
	{"3 bytes, cut by ASCII", BYTES("\342\202a"), false},
	{"2 bytes, cut by a slash", BYTES("a\303/b"), false},
	{"2 bytes, the last behind the end", "a\303\251", 2, false},

	/* Characters that fool the reader. */
	{"C1 control U+0085", BYTES("a\302\205"), false},
	{"C1 control U+009B", BYTES("a\302\23331m"), false},
	{"no-break space U+00A0", BYTES("a\u00a0b"), false},
	{"soft hyphen U+00AD", BYTES("a\u00adb"), false},
	{"Arabic letter mark U+061C", BYTES("a\u061cb"), false},
	{"Ogham space U+1680", BYTES("a\u1680b"), false},
	{"Mongolian vowel separator U+180E", BYTES("a\u180eb"), false},
	{"en quad U+2000", BYTES("a\u2000b"), false},
	{"hair space U+200A", BYTES("a\u200ab"), false},
	{"zero width space U+200B", BYTES("a\u200bb"), false},
	{"left-to-right mark U+200E", BYTES("a\u200eb"), false},
	{"right-to-left mark U+200F", BYTES("a\u200fb"), false},
	{"line separator U+2028", BYTES("a\u2028b"), false},
	{"paragraph separator U+2029", BYTES("a\u2029b"), false},
	{"embedding U+202A", BYTES("a\u202ab"), false},
	{"embedding U+202B", BYTES("a\u202bb"), false},
	{"pop U+202C", BYTES("a\u202cb"), false},
	{"override U+202D", BYTES("a\u202db"), false},
	{"override U+202E", BYTES("a\u202efdp.exe"), false},
	{"narrow no-break space U+202F", BYTES("a\u202fb"), false},
	{"medium space U+205F", BYTES("a\u205fb"), false},
	{"word joiner U+2060", BYTES("a\u2060b"), false},
	{"invisible times U+2062", BYTES("a\u2062b"), false},
	{"isolate U+2066", BYTES("a\u2066b"), false},
	{"isolate U+2067", BYTES("a\u2067b"), false},
	{"isolate U+2068", BYTES("a\u2068b"), false},
	{"pop isolate U+2069", BYTES("a\u2069b"), false},
	{"ideographic space U+3000", BYTES("a\u3000b"), false},
	{"byte order mark first U+FEFF", BYTES("\ufeffa"), false},
	{"byte order mark inside U+FEFF", BYTES("a\ufeffb"), false},
	{"annotation anchor U+FFF9", BYTES("a\ufff9b"), false},
	{"language tag U+E0001", BYTES("a\U000e0001b"), false},
	{"tag letter U+E0061", BYTES("a\U000e0061b"), false},
	{"private use U+E000", BYTES("a\ue000b"), false},
	{"private use U+F8FF", BYTES("a\uf8ffb"), false},
	{"private use U+F0000", BYTES("a\U000f0000b"), false},
	{"private use U+10FFFD", BYTES("a\U0010fffdb"), false},
	{"unassigned U+0378", BYTES("a\u0378b"), false},
	{"unassigned U+40000", BYTES("a\U00040000b"), false},
	{"noncharacter U+FDD0", BYTES("a\ufdd0b"), false},
	{"noncharacter U+FFFE", BYTES("a\ufffeb"), false},
	{"noncharacter U+10FFFF", BYTES("a\U0010ffffb"), false},
	{"bad in the middle of a path", BYTES("good/b\u202ed/good"), false},

	/* Scripts. */
	{"Latin, composed", BYTES("Übergrößenträger façade Žluťoučký"), true},
	{"Latin, decomposed", BYTES("cafe\u0301"), true},
	{"Vietnamese", BYTES("Tiếng Việt"), true},
	{"Greek", BYTES("Ελληνικά"), true},
	{"Cyrillic", BYTES("Отчёт за март.pdf"), true},
	{"Hebrew, with points", BYTES("שָׁלוֹם"), true},
	{"Arabic", BYTES("السلام عليكم"), true},
	{"Arabic digits", BYTES("٠١٢٣"), true},
	{"Devanagari", BYTES("हिन्दी"), true},
	{"Devanagari with a joiner", BYTES("क्\u200dष"), true},
	{"Tamil", BYTES("தமிழ்"), true},
	{"Thai", BYTES("ภาษาไทย"), true},
	{"Tibetan", BYTES("བོད་ཡིག"), true},
	{"Georgian", BYTES("ქართული"), true},
	{"Armenian", BYTES("Հայերեն"), true},
	{"Amharic", BYTES("አማርኛ"), true},
	{"Chinese", BYTES("中文文件。文档"), true},
	{"Chinese beyond the first plane", BYTES("\U00020000\U0002a6d6"), true},
	{"Japanese", BYTES("ひらがな・カタカナ「漢字」"), true},
	{"Korean", BYTES("한국어"), true},
	{"Korean, in parts", BYTES("\u1112\u1161\u11ab"), true},
	{"Cherokee", BYTES("ᏣᎳᎩ"), true},
	{"Gothic", BYTES("\U00010330\U00010331"), true},
	{"title case letter", BYTES("\u01c5"), true},
	{"modifier letter", BYTES("\u02b0"), true},
	{"Roman numeral", BYTES("\u2163"), true},
	{"enclosing mark", BYTES("1\u20dd"), true},
	{"punctuation of all kinds", BYTES("«a» „b“ ‚c‘ — – … ‹d› ¿e? _‿"), true},
	{"symbols of all kinds", BYTES("± × ÷ ∑ € £ ¥ ₿ © ® ™ ° ´ ¨ ✓ ♥ →"),
	 true},
	{"replacement character", BYTES("\ufffd"), true},

	/* Emoji. */
	{"emoji", BYTES("😀.png"), true},
	{"emoji with variation selector", BYTES("❤\ufe0f"), true},
	{"emoji with text selector", BYTES("☎\ufe0e"), true},
	{"keycap", BYTES("1\ufe0f\u20e3"), true},
	{"flag", BYTES("🇪🇺"), true},
	{"skin tones", BYTES("👍\U0001f3fb 👍\U0001f3ff"), true},
	{"family", BYTES("👨" JOINER "👩" JOINER "👧" JOINER "👦"), true},
	{"skin tone and joiner", BYTES("👩\U0001f3fd" JOINER "🚀"), true},
	{"selector and joiner", BYTES("🏳\ufe0f" JOINER "🌈"), true},
	{"joiner first", BYTES(JOINER "a"), false},
	{"joiner behind ASCII", BYTES("a" JOINER "b"), false},
	{"joiner behind a space", BYTES("😀 " JOINER "😀"), false},
	{"joiner behind a slash", BYTES("😀/" JOINER "😀"), false},
	{"two joiners", BYTES("👨" JOINER JOINER "👩"), false},
};

START_TEST(safe_characters)
{
	const char *text = texts[_i].text;

	ck_assert_msg(characters_ok(text, text + texts[_i].length) == texts[_i].ok, "%s",
		      texts[_i].label);
}
END_TEST

/* What character_next() says of each character of a text, one after another. */
static const struct {
	const char *label, *text;
	size_t length;
	struct {
		size_t length;
		int32_t character;
	} characters[4];
} looks[] = {
	{"ASCII", BYTES("a/~"), {{1, 'a'}, {1, '/'}, {1, '~'}}},
	{"controls", BYTES("\037\177"), {{1, -1}, {1, -1}}},
	{"each length",
	 BYTES("a\u00e9\u4e2d\U0001f600"),
	 {{1, 'a'}, {2, 0xe9}, {3, 0x4e2d}, {4, 0x1f600}}},
	{"none: a byte alone", BYTES("\377a"), {{1, -1}, {1, 'a'}}},
	{"cut short", "\342\202\254", 2, {{1, -1}, {1, -1}}},
	{"not safe: as long as it is", BYTES("\u202ea"), {{3, -1}, {1, 'a'}}},
	{"a joiner",
	 BYTES("\U0001f468" JOINER "\U0001f469"),
	 {{4, 0x1f468}, {3, 0x200d}, {4, 0x1f469}}},
	{"a joiner behind what is not safe", BYTES("\u202e" JOINER), {{3, -1}, {3, -1}}},
};

START_TEST(next_character)
{
	const char *at = looks[_i].text, *end = at + looks[_i].length;
	int32_t character = 0;

	for (size_t i = 0; at < end; i++) {
		ck_assert_uint_lt(i, COUNT(looks[_i].characters));
		ck_assert_msg(character_skip(at, end, &(int32_t){character}) ==
				      at + looks[_i].characters[i].length,
			      "%s: character %zu skipped", looks[_i].label, i);
		at += character_next(at, end, &character);
		ck_assert_msg(character == looks[_i].characters[i].character,
			      "%s: character %zu: %d", looks[_i].label, i, (int)character);
	}
	ck_assert_ptr_eq(at, end);
}
END_TEST

/* One that does not fit is not written, and not gone behind. */
START_TEST(character_that_is_shown)
{
	static const char text[] = "a\u4e2d\u202e";
	const char *at = text, *end = text + sizeof(text) - 1;
	char shown[8] = "XXXXXXX", *to = shown;
	int32_t character = 0;

	ck_assert(character_show(&at, end, &character, &to, shown + 1, '_'));
	ck_assert(!character_show(&at, end, &character, &to, shown + 3, '_'));
	ck_assert(at == text + 1 && to == shown + 1);
	character = 'a';
	ck_assert(character_show(&at, end, &character, &to, shown + 4, '_'));
	ck_assert(!character_show(&at, end, &character, &to, shown + 4, '_'));
	ck_assert(character_show(&at, end, &character, &to, shown + 5, '_'));
	ck_assert(at == end && to == shown + 5);
	ck_assert_str_eq(shown, "a\u4e2d_XX");
}
END_TEST

Suite *character_suite(void)
{
	Suite *suite = suite_create("character");
	TCase *safe = add_case(suite, "safe"), *next = add_case(suite, "next");

	add_table_test(safe, safe_characters, texts);
	add_table_test(next, next_character, looks);
	tcase_add_test(next, character_that_is_shown);
	return suite;
}
