#include "score.h"

void score_sentences(struct arena *arena, const struct score_input *input, struct scores *out)
{
	const struct terms *terms = input->terms;
	size_t n = input->sentences->len;
	*out = (struct scores){.at = arena_zalloc(arena, n, sizeof *out->at)};
	if (out->at == NULL)
		return;
	/* Share of the text's repeated content that the sentence carries, and how early it stands.
	 */
	float best = 0;
	for (size_t i = 0; i < n; i++) {
		float sum = 0;
		uint32_t len = terms->first[i + 1] - terms->first[i];
		for (uint32_t k = terms->first[i]; k < terms->first[i + 1]; k++) {
			const struct term *term = &terms->distinct[terms->token[k].term];
			if (!(term->flags & TERM_STOP))
				sum += (float)(term->sentence_count - 1);
		}
		out->at[i] = sum / (float)(len + 8) + 3.0f / (float)(i + 2);
		if (out->at[i] > best)
			best = out->at[i];
	}
	for (size_t i = 0; i < n; i++)
		out->at[i] = best > 0 ? out->at[i] / best : 0;
	out->len = n;
}
