/* SPDX-License-Identifier: MIT */
/* velocity: one row for each limit there is. */
#include "lib/velocity.h"

#include <stdio.h>
#include <string.h>

#include "lib/check.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

enum { BLOCK_DIGITS = 4 };      /* numbers side by side: ten thousand */

static const struct {
	const char *name;
	int64_t within_ms;
} limits[LIMIT_COUNT] = {
	[LIMIT_NUMBER_DAY] = { "number_day", DAY_MS },
	[LIMIT_PREFIX_HOUR] = { "prefix_hour", HOUR_MS },
	[LIMIT_ADDRESS_HOUR] = { "address_hour", HOUR_MS },
	[LIMIT_ADDRESS_DAY] = { "address_day", DAY_MS },
	[LIMIT_COUNTRY_ADDRESS_DAY] = { "country_address_day", DAY_MS },
	[LIMIT_COUNTRY_HOUR] = { "country_hour", HOUR_MS },
	[LIMIT_SITE_HOUR] = { "site_hour", HOUR_MS },
};

/* What it counts by. False: that is not known of them. */
static bool
name_of(enum velocity velocity, const struct velocity_asker *asker,
    const char *network, char *ret_of, size_t size)
{
	int length = (int)strlen(asker->phone) - BLOCK_DIGITS;

	switch (velocity) {
	case LIMIT_NUMBER_DAY:
		snprintf(ret_of, size, "%s", asker->phone);
		return !asker->is_their_phone;
	case LIMIT_PREFIX_HOUR:
		snprintf(ret_of, size, "%.*s", length, asker->phone);
		return length > 1;
	case LIMIT_ADDRESS_HOUR:
	case LIMIT_ADDRESS_DAY:
		snprintf(ret_of, size, "%s", network);
		return network[0] != '\0';
	case LIMIT_COUNTRY_ADDRESS_DAY:
		snprintf(ret_of, size, "%s:%s", asker->region, network);
		return network[0] != '\0' && asker->region[0] != '\0';
	case LIMIT_COUNTRY_HOUR:
		snprintf(ret_of, size, "%s", asker->region);
		return asker->region[0] != '\0';
	case LIMIT_SITE_HOUR:
		snprintf(ret_of, size, "all");
		return true;
	case LIMIT_COUNT:
		break;
	}
	return false;
}

size_t
velocity_limits(const struct policy *policy, const struct velocity_asker *asker,
    struct velocity_limit ret_limits[LIMIT_COUNT])
{
	char network[NETWORK_SIZE] = "", of[KEY_SIZE - 32];
	size_t count = 0;

	if (!network_of_visitor(asker->address, network))
		network[0] = '\0';
	for (int i = 0; i < LIMIT_COUNT; i++) {
		struct velocity_limit *limit = &ret_limits[count];

		if (policy->limits[i] == 0 || !name_of((enum velocity)i, asker,
		    network, of, sizeof(of)))
			continue;
		snprintf(limit->key, sizeof(limit->key), "limit:%s:%s",
		    limits[i].name, of);
		limit->emission_ms = limits[i].within_ms / policy->limits[i];
		CHECK(limit->emission_ms > 0);
		limit->patience_ms = limits[i].within_ms - limit->emission_ms;
		count++;
	}
	return count;
}

const char *
velocity_name(const char *key)
{
	for (int i = 0; i < LIMIT_COUNT; i++) {
		size_t length = strlen(limits[i].name);

		if (strncmp(key, "limit:", 6) == 0 &&
		    strncmp(key + 6, limits[i].name, length) == 0 &&
		    key[6 + length] == ':')
			return limits[i].name;
	}
	return "";
}
