#ifndef CORE_BOILERPLATE_H
#define CORE_BOILERPLATE_H

#include "score.h"

/**
 * Which sentences are lines of the page rather than sentences of the article: headings, bylines,
 * photo credits, "read also", a button's words, list markers, names and results in a row, the mail
 * that is answered? Judged by core/data/boilerplate.txt and by shape. `line` has room for a flag
 * for each sentence. O(text.len).
 */
void boilerplate_find(const struct score_input *input, bool *line);

#endif
