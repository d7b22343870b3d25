#include "marks.h"

#include "utf8.h"

static bool is_closing(uint32_t c)
{
	return c <= ' ' || c == '\'' || c == ')' || c == ']' || c == '}' || c == '*' || c == 0xA0 ||
	       marks_is_quote(c) || c == 0x2019 || c == 0x203A || c == 0x202F || c == 0x3000 ||
	       c == 0x3009 || c == 0x300B || c == 0x3011 || c == 0xFF09;
}

char marks_final(struct span sentence)
{
	size_t end = sentence.len;
	if (end > 0 && sentence.at[end - 1] == '.') /* most sentences */
		return '.';
	while (end > 0) {
		size_t at = end - 1;
		while (at > 0 && ((unsigned char)sentence.at[at] & 0xC0) == 0x80)
			at--;
		uint32_t c;
		utf8_decode(sentence, at, &c);
		switch (c) {
		case '.':
		case 0x2026: /* ellipsis */
		case 0x3002: /* ideographic */
		case 0xFF0E:
		case 0xFF61:
		case 0x0964: /* danda */
		case 0x0965:
		case 0x06D4: /* Urdu */
		case 0x0589: /* Armenian */
		case 0x1362: /* Ethiopic */
		case 0x104B: /* Myanmar */
		case 0x17D4: /* Khmer */
			return '.';
		case '?':
		case 0xFF1F:
		case 0x061F: /* Arabic */
		case 0x037E: /* Greek */
			return '?';
		case '!':
		case 0xFF01:
			return '!';
		case ':':
		case 0xFF1A:
			return ':';
		}
		if (!is_closing(c))
			return 0;
		end = at;
	}
	return 0;
}

bool marks_quote(struct span sentence)
{
	for (size_t at = 0; at < sentence.len;) {
		uint32_t c;
		at += utf8_decode(sentence, at, &c);
		if (marks_is_quote(c))
			return true;
	}
	return false;
}
