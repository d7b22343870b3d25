#include "charset.h"

#include "utf8.h"

#include <lexbor/encoding/encoding.h>
#include <lexbor/encoding/multi.h>
#include <lexbor/html/encoding.h>
#include <uchardet/uchardet.h>

/* How far browsers look for <meta>, and how much of a page is enough to tell its encoding. */
#define META_BYTES 1024
#define DETECT_BYTES ((size_t)256 * 1024)
/* One broken character in so many may be an editor's slip; if there are more, the declared name is
 * wrong. */
#define SLIPS 50
#define REPLACEMENT 0xFFFD
/* Pointers into the index of JIS X 0208 as Shift_JIS has it: how many there are, and which of them
 * are for private use. */
#define SHIFT_JIS_COUNT 11104
#define SHIFT_JIS_PRIVATE 8836
#define SHIFT_JIS_PRIVATE_END 10715

typedef const lxb_encoding_data_t encoding;

/* NULL also for labels such as iso-2022-kr, which WHATWG decodes to one U+FFFD whatever the
 * bytes. */
static encoding *by_label(const char *label, size_t len)
{
	encoding *found = lxb_encoding_data_by_pre_name((const lxb_char_t *)label, len);
	return found == NULL || found->encoding == LXB_ENCODING_REPLACEMENT ? NULL : found;
}

static encoding *utf_8(void)
{
	return by_label("utf-8", 5);
}

static encoding *from_bom(struct span *bytes)
{
	static const struct {
		struct span mark;
		const char *label;
	} marks[] = {{{"\xEF\xBB\xBF", 3}, "utf-8"},
		     {{"\xFE\xFF", 2}, "utf-16be"},
		     {{"\xFF\xFE", 2}, "utf-16le"}};
	for (size_t i = 0; i < COUNT(marks); i++) {
		if (span_begins(*bytes, marks[i].mark)) {
			*bytes = span_slice(*bytes, marks[i].mark.len, bytes->len);
			return by_label(marks[i].label, strlen(marks[i].label));
		}
	}
	return NULL;
}

static encoding *from_meta(struct span bytes)
{
	size_t looked_at = bytes.len < META_BYTES ? bytes.len : META_BYTES;
	const lxb_char_t *at = (const lxb_char_t *)bytes.at;
	lxb_html_encoding_t found;
	encoding *result = NULL;
	if (lxb_html_encoding_init(&found) == LXB_STATUS_OK &&
	    lxb_html_encoding_determine(&found, at, at + looked_at) == LXB_STATUS_OK &&
	    lxb_html_encoding_meta_length(&found) > 0) {
		lxb_html_encoding_entry_t *entry = lxb_html_encoding_meta_entry(&found, 0);
		result = by_label((const char *)entry->name, (size_t)(entry->end - entry->name));
	}
	lxb_html_encoding_destroy(&found, false);
	/* A page whose <meta> could be read as ASCII is not in UTF-16 (WHATWG, prescan). */
	if (result != NULL && (result->encoding == LXB_ENCODING_UTF_16LE ||
			       result->encoding == LXB_ENCODING_UTF_16BE))
		return utf_8();
	return result;
}

/* UTF-16 without a byte order mark: English letters have a NUL in every other byte. */
static encoding *from_nuls(struct span bytes)
{
	size_t looked_at = bytes.len < META_BYTES ? bytes.len : META_BYTES, nuls[2] = {0, 0};
	for (size_t i = 0; i < looked_at; i++)
		nuls[i & 1] += bytes.at[i] == '\0';
	if (nuls[1] > looked_at / 5 && nuls[0] <= looked_at / 50)
		return by_label("utf-16le", 8);
	if (nuls[0] > looked_at / 5 && nuls[1] <= looked_at / 50)
		return by_label("utf-16be", 8);
	return NULL;
}

/* Names that uchardet spells differently from WHATWG. */
static encoding *by_detected_name(const char *name)
{
	static const struct {
		const char *name, *label;
	} others[] = {
		{"UHC", "euc-kr"}, {"MAC-CYRILLIC", "x-mac-cyrillic"}, {"ASCII", "windows-1252"}};
	for (size_t i = 0; i < COUNT(others); i++)
		if (strcmp(name, others[i].name) == 0)
			name = others[i].label;
	return by_label(name, strlen(name));
}

