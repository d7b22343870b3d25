/* Lines: the trusted proxies, Forwarded, X-Forwarded-For, the peer's address. */
#include "fuzz.h"

#include "server/client.h"

#include <arpa/inet.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { MAX_NETS = 8 };
	struct input input = {data, size};
	char *list = new_string(input_line(&input)), *forwarded = new_string(input_line(&input));
	char *for_list = new_string(input_line(&input)), *peer = new_string(input_line(&input));
	struct address_net nets[MAX_NETS];
	struct sockaddr_storage from, named;
	size_t fault;
	int count = address_nets_parse(list, nets, MAX_NETS, &fault);
	if (count >= 0 && address_parse(peer, 1, &from) > 0) {
		char name[CLIENT_NAME_MAX + 1], direct[CLIENT_NAME_MAX + 1];
		const struct sockaddr *at = (const struct sockaddr *)&from;
		client_name(at, nets, 0, forwarded, for_list, direct);
		client_name(at, nets, (size_t)count, *forwarded == '\0' ? NULL : forwarded,
			    for_list, name);
		HOLDS(address_parse(name, 1, &named) > 0); /* always an address, and nothing else */
		HOLDS(address_in_nets(nets, (size_t)count, at) || strcmp(name, direct) == 0);
	}
	free(peer);
	free(for_list);
	free(forwarded);
	free(list);
	return 0;
}
