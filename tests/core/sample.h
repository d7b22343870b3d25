#ifndef TESTS_CORE_SAMPLE_H
#define TESTS_CORE_SAMPLE_H

/* An article as it comes off a page, with lines of the page around it. */
static const char sample_article[] =
	"Harbour town votes to rebuild its wooden lighthouse\n\n"
	"No time to read?\nGet a summary\n\n"
	"Photo: Jane Doe/AFP\n\n"
	"The harbour town of Vellmar voted on Sunday to rebuild the wooden lighthouse that burned "
	"down in "
	"January, after a campaign that raised four million crowns from fishermen and former "
	"residents. "
	"The new lighthouse will stand on the foundations of the old one and will be built of "
	"larch and oak. "
	"It will cost nine million crowns in all.\n\n"
	"\"We could not imagine the harbour without its light,\" said Mayor Inga Holt, who had led "
	"the "
	"campaign since February. She thanked the fishermen, who gave a tenth of their spring "
	"catch. "
	"However, a third of the voters preferred a steel tower.\n\n"
	"Read also: Ten harbours worth a visit\n\n"
	"Engineers will begin work on the foundations in May. The lighthouse was built in 1887 and "
	"guided "
	"ships through the narrow strait for more than a century. Is wood still safe today? The "
	"fire "
	"service says that modern sprinklers make a wooden lighthouse as safe as a steel tower. "
	"The engineers will begin work on the foundations in May.\n\n"
	"Previous Article\nNext Article\n";

#endif
