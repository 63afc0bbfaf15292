/* SPDX-License-Identifier: MIT */
/*
 * format: one text of the configuration, as each of its forms. A duration that
 * is read is the same after it was printed; an address is numeric.
 */
#include "daemon/settings_format.h"

#include <arpa/inet.h>
#include <string.h>

#include "daemon/settings_when.h"
#include "tests/fuzz/fuzz.h"

static void
check_duration(const char *text)
{
	char printed[WHEN_DURATION_SIZE];
	int64_t ms, again;

	if (!when_duration_parse(text, &ms))
		return;
	CHECK(ms >= 0);
	when_duration_print(ms, printed);
	CHECK(when_duration_parse(printed, &again) && again == ms);
}

static void
check_listen(const char *text)
{
	char host[SETTING_HOST_SIZE], bytes[16];
	int port;

	if (!settings_listen_parse(text, host, &port))
		return;
	CHECK(port >= 0 && port <= 65535);
	CHECK(inet_pton(strchr(host, ':') != NULL ? AF_INET6 : AF_INET, host,
	    bytes) == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	const char *text = fuzz_rest_text(&input);

	for (int i = FORMAT_ANY; i <= FORMAT_CARD; i++) {
		char why[SETTING_WHY_SIZE] = "";

		if (!settings_format_check((enum setting_format)i, text, why))
			CHECK(why[0] != '\0');
	}
	check_duration(text);
	check_listen(text);
	fuzz_end(&input);
	return 0;
}
