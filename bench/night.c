/* SPDX-License-Identifier: MIT */
/*
 * night: thirty people ask while it is closed, and a day follows. How many
 * promises are kept when each of the thirty is given a slot, and how many when
 * all are promised a call at the opening. The last line is JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/parts/night_sim.h"
#include "lib/check.h"

#define MINUTE_MS INT64_C(60000)

static uint64_t seed = 1;
static size_t nights = 200;

static const struct {
	int specialists;
	double rho;
} rows[] = {
    {2, .5},
    {2, .6},
    {2, .7},
    {3, .5},
    {3, .6},
    {3, .7},
    {3, .8},
    {5, .5},
    {5, .6},
    {5, .7},
    {5, .8},
    {5, .9},
    {10, .7},
    {10, .8},
    {10, .9},
};

static double
percent(size_t part, size_t whole)
{
	return whole == 0 ? 100 : 100. * (double)part / (double)whole;
}

static void
print_cells(const struct night_result *result)
{
	printf(" | %5.1f %5.1f %5.1f %5.1f %5.1f", 100 * night_kept(result),
	    percent(result->night.kept, result->night.promises),
	    percent(result->night.to_the_minute, result->night.promises),
	    percent(result->day.kept, result->day.promises),
	    (double)result->last_promise_ms / (60 * MINUTE_MS));
}

static void
usage(void)
{
	fprintf(stderr, "usage: night [--seed N] [--nights N]\n");
	exit(64);
}

static void
read_arguments(int argc, char **argv)
{
	for (int i = 1; i < argc; i += 2) {
		char *end;
		unsigned long long value;

		if (i + 1 == argc || argv[i + 1][0] == '-')
			usage();
		value = strtoull(argv[i + 1], &end, 10);
		if (*end != '\0' || end == argv[i + 1])
			usage();
		if (strcmp(argv[i], "--seed") == 0)
			seed = value;
		else if (strcmp(argv[i], "--nights") == 0 && value > 0)
			nights = (size_t)value;
		else
			usage();
	}
}

int
main(int argc, char **argv)
{
	struct night_result slots[COUNT_OF(rows)], opening[COUNT_OF(rows)];

	read_arguments(argc, argv);
	printf(
	    "seed %" PRIu64 ", %zu nights each; 30 requests a night, window "
	    "15 min, slots 30 min,\nshare 0.5, handling 6 min, open 9 to 18; "
	    "percent of promises kept (a slot: +5 min;\nexact: without), and "
	    "hours until the last promise of the night\n\n",
	    seed, nights);
	printf("         | %-29s | all at the opening\n", "slots");
	printf("%3s %4s  | %5s %5s %5s %5s %5s | %5s %5s %5s %5s %5s\n", "c",
	    "load", "all", "night", "exact", "day", "last", "all", "night",
	    "exact", "day", "last");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct night_plan plan = {.rule = NIGHT_SLOTS,
		    .specialists = rows[i].specialists,
		    .requests = 30,
		    .rho = rows[i].rho,
		    .handling_ms = 6 * MINUTE_MS,
		    .share = .5,
		    .nights = nights,
		    .seed = seed};

		slots[i] = night_run(&plan);
		plan.rule = NIGHT_OPENING;
		opening[i] = night_run(&plan);
		printf("%3d %4.2f ", rows[i].specialists, rows[i].rho);
		print_cells(&slots[i]);
		print_cells(&opening[i]);
		printf("\n");
	}
	printf("{\"cells\":[");
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		printf("%s{\"c\":%d,\"rho\":%.2f,\"slots\":%.4f,"
		       "\"opening\":%.4f}",
		    i == 0 ? "" : ",", rows[i].specialists, rows[i].rho,
		    night_kept(&slots[i]), night_kept(&opening[i]));
	printf("]}\n");
	return 0;
}
