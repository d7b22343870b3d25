/* Lines: the trusted proxies, Forwarded, X-Forwarded-For, the peer's address, and continuations
 * of the two headers on lines of their own. */
#include "fuzz.h"

#include "server/client.h"

#include <arpa/inet.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { MAX_NETS = 8 };
	struct input input = {data, size};
	char *list = new_string(input_line(&input)), *forwarded = new_string(input_line(&input));
	char *for_list = new_string(input_line(&input)), *peer = new_string(input_line(&input));
	char *more = new_string(input_line(&input));
	struct client_list lists[2] = {{.len = 0}}, none = {.len = 0};
	struct address_net nets[MAX_NETS];
	struct sockaddr_storage from, named;
	size_t fault;
	int count = address_nets_parse(list, nets, MAX_NETS, &fault);
	if (*forwarded != '\0')
		client_list_add(&lists[0], forwarded);
	client_list_add(&lists[1], for_list);
	if (*more != '\0')
		client_list_add(&lists[*more & 1], more);
	if (count >= 0 && address_parse(peer, 1, &from) > 0) {
		char name[CLIENT_NAME_MAX + 1], direct[CLIENT_NAME_MAX + 1];
		const struct sockaddr *at = (const struct sockaddr *)&from;
		client_name(at, nets, (size_t)count, &none, &none, direct);
		client_name(at, nets, (size_t)count, &lists[0], &lists[1], name);
		HOLDS(address_parse(name, 1, &named) > 0); /* always an address, and nothing else */
		HOLDS(address_in_nets(nets, (size_t)count, at) || strcmp(name, direct) == 0);
		client_name(at, nets, 0, &lists[0], &lists[1], name);
		HOLDS(strcmp(name, direct) == 0);
	}
	free(more);
	free(peer);
	free(for_list);
	free(forwarded);
	free(list);
	return 0;
}
