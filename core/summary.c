#include "summary.h"

#include "glyph.h"

/* One look if the first character is visible, as it nearly always is. */
static bool shows_nothing(struct span text)
{
	struct glyph glyph;
	for (size_t at = 0; (glyph = glyph_at(text, at)).kind != GLYPH_END; at += glyph.len)
		if (glyph_is_visible(glyph))
			return false;
	return true;
}

/* A line that is known to be a list's item is no heading, although it has neither a marker nor a
 * stop. */
static void mark_items(const struct summary_input *input, struct sentences *sentences)
{
	size_t item = 0;
	for (size_t i = 0; i < sentences->len && item < input->item_count; i++) {
		struct sentence *sentence = &sentences->at[i];
		while (item < input->item_count &&
		       input->items[item].end_byte <= sentence->start_byte)
			item++;
		if (item < input->item_count && sentence->kind == SENTENCE_HEADING &&
		    input->items[item].start_byte <= sentence->start_byte)
			sentence->kind = SENTENCE_LIST_ITEM;
	}
}

enum summary_status summary_make(struct arena *arena, const struct summary_input *input,
				 const struct summary_options *options, struct summary *out)
{
	*out = (struct summary){.language = input->language};
	if (out->language == NULL)
		out->language = language_detect(input->text);
	if (shows_nothing(input->text))
		return SUMMARY_EMPTY;

	segment_text(arena, input->text, out->language, &out->sentences);
	if (out->sentences.len == 0)
		return arena->failed ? SUMMARY_NO_MEMORY : SUMMARY_EMPTY;
	mark_items(input, &out->sentences);
	tokenize_sentences(arena, input->stems, input->text, &out->sentences, out->language,
			   &out->terms);
	struct score_input parts = {.text = input->text,
				    .title = shows_nothing(input->title) ? (struct span){0}
									 : input->title,
				    .query = input->query,
				    .stems = input->stems,
				    .language = out->language,
				    .sentences = &out->sentences,
				    .terms = &out->terms,
				    .asked = select_asked(&options->select, &out->sentences)};
	if (!arena->failed)
		score_sentences(arena, &parts, &out->scores);
	if (!arena->failed)
		select_sentences(arena, &parts, &out->scores, &options->select, &out->selection);
	if (!arena->failed && options->max_keywords > 0)
		keywords_find(arena, &parts, &out->scores, options->max_keywords, &out->keywords);
	return arena->failed ? SUMMARY_NO_MEMORY : SUMMARY_OK;
}
