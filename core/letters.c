#include "letters.h"

#include <utf8proc.h>

static int category_of(uint32_t codepoint)
{
	return utf8proc_get_property((utf8proc_int32_t)codepoint)->category;
}

bool letters_is_mark(uint32_t codepoint)
{
	if (codepoint < 0x300 || letters_is_plain_unspaced(codepoint))
		return false;
	int category = category_of(codepoint);
	return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}

bool letters_make_word(uint32_t codepoint)
{
	int category = category_of(codepoint);
	return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
	       (category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_NO);
}

void letters_put_folded(struct form *form, uint32_t codepoint)
{
	utf8proc_int32_t folded[4];
	if (utf8proc_get_property((utf8proc_int32_t)codepoint)->casefold_seqindex == UINT16_MAX) {
		letters_put(form, codepoint);
		return;
	}
	utf8proc_ssize_t count = utf8proc_decompose_char((utf8proc_int32_t)codepoint, folded, 4,
							 UTF8PROC_CASEFOLD, NULL);
	for (utf8proc_ssize_t i = 0; i < count && i < 4; i++)
		letters_put(form, (uint32_t)folded[i]);
}

void letters_compose(struct form *form)
{
	utf8proc_int32_t codepoint[FORM_MAX_BYTES];
	utf8proc_ssize_t count = 0;
	struct span bytes = {form->bytes, form->len};
	for (size_t at = 0; at < bytes.len; count++)
		at += utf8_decode(bytes, at, (uint32_t *)&codepoint[count]);
	count = utf8proc_normalize_utf32(codepoint, count, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	form->len = 0;
	for (utf8proc_ssize_t i = 0; i < count; i++)
		letters_put(form, (uint32_t)codepoint[i]);
}