/* Detection over the text: tags are ASCII whatever the encoding and only dilute the evidence. */
static encoding *detect(struct span bytes)
{
	uchardet_t detector = uchardet_new();
	size_t limit = bytes.len < DETECT_BYTES ? bytes.len : DETECT_BYTES, at = 0;
	while (detector != NULL && at < limit) {
		const char *tag = memchr(bytes.at + at, '<', limit - at);
		size_t end = tag == NULL ? limit : (size_t)(tag - bytes.at);
		if (end > at && uchardet_handle_data(detector, bytes.at + at, end - at) != 0)
			break;
		const char *close = tag == NULL ? NULL : memchr(tag, '>', limit - end);
		at = close == NULL ? limit : (size_t)(close - bytes.at) + 1;
	}
	encoding *found = NULL;
	if (detector != NULL) {
		uchardet_data_end(detector);
		found = by_detected_name(uchardet_get_charset(detector));
		uchardet_delete(detector);
	}
	return found != NULL ? found : by_label("windows-1252", 12);
}

/* How well the bytes fit UTF-8: multi-byte characters, and faults. */
static void judge_utf8(struct span bytes, size_t *good, size_t *bad)
{
	*good = *bad = 0;
	while (bytes.len > 0) {
		size_t valid = utf8_check(bytes);
		for (size_t i = 0; i < valid; i++)
			*good += ((unsigned char)bytes.at[i] & 0xC0) == 0xC0;
		if (valid == bytes.len)
			return;
		++*bad;
		bytes = span_slice(bytes, valid + 1, bytes.len);
	}
}

/* UTF-8 with each fault replaced by U+FFFD, roughly one for each maximal subpart. */
static struct span mend_utf8(struct arena *arena, struct span bytes)
{
	size_t n = 0;
	char *out = arena_alloc(arena, bytes.len, 3);
	while (out != NULL && bytes.len > 0) {
		size_t valid = utf8_check(bytes);
		memcpy(out + n, bytes.at, valid);
		n += valid;
		if (valid == bytes.len)
			break;
		memcpy(out + n, "\xEF\xBF\xBD", 3);
		n += 3;
		size_t next = valid + 1;
		while (next < bytes.len && ((unsigned char)bytes.at[next] & 0xC0) == 0x80)
			next++;
		bytes = span_slice(bytes, next, bytes.len);
	}
	return (struct span){out, n};
}

/* The character at `*at`, which moves past it. */
static uint32_t next_of_shift_jis(const unsigned char **at, const unsigned char *end)
{
	unsigned lead = *(*at)++;
	if (lead <= 0x80)
		return lead;
	if (lead >= 0xA1 && lead <= 0xDF)
		return 0xFF61 - 0xA1 + lead;
	if (lead == 0xA0 || lead > 0xFC || *at == end)
		return REPLACEMENT;
	unsigned trail = **at, first = trail < 0x7F ? 0x40 : 0x41;
	uint32_t c = 0, pointer = (lead - (lead < 0xA0 ? 0x81 : 0xC1)) * 188 + trail - first;
	bool is_trail = trail >= 0x40 && trail != 0x7F && trail <= 0xFC;
	if (is_trail && pointer >= SHIFT_JIS_PRIVATE && pointer <= SHIFT_JIS_PRIVATE_END)
		c = 0xE000 - SHIFT_JIS_PRIVATE + pointer;
	else if (is_trail && pointer < SHIFT_JIS_COUNT)
		c = lxb_encoding_multi_jis0208_map[pointer];
	bool good = c != 0 && c <= 0x10FFFF;
	*at += good || trail > 0x7F; /* a broken lead byte swallows no ASCII */
	return good ? c : REPLACEMENT;
}

/* Decode as WHATWG says: lexbor's own decoder (3.0.1) takes every lead byte from 0xE1 to 0xFB, the
 * rarer half of the kanji, for a fault. */
