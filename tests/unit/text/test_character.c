/*
 * Which characters are safe to show.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "text/character.h"
#include "unit.h"

#include <utf8proc.h>

#define JOINER     "\u200d"
#define NON_JOINER "\u200c"
#define TAGS(a, b, c, d, e) \
	"\xf3\xa0\x81" a "\xf3\xa0\x81" b "\xf3\xa0\x81" c "\xf3\xa0\x81" d "\xf3\xa0\x81" e
#define LAST_TAG "\U000e007f"
#define ENGLAND  "\U0001f3f4" TAGS("\xa7", "\xa2", "\xa5", "\xae", "\xa7") LAST_TAG

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
	{"soft hyphen U+00AD", BYTES("a\u00adb"), false},
	{"Arabic letter mark U+061C", BYTES("a\u061cb"), false},
	{"Mongolian vowel separator U+180E", BYTES("a\u180eb"), false},
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
	{"word joiner U+2060", BYTES("a\u2060b"), false},
	{"invisible times U+2062", BYTES("a\u2062b"), false},
	{"isolate U+2066", BYTES("a\u2066b"), false},
	{"isolate U+2067", BYTES("a\u2067b"), false},
	{"isolate U+2068", BYTES("a\u2068b"), false},
	{"pop isolate U+2069", BYTES("a\u2069b"), false},
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
};

START_TEST(safe_characters)
{
	const char *text = texts[_i].text;

	ck_assert_msg(characters_ok(text, text + texts[_i].length) == texts[_i].ok, "%s",
		      texts[_i].label);
}
END_TEST

/* Characters that are safe in some places only: in names that people have, and where they are not.
 */
