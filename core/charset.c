#include "charset.h"

#include "utf8.h"

/* First version: UTF-8 only; what is not becomes U+FFFD. */
struct span charset_to_utf8(struct arena *arena, struct span bytes, struct span declared,
			    const char **name)
{
	(void)declared;
	if (name != NULL)
		*name = "UTF-8";
	if (bytes.len >= 3 && memcmp(bytes.at, "\xEF\xBB\xBF", 3) == 0)
		bytes = span_slice(bytes, 3, bytes.len);
	if (utf8_check(bytes) == bytes.len)
		return bytes;
	char *out = arena_alloc(arena, bytes.len, 3);
	size_t n = 0;
	while (out != NULL && bytes.len > 0) {
		size_t good = utf8_check(bytes);
		memcpy(out + n, bytes.at, good);
		n += good;
		bytes = span_slice(bytes, good, bytes.len);
		if (bytes.len == 0)
			break;
		memcpy(out + n, "\xEF\xBF\xBD", 3);
		n += 3;
		bytes = span_slice(bytes, 1, bytes.len);
	}
	return (struct span){out, n};
}
