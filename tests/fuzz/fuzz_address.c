/* The first line is a list of networks, the rest a literal address. */
#include "fuzz.h"

#include "server/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { MAX_NETS = 8 };
	struct input input = {data, size};
	char *list = new_string(input_line(&input)), *literal = new_string(input_rest(&input));
	struct address_net nets[MAX_NETS];
	struct sockaddr_storage address;
	size_t fault = 0;
	int count = address_nets_parse(list, nets, MAX_NETS, &fault);
	HOLDS(count <= MAX_NETS && (count >= 0 || fault <= strlen(list)));
	for (int i = 0; i < count; i++)
		HOLDS(nets[i].bits > 0 && nets[i].bits <= 128);
	if (address_parse(literal, 443, &address) > 0) {
		const struct sockaddr *dialled = (const struct sockaddr *)&address;
		const struct address_policy strict = {0};
		const struct address_policy open = {.allow = nets,
						    .allow_len = count < 0 ? 0 : (size_t)count};
		enum address_verdict verdict = address_judge(&strict, dialled);
		HOLDS(verdict != ADDRESS_ALLOWED && verdict != ADDRESS_UNKNOWN);
		if (address_judge(&open, dialled) != verdict)
			HOLDS(address_in_nets(open.allow, open.allow_len, dialled));
	}
	free(literal);
	free(list);
	return 0;
}