static struct span decode_shift_jis(struct arena *arena, struct span bytes, size_t *faults)
{
	const unsigned char *at = (const unsigned char *)bytes.at, *end = at + bytes.len;
	size_t n = 0;
	char *out = arena_alloc(arena, bytes.len, 3);
	*faults = 0;
	while (out != NULL && at < end) {
		uint32_t c = next_of_shift_jis(&at, end);
		*faults += c == REPLACEMENT;
		n += utf8_encode(c, out + n);
	}
	return (struct span){out, n};
}

/* Decode by lexbor; `*faults` counts what became U+FFFD. */
static struct span decode(struct arena *arena, encoding *from, struct span bytes, size_t *faults)
{
	if (from->encoding == LXB_ENCODING_SHIFT_JIS)
		return decode_shift_jis(arena, bytes, faults);
	lxb_codepoint_t buffer[1024], replacement = REPLACEMENT;
	lxb_encoding_decode_t decoder;
	const lxb_char_t *at = (const lxb_char_t *)bytes.at, *end = at + bytes.len;
	size_t n = 0;
	*faults = 0;
	/* A byte of a legacy encoding is at most one character of three bytes, and a pair of them
	 * at most one of four: three bytes of UTF-8 for each are enough. */
	char *out = arena_alloc(arena, bytes.len + 2, 3);
	if (out == NULL)
		return (struct span){0};
	lxb_encoding_decode_init(&decoder, from, buffer, COUNT(buffer));
	lxb_encoding_decode_replace_set(&decoder, &replacement, 1);
	bool finished = false;
	while (!finished) {
		lxb_status_t status = from->decode(&decoder, &at, end);
		if (status != LXB_STATUS_SMALL_BUFFER) {
			lxb_encoding_decode_finish(&decoder);
			finished = true;
		}
		for (size_t i = 0; i < lxb_encoding_decode_buf_used(&decoder); i++) {
			uint32_t c = buffer[i];
			bool scalar = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
			*faults += c == REPLACEMENT || !scalar;
			n += utf8_encode(scalar ? c : REPLACEMENT, out + n);
		}
		lxb_encoding_decode_buf_used_set(&decoder, 0);
	}
	return (struct span){out, n};
}

static bool has_escape(struct span bytes)
{
	return bytes.len > 0 && memchr(bytes.at, '\x1B', bytes.len) != NULL;
}

/* What the page or its server says, unless the bytes contradict it. */
static encoding *choose(struct arena *arena, struct span bytes, struct span declared)
{
	size_t good, bad;
	judge_utf8(bytes, &good, &bad);
	encoding *wide = from_nuls(bytes);
	if (wide != NULL)
		return wide;
	/* Long runs of valid UTF-8 do not happen by chance, whatever the label says; bytes without
	 * any may be in ISO-2022-JP, which is ASCII with escapes. */
	if (bad == 0 && (good > 0 || (declared.len == 0 && !has_escape(bytes))))
		return utf_8();
	encoding *said = from_meta(bytes);
	if (declared.len > 0 && by_label(declared.at, declared.len) != NULL)
		said = by_label(declared.at, declared.len);
	if (said == NULL)
		return good > bad * 4 ? utf_8() : detect(bytes);
	/* Text in a legacy encoding has at most two thirds as many characters of UTF-8, by chance,
	 * as faults. */
	if (said == utf_8())
		return bad > good ? detect(bytes) : said;
	struct arena_mark mark = arena_mark(arena);
	size_t faults;
	struct span text = decode(arena, said, bytes, &faults);
	size_t characters = utf8_length(text, OFFSET_CODEPOINT);
	arena_rewind(arena, mark);
	return faults * SLIPS > characters ? detect(bytes) : said;
}

struct span charset_to_utf8(struct arena *arena, struct span bytes, struct span declared,
			    const char **name)
{
	encoding *from = from_bom(&bytes);
	if (from == NULL)
		from = choose(arena, bytes, declared);
	if (name != NULL)
		*name = (const char *)from->name;
	size_t faults;
	if (from->encoding != LXB_ENCODING_UTF_8)
		return decode(arena, from, bytes, &faults);
	return utf8_check(bytes) == bytes.len ? bytes : mend_utf8(arena, bytes);
}
