/* SPDX-License-Identifier: MIT */
/* velocity and network: what a stranger's request is counted by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/check.h"
#include "lib/velocity.h"

static void
visitors_count_as_networks(void **state)
{
	static const struct { const char *address, *network; } cases[] = {
		{ "198.51.100.7", "198.51.100.7" },
		{ "::ffff:198.51.100.7", "198.51.100.7" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
		{ "2001:db8:1:2::1", "2001:db8:1:2::/64" },
		{ "2001:0DB8:0001:0002::ffff", "2001:db8:1:2::/64" },
		{ "127.0.0.1", NULL }, { "::1", NULL }, { "::", NULL },
		{ "10.1.2.3", NULL }, { "172.16.0.1", NULL },
		{ "172.32.0.1", "172.32.0.1" }, { "192.168.1.1", NULL },
		{ "100.64.0.1", NULL }, { "169.254.1.1", NULL },
		{ "fe80::1", NULL }, { "fd00::1", NULL }, { "0.0.0.0", NULL },
		{ "::ffff:10.0.0.1", NULL }, { "255.255.255.255", NULL },
		{ "", NULL }, { "unknown", NULL }, { "1.2.3", NULL },
		{ "1.2.3.4/8", NULL }, { "fe80::1%eth0", NULL },
		{ "198.51.100.7:80", NULL },
	};
	char network[NETWORK_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(network_of_visitor(cases[i].address, network),
		    cases[i].network != NULL);
		if (cases[i].network != NULL)
			assert_string_equal(network, cases[i].network);
	}
}

static void
networks_are_compared_by_bits(void **state)
{
	static const char *const wrong[] = { "", "10.0.0.0/0", "10.0.0.0/33",
		"10.0.0.0/", "10.0.0.0/8x", "10.0.0/8", "::/129", "::/0", "x",
		"10.0.0.0/0008",
		"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_false(network_is_valid(wrong[i]));
	assert_true(network_is_valid("2001:db8::/32"));
	assert_true(network_has("10.0.0.0/8", "10.255.1.2"));
	assert_false(network_has("10.0.0.0/8", "11.0.0.0"));
	assert_true(network_has("10.0.0.0/9", "10.127.0.1"));
	assert_false(network_has("10.0.0.0/9", "10.128.0.1"));
	assert_true(network_has("192.0.2.1", "::ffff:192.0.2.1"));
	assert_false(network_has("192.0.2.1", "192.0.2.2"));
	assert_true(network_has("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(network_has("2001:db8::/33", "2001:db8:8000::1"));
	assert_false(network_has("10.0.0.0/8", "no address"));
}

static void
hops_are_read(void **state)
{
	static const struct { const char *text, *address; } cases[] = {
		{ "198.51.100.7", "198.51.100.7" },
		{ " \t198.51.100.7 ", "198.51.100.7" },
		{ "198.51.100.7:4711", "198.51.100.7" },
		{ "[2001:db8::1]:4711", "2001:db8::1" },
		{ "[2001:db8::1]", "2001:db8::1" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "", NULL }, { " ", NULL }, { "[", NULL }, { "[]", NULL },
		{ "unknown", NULL }, { ":", NULL }, { ":::", NULL },
		{ "198.51.100.7 198.51.100.8", NULL },
	};
	char address[NETWORK_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(network_hop(cases[i].text,
		    strlen(cases[i].text), address), cases[i].address != NULL);
		if (cases[i].address != NULL)
			assert_string_equal(address, cases[i].address);
	}
}

static void
limits_count_by_what_is_known(void **state)
{
	struct policy policy = { .limits = { [LIMIT_NUMBER_DAY] = 3,
		[LIMIT_PREFIX_HOUR] = 20, [LIMIT_ADDRESS_DAY] = 30,
		[LIMIT_COUNTRY_ADDRESS_DAY] = 5, [LIMIT_SITE_HOUR] = 600 } };
	struct velocity_asker asker = { .phone = "+79161234567",
		.region = "RU", .address = "2001:db8:1:2::9" };
	struct velocity_limit limits[LIMIT_COUNT];

	(void)state;
	assert_int_equal(velocity_limits(&policy, &asker, limits), 5);
	assert_string_equal(limits[0].key, "limit:number_day:+79161234567");
	assert_int_equal(limits[0].emission_ms, 8 * 3600000);
	assert_int_equal(limits[0].patience_ms, 16 * 3600000);
	assert_string_equal(limits[1].key, "limit:prefix_hour:+7916123");
	assert_string_equal(limits[2].key,
	    "limit:address_day:2001:db8:1:2::/64");
	assert_string_equal(limits[3].key,
	    "limit:country_address_day:RU:2001:db8:1:2::/64");
	assert_string_equal(limits[4].key, "limit:site_hour:all");
	assert_string_equal(velocity_name(limits[3].key),
	    "country_address_day");
	assert_string_equal(velocity_name("limit:line:+7916"), "");

	/* One at a time: no patience at all. */
	policy.limits[LIMIT_NUMBER_DAY] = 1;
	velocity_limits(&policy, &asker, limits);
	assert_int_equal(limits[0].patience_ms, 0);

	asker.address = "10.0.0.1";
	assert_int_equal(velocity_limits(&policy, &asker, limits), 3);
	asker.is_their_phone = true;
	assert_int_equal(velocity_limits(&policy, &asker, limits), 2);
	assert_string_equal(limits[0].key, "limit:prefix_hour:+7916123");
	memset(policy.limits, 0, sizeof(policy.limits));
	assert_int_equal(velocity_limits(&policy, &asker, limits), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(visitors_count_as_networks),
		cmocka_unit_test(networks_are_compared_by_bits),
		cmocka_unit_test(hops_are_read),
		cmocka_unit_test(limits_count_by_what_is_known),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