static const struct {
	const char *text;
	bool ok;
} places[] = {
	/* Spaces. */
	{"Screenshot 2026-11-28 at 10.04.12\u202fAM.png", true},
	{"Titre\u00a0: sous-titre", true},
	{"\u8cc7\u6599\u30002026.docx", true},
	{"a\u1680b", true},
	{"a\u2000b\u2001c\u2002d\u2003e\u2004f\u2005g\u2006h\u2007i\u2008j\u2009k\u200al", true},
	{"a\u205fb", true},
	{"a \u00a0b", true},
	{"a\u00a0 b", true},
	{"a\u00a0\u00a0b", true},
	{"a\u00a0.pdf", true},
	{" ", true},
	{" a ", true},
	{"\u00a0", false},
	{"\u00a0a", false},
	{"a\u00a0", false},
	{"a\u00a0 ", false},
	{" \u00a0a", false},
	{" \u00a0 ", false},
	{"\u3000\u3000", false},
	{"d/\u202fa", false},
	{"d/ \u202fa", false},
	{"d\u202f/a", false},
	{"d\u202f /a", false},
	{"a\u00a0\u202e", false},
	{"a\u3000\u3000\u3000\u3000\u3000\u3000\u3000\u3000.exe", true},
	{"a\u3000\u3000\u3000\u3000\u3000\u3000\u3000\u3000\u3000.exe", false},
	{"a\u3000        .exe", false},

	/* The non-joiner in cursive scripts: between letters that would join. */
	{"می" NON_JOINER "خواهم.txt", true},
	{"کتاب" NON_JOINER "ها", true},
	{"خانه" NON_JOINER "ای", true},
	{"نرم" NON_JOINER "افزار", true},
	{"مُ" NON_JOINER "ن", true},           /* a mark before it */
	{"م" NON_JOINER "\u0651ن", true},     /* a mark behind it */
	{"\ua872" NON_JOINER "\ua840", true}, /* Phags-pa, which joins to the left only */
	{"م" NON_JOINER "\u0651\u0651ن", true},
	{"می" NON_JOINER, false},
	{"می" NON_JOINER ".txt", false},
	{"می" NON_JOINER " خ", false},
	{"می" NON_JOINER "a", false},
	{"می" NON_JOINER "/خ", false},
	{"می/" NON_JOINER "خ", false},
	{"می" NON_JOINER NON_JOINER "خ", false},
	{"می" NON_JOINER JOINER "خ", false},
	{"م" NON_JOINER "\u034fن", false},
	{"م" NON_JOINER "ـ", false}, /* a stroke, which only makes letters join */
	{NON_JOINER "خ", false},
	{"a" NON_JOINER "b", false},
	{"א" NON_JOINER "ב", false},
	{"中" NON_JOINER "中", false},
	{"😀" NON_JOINER "😀", false},

	/* And between those that would not: people write it there all the same. */
	{"کار" NON_JOINER "ها", true},
	{"کتاب" NON_JOINER "ها" NON_JOINER "ی ما.txt", true},
	{"سوء" NON_JOINER "استفاده", true}, /* a letter that never joins at all */
	{"حتماً" NON_JOINER "نه", true},     /* a mark that is no letter's alone */
	{"۲۰" NON_JOINER "ساله", true},
	{"ܐ" NON_JOINER "ܒ", true},
	{"ߊ" NON_JOINER "ߓ", true},
	{"\U0001e922" NON_JOINER "\U0001e923", true}, /* Adlam, which has capitals */
	{"क" NON_JOINER "ष", true},
	{"कि" NON_JOINER "ष", true},
	{"ಕಾಲು" NON_JOINER "ಗಳು", true},
	{"کار" NON_JOINER, false},
	{"کار" NON_JOINER "/ها", false},
	{"کار/" NON_JOINER "ها", false},
	{"کار" NON_JOINER " ها", false},
	{"کار " NON_JOINER "ها", false},
	{"کار" NON_JOINER ".txt", false},
	{"کار" NON_JOINER "s", false},
	{"PDF" NON_JOINER "ها", false},
	{"کار" NON_JOINER "1", false},
	{"کار1" NON_JOINER "ها", false},
	{"کار۔" NON_JOINER "ها", false},
	{"کار" NON_JOINER "۔", false},
	{"کار" NON_JOINER NON_JOINER "ها", false},
	{"کار" NON_JOINER JOINER "ها", false},
	{"کار" NON_JOINER "\u0651ها", false}, /* a mark of nothing */
	{"کار\u202e" NON_JOINER "ها", false},
	{"کار" NON_JOINER "\u061cها", false},
	{"کار" NON_JOINER "क", false}, /* of another script */
	{"ܐ" NON_JOINER "ر", false},
	{"a\u0301" NON_JOINER "ر", false},
	{"ር" NON_JOINER "ር", false}, /* of a script without joiners */
	{"ก" NON_JOINER "ก", false},
	{"\u1820" NON_JOINER "\u180e", false},
	{"ر" JOINER "ه", false},

	/* The joiner there: where a letter would not join by itself. */
	{"۱۳۹۹ ه" JOINER ".ش", true},
	{"ه" JOINER, true},
	{"ه" JOINER "ن", false},
	{"ه" JOINER "ُن", false},
	{"هُ" JOINER "ن", false},
	{"ه" JOINER "ـ", false},
	{"ا" JOINER, false},
	{"ه" JOINER JOINER, false},
	{JOINER "ه", false},

	/* Both behind a virama. */
	{"क्" JOINER "ष", true},
	{"क्" NON_JOINER "ष", true},
	{"दर्" JOINER "या", true},
	{"ශ්" JOINER "රී", true},
	{"അവന്" JOINER, true},
	{"സോഫ്റ്റ്" NON_JOINER "വെയർ", true},
	{"ಸಾಫ್ಟ್" NON_JOINER "ವೇರ್", true},
	{"సాఫ్ట్" NON_JOINER "వేర్", true},
	{"க்" NON_JOINER "ஷ", true},
	{"क्" JOINER JOINER "ष", false},
	{"क्" NON_JOINER JOINER "ष", false},
	{"क" JOINER "ष", false},
	{"कि" JOINER "ष", false},

	/* And before one. */
	{"র" JOINER "্যাম", true},
	{"র" NON_JOINER "্যাব", true},
	{"ರ" JOINER "್ಕ", true},
	{"1" JOINER "্য", false},
	{"র" JOINER JOINER "্য", false},

	/* Emoji. */
	{"👨" JOINER "👩" JOINER "👧" JOINER "👦", true},
	{"👩\U0001f3fd" JOINER "🚀", true},
	{"🏳\ufe0f" JOINER "🌈", true},
	{"👁\ufe0f" JOINER "🗨\ufe0f", true},
	{"❤\ufe0f" JOINER "🔥", true},
	{"🏴" JOINER "☠\ufe0f", true},
	{"🧑\U0001f3fb" JOINER "❤\ufe0f" JOINER "💋" JOINER "🧑\U0001f3fc", true},
	{JOINER "a", false},
	{"a" JOINER "b", false},
	{"a" JOINER, false},
	{"é" JOINER "é", false},
	{"a" JOINER "\u094d", false},
	{"é" JOINER "\u094d", false},
	{"😀" JOINER, false},
	{"😀" JOINER "a", false},
	{"a" JOINER "😀", false},
	{"😀 " JOINER "😀", false},
	{"😀" JOINER " 😀", false},
	{"😀/" JOINER "😀", false},
	{"😀" JOINER "/😀", false},
	{"👨" JOINER JOINER "👩", false},
	{"\u202e" JOINER "😀", false},
	{"😀" JOINER "\U0001faff", false}, /* not assigned */
	{"🇪" JOINER "🇺", false},
	{"\U0001f3fd" JOINER "😀", false},
	{"a\U0001f3fd" JOINER "😀", false},

	/* Selectors of style. */
	{"❤\ufe0f", true},
	{"☎\ufe0e", true},
	{"©\ufe0f ®\ufe0f ™\ufe0f ℹ\ufe0f ㊗\ufe0f", true},
	{"a\ufe0f", false},
	{"é\ufe0f", false},
	{"\ufe0f", false},
	{" \ufe0f", false},
	{"/\ufe0f", false},
	{"中\ufe0f", false},
	{"😀\ufe0f", false}, /* has one style only */
	{"❤\ufe0f\ufe0f", false},
	{"❤\ufe0e\ufe0f", false},
	{"👍\U0001f3fd\ufe0f", false},
	{"1\ufe0f", false},
	{"1\ufe0fa", false},
	{"❤\ufe00", false},
	{"0\ufe00", false},
	{"中\ufe00", false},
	{"葛\U000e0100", false},
	{"a\U000e0100", false},
	{"\U000e01ef", false},
	{"\u1820\u180b", false},
	{"\u1820\u180e\u1820", false},

	/* Keycaps. */
	{"1\ufe0f\u20e3 #\ufe0f\u20e3 *\ufe0f\u20e3 9\ufe0f\u20e3", true},
	{"1\ufe0e\u20e3", true},
	{"1\u20e3", true},
	{"a\ufe0f\u20e3", false},

	/* Flags. */
	{"🇪🇺", true},
	{"🇪", true},
	{ENGLAND ".png", true},
	{"\U0001f3f4" TAGS("\xa7", "\xa2", "\xb3", "\xa3", "\xb4") LAST_TAG, true},
	{"\U0001f3f4" TAGS("\xa7", "\xa2", "\xb7", "\xac", "\xb3") LAST_TAG, true},
	{"\U0001f3f4" TAGS("\xb5", "\xb3", "\xb4", "\xb8", "\xa1") LAST_TAG, false},
	{"\U0001f3f4" TAGS("\xa7", "\xa2", "\xa5", "\xae", "\xa7"), false},
	{"\U0001f3f4" TAGS("\xa7", "\xa2", "\xa5", "\xae", "\xa7") "a" LAST_TAG, false},
	{"\U0001f3f4" LAST_TAG, false},
	{ENGLAND LAST_TAG, false},
	{"\U0001f3f3" TAGS("\xa7", "\xa2", "\xa5", "\xae", "\xa7") LAST_TAG, false},
	{"a" TAGS("\xa7", "\xa2", "\xa5", "\xae", "\xa7") LAST_TAG, false},
	{"a" LAST_TAG, false},

	/* Marks: on something, and not on each other without end. */
	{"\u0301", false},
	{"\u0301a", false},
	{"d/\u0301a", false},
	{"\u0903a", false}, /* one that takes a column */
	{"\u20dda", false},
	{" \u0301", true},
	{"a\u0301/\u4e2d\u0301", true},
	{"ဟွှုံ့း", true},
	{"\u0f67\u0f90\u0fb5\u0fa8\u0fb3\u0fba\u0fbc\u0fbb\u0f82", true},
	{"a\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308", true},
	{"a\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309", false},
	{"ก\u0e47\u0e47\u0e47\u0e47\u0e47\u0e47\u0e47\u0e47\u0e47", false},
	{"م\u064e\u064e\u064e\u064e" NON_JOINER "\u064e\u064e\u064e\u064eن", true},
	{"م\u064e\u064e\u064e\u064e" NON_JOINER "\u064e\u064e\u064e\u064e\u064eن", false},

	{"क\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u094d" JOINER, true},
	{"क\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u094d" JOINER "\u0301", false},

	/* What shows nothing. */
	{"a\u034fb", false},
	{"a\u115fb", false},
	{"a\u1160b", false},
	{"\u3164", false},
	{"a\u3164", false},
	{"a\uffa0", false},
	{"a\u2800b", false},
	{"a\u17b4b", false},
	{"a\u17b5b", false},
	{"a\u180bb", false},
	{"a\u180cb", false},
	{"a\u180db", false},
	{"a\u180fb", false},
	{"a\ufffcb", false},
	{"a\U00013441b", false},
	{"a\U00013442b", false},
	{"a\U00016fe4b", false},
	{"a\U0001bc9db", false},
	{"a\U0001d159b", false},
	{"a\U0001bca0b", false},
	{"a\U0001d173b", false},
};

