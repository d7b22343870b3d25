#ifndef TESTS_EXTRACT_CHECK_H
#define TESTS_EXTRACT_CHECK_H

#include "core/extract.h"
#include "core/utf8.h"

#include <stddef.h>

/* What must hold of every article, whatever the page: NULL, or what does not. */
static inline const char *extract_fault(struct span html, const struct article *article)
{
	if (utf8_check(article->text) != article->text.len)
		return "the text is UTF-8";
	for (size_t i = 0; i < article->run_count; i++) {
		const struct extract_run *run = &article->runs[i];
		if (run->text_len == 0 || run->html_len == 0)
			return "runs are not empty";
		if ((size_t)run->text_byte + run->text_len > article->text.len ||
		    (size_t)run->html_byte + run->html_len > html.len)
			return "runs are inside text and page";
		if (i > 0 && run[-1].text_byte + run[-1].text_len > run->text_byte)
			return "runs rise and do not overlap";
		if (run->text_len == run->html_len && html.at[run->html_byte] != '&' &&
		    memcmp(html.at + run->html_byte, article->text.at + run->text_byte,
			   run->text_len) != 0)
			return "runs without references are verbatim";
	}
	return NULL;
}

#endif
