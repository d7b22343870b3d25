#ifndef CORE_BOILERPLATE_H
#define CORE_BOILERPLATE_H

#include "score.h"

/**
 * Is sentence `i` a line of the page rather than a sentence of the article: a heading, a byline, a
 * photo credit, "read also", a button's words, a list marker? Judged by core/data/boilerplate.txt
 * and by shape. O(its length).
 */
bool boilerplate_is(const struct score_input *input, size_t i);

#endif