START_TEST(safe_places)
{
	const char *text = places[_i].text;

	ck_assert_msg(characters_ok(text, text + strlen(text)) == places[_i].ok, "%d: \"%s\"", _i,
		      text);
}
END_TEST

static size_t encode(int32_t character, char *bytes)
{
	const uint32_t c = (uint32_t)character;

	if (c < 0x80) {
		bytes[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		bytes[0] = (char)(0xc0 | c >> 6);
		bytes[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		bytes[0] = (char)(0xe0 | c >> 12);
		bytes[1] = (char)(0x80 | (c >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	bytes[0] = (char)(0xf0 | c >> 18);
	bytes[1] = (char)(0x80 | (c >> 12 & 0x3f));
	bytes[2] = (char)(0x80 | (c >> 6 & 0x3f));
	bytes[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* Where a character stands, with letters that neither combine nor join. */
enum place {
	FIRST,
	LAST,
	BETWEEN
};

/* The rule once more, from what libutf8proc says of the character. */
static bool expected(int32_t c, enum place place)
{
	static const int32_t blank[] = {0x2800,  0xfffc,  0x13441, 0x13442,
					0x16fe4, 0x1bc9d, 0x1d159};
	const utf8proc_property_t *property = utf8proc_get_property(c);
	const char *category = utf8proc_category_string(c);

	for (size_t i = 0; i < COUNT(blank); i++) {
		if (c == blank[i])
			return false;
	}
	if (c == ' ')
		return true;
	if (strcmp(category, "Zs") == 0)
		return place == BETWEEN;
	if (property->ignorable || !strchr("LMNPS", category[0]))
		return false;
	return category[0] != 'M' || place != FIRST;
}

START_TEST(every_character)
{
	size_t accepted = 0;

	for (int32_t c = 0; c < 0x110000; c++) {
		char name[6] = "a";
		const size_t n = encode(c, name + 1);
		bool first, last, between;

		name[n + 1] = 'b';
		first = characters_ok(name + 1, name + n + 2);
		last = characters_ok(name, name + n + 1);
		between = characters_ok(name, name + n + 2);
		check_often(first == expected(c, FIRST) && last == expected(c, LAST) &&
				    between == expected(c, BETWEEN),
			    "U+%04X: %d %d %d", (unsigned)c, first, last, between);
		accepted += between;
	}
	/* Of Unicode 15.0, and more of later ones. */
	ck_assert_uint_ge(accepted, 148000);
}
END_TEST

/*
 * Texts of characters that depend on each other, of every kind: when what is not safe has been
 * replaced, all of it is, at every length, and nothing more is replaced.
 */
START_TEST(replaced_once)
{
	static const char *const pieces[] = {
		"a",      "1",        "/",      " ",          "\u00a0", "é",
		"\u0301", "\u20e3",                                     /* combine with Latin */
		"ه",      "ا",        "ـ",      "क",          "\u094d", /* join, or have a virama */
		"۱",      "👨",        "❤",      "\U0001f3fd", "\ufe0f", ENGLAND, /* emoji */
		JOINER,   NON_JOINER, "\u202e", "\u034f",     "\xff",   "\U0001e94b"};
	const size_t depth = 4;
	size_t index[4];

	for (index[0] = 0; index[0] < COUNT(pieces); index[0]++)
		for (index[1] = 0; index[1] < COUNT(pieces); index[1]++)
			for (index[2] = 0; index[2] < COUNT(pieces); index[2]++)
				for (index[3] = 0; index[3] < COUNT(pieces); index[3]++) {
					char text[128] = "", safe[128], *to = safe;
					struct reading reading = {0};
					const char *at = text, *end;

					for (size_t i = 0; i < depth; i++)
						strcat(text, pieces[index[i]]);
					end = text + strlen(text);
					while (at < end)
						check_often(character_show(&at, end, &reading, &to,
									   safe + sizeof(safe),
									   '?'),
							    "\"%s\" has no room", text);
					check_often(characters_ok(safe, to),
						    "\"%s\" became \"%.*s\"", text,
						    (int)(to - safe), safe);
				}
}
END_TEST

/* What character_next() says of each character of a text, one after another. */
static const struct {
	const char *label, *text;
	size_t length;
	struct {
		size_t length;
		int32_t character, found;
	} characters[4];
} looks[] = {
	{"ASCII", BYTES("a/~"), {{1, 'a', 'a'}, {1, '/', '/'}, {1, '~', '~'}}},
	{"controls", BYTES("\037\177"), {{1, -1, 037}, {1, -1, 0x7f}}},
	{"each length",
	 BYTES("a\u00e9\u4e2d\U0001f600"),
	 {{1, 'a', 'a'}, {2, 0xe9, 0xe9}, {3, 0x4e2d, 0x4e2d}, {4, 0x1f600, 0x1f600}}},
	{"none: a byte alone", BYTES("\377a"), {{1, -1, -1}, {1, 'a', 'a'}}},
	{"cut short", "\342\202\254", 2, {{1, -1, -1}, {1, -1, -1}}},
	{"not safe: as long as it is", BYTES("\u202ea"), {{3, -1, 0x202e}, {1, 'a', 'a'}}},
	{"a joiner",
	 BYTES("\U0001f468" JOINER "\U0001f469"),
	 {{4, 0x1f468, 0x1f468}, {3, 0x200d, 0x200d}, {4, 0x1f469, 0x1f469}}},
	{"a joiner behind what is not safe",
	 BYTES("\u202e" JOINER),
	 {{3, -1, 0x202e}, {3, -1, 0x200d}}},
	{"a flag of tags", BYTES(ENGLAND "x"), {{28, 0x1f3f4, 0x1f3f4}, {1, 'x', 'x'}}},
	{"a flag, cut short", ENGLAND, 24, {{4, 0x1f3f4, 0x1f3f4}, {4, -1, 0xe0067}}},
};

START_TEST(next_character)
{
	const char *at = looks[_i].text, *end = at + looks[_i].length;
	struct reading reading = {0};

	for (size_t i = 0; at < end && i < COUNT(looks[_i].characters); i++) {
		struct reading here = reading;
		size_t length = looks[_i].characters[i].length;

		if (length == 0)
			return;
		ck_assert_msg(character_skip(at, end, &here) == at + length,
			      "%s: character %zu skipped", looks[_i].label, i);
		ck_assert_uint_eq(character_next(at, end, &reading), length);
		at += length;
		ck_assert_msg(reading.character == looks[_i].characters[i].character &&
				      reading.found == looks[_i].characters[i].found,
			      "%s: character %zu: %d, %d", looks[_i].label, i,
			      (int)reading.character, (int)reading.found);
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
	struct reading reading = {0};

	ck_assert(character_show(&at, end, &reading, &to, shown + 1, '_'));
	ck_assert(!character_show(&at, end, &reading, &to, shown + 3, '_'));
	ck_assert(at == text + 1 && to == shown + 1);
	ck_assert(character_show(&at, end, &reading, &to, shown + 4, '_'));
	ck_assert(!character_show(&at, end, &reading, &to, shown + 4, '_'));
	ck_assert(character_show(&at, end, &reading, &to, shown + 5, '_'));
	ck_assert(at == end && to == shown + 5);
	ck_assert_str_eq(shown, "a\u4e2d_XX");
}
END_TEST

/* Texts whose last character depends on the next one, which is not there yet. */
static const struct {
	const char *label, *text;
	bool safe; /* where the text goes on */
	bool ends; /* and where it ends there */
} going_on[] = {
	{"a joiner behind a letter that joins", "\u0628\u200d", true, true},
	{"a non-joiner behind one", "\u0628\u200c", true, false},
	{"a non-joiner behind a letter that does not", "\u0627\u200c", true, false},
	{"a joiner behind one", "\u0627\u200d", true, false},
	{"a joiner behind a letter that a virama may follow", "\u0915\u200d", true, false},
	{"a joiner behind a pictograph", "\U0001F468\u200d", true, false},
	{"a non-joiner behind a Latin letter", "a\u200c", false, false},
	{"a joiner behind a Latin letter", "a\u200d", false, false},
	{"a joiner behind nothing", "\u200d", false, false},
	{"a selector behind a digit", "1\ufe0f", true, false},
	{"a selector behind a letter", "a\ufe0f", false, false},
	{"a wide space behind a letter", "a\u2002", true, false},
	{"a wide space behind nothing", "\u2002", true, false},
};

START_TEST(text_that_goes_on)
{
	const char *text = going_on[_i].text, *end = text + strlen(text);

	for (int goes_on = 0; goes_on < 2; goes_on++) {
		struct reading reading = {.goes_on = goes_on};

		for (const char *at = text; at < end;)
			at = character_skip(at, end, &reading);
		ck_assert_msg((reading.character >= 0) ==
				      (goes_on ? going_on[_i].safe : going_on[_i].ends),
			      "%s, %d: %d", going_on[_i].label, goes_on, (int)reading.character);
	}
}
END_TEST

Suite *character_suite(void)
{
	Suite *suite = suite_create("character");
	TCase *safe = add_case(suite, "safe"), *next = add_case(suite, "next");

	add_table_test(safe, safe_characters, texts);
	add_table_test(safe, safe_places, places);
	tcase_add_test(safe, every_character);
	tcase_add_test(safe, replaced_once);
	add_table_test(next, next_character, looks);
	tcase_add_test(next, character_that_is_shown);
	add_table_test(next, text_that_goes_on, going_on);
	return suite;
}
