/* The first line is a tag, the rest is a text. */
#include "fuzz.h"

#include "core/language.h"
#include "core/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct span tag = input_line(&input), text = input_rest(&input);
	const struct language *language = language_from_tag(tag);
	HOLDS(language == NULL || language_at(language->index) == language);
	text.len = utf8_check(text);
	const struct language *found = language_detect(text);
	HOLDS(found != NULL && found == language_detect(text));
	language_word(found, text);
	if (language != NULL)
		language_word(language, text);
	return 0;
}
