/* SPDX-License-Identifier: MIT */
/*
 * How much the daemon's order keeps of what can be kept at all: its on-time share
 * beside that of the order of arrival, of the earliest deadline, and of the best
 * that any order can reach; with the second promise off and at 60 minutes. And
 * whether the probability said to each who asked was true.
 *
 * usage: schedule [--seed N] [--requests N]
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/parts/queue_sim.h"
#include "lib/check.h"
#include "lib/erlang.h"

#define MINUTE_MS INT64_C(60000)
#define HANDLING_MS (6 * MINUTE_MS)
#define WINDOW_MS (10 * MINUTE_MS)
#define PLOT "build/bench/schedule.svg"

static const int teams[] = { 3, 5, 10, 20 };
static const double loads[] = { .7, .8, .85, .9, .95, 1, 1.1 };

enum {
	TEAMS = COUNT_OF(teams), LOADS = COUNT_OF(loads),
	SAID_MIN = 2000,        /* fewer in a tenth are left to chance */
	PLOT_ROWS = 20,
};

struct cell {
	double ours, with_second, fifo, edf, bound;
	int64_t longest_ms, longest_with_second_ms, longest_fifo_ms;
};

static uint64_t seed = 1;
static size_t requests = 200000;
static struct cell one[TEAMS][LOADS], two[TEAMS][LOADS];
static struct sim_decile deciles[SIM_DECILES];
static double range_sum;

/* ---- measuring */

static void
add_deciles(const struct sim_result *result)
{
	for (size_t i = 0; i < SIM_DECILES; i++) {
		const struct sim_decile *more = &result->deciles[i];

		deciles[i].count += more->count;
		deciles[i].said += more->said * (double)more->count;
		deciles[i].kept += more->kept * (double)more->count;
	}
	range_sum += result->in_range;
}

static struct cell
measure(int specialists, double rho, bool is_mixed)
{
	struct sim_plan plan = {
		.order = ORDER_OURS, .specialists = specialists, .rho = rho,
		.handling_ms = HANDLING_MS, .window_ms = { WINDOW_MS },
		.window_count = 1, .requests = requests, .seed = seed,
		.expects = !is_mixed,
	};
	struct sim_result result;
	struct cell cell;

	if (is_mixed) {
		plan.window_ms[0] = 5 * MINUTE_MS;
		plan.window_ms[1] = 15 * MINUTE_MS;
		plan.window_count = 2;
	}
	result = sim_run(&plan);
	if (plan.expects)
		add_deciles(&result);
	plan.expects = false;
	cell.ours = result.on_time;
	cell.longest_ms = result.longest_ms;
	plan.late_ms = 60 * MINUTE_MS;
	result = sim_run(&plan);
	cell.with_second = result.on_time;
	cell.longest_with_second_ms = result.longest_ms;
	plan.late_ms = 0;
	plan.order = ORDER_FIFO;
	result = sim_run(&plan);
	cell.fifo = result.on_time;
	cell.longest_fifo_ms = result.longest_ms;
	plan.order = ORDER_EDF;
	cell.edf = sim_run(&plan).on_time;
	plan.order = ORDER_DROP;
	/* No closed form knows two windows: there the best order is run. */
	cell.bound = is_mixed ? sim_run(&plan).on_time :
	    erlang_best_on_time(specialists, specialists * rho,
	        (double)WINDOW_MS / HANDLING_MS);
	return cell;
}

/* ---- showing */

static void
print_table(const char *title, struct cell cells[TEAMS][LOADS])
{
	printf("\n%s\n%3s %5s %7s %7s %7s %7s %7s | %6s %9s %9s\n", title, "c",
	    "load", "bound", "ours", "2nd 60", "EDF", "FIFO", "ours",
	    "2nd 60", "FIFO");
	for (size_t t = 0; t < TEAMS; t++) {
		for (size_t l = 0; l < LOADS; l++) {
			const struct cell *cell = &cells[t][l];

			printf("%3d %5.2f %7.4f %7.4f %7.4f %7.4f %7.4f | "
			    "%6.0f %9.0f %9.0f\n", teams[t], loads[l],
			    cell->bound, cell->ours, cell->with_second,
			    cell->edf, cell->fifo,
			    (double)cell->longest_ms / MINUTE_MS,
			    (double)cell->longest_with_second_ms / MINUTE_MS,
			    (double)cell->longest_fifo_ms / MINUTE_MS);
		}
	}
}

static void
mark(char *row, double share, int level, char sign, size_t at)
{
	if ((int)(share * PLOT_ROWS + .5) == level)
		row[at] = sign;
}

static void
print_plot(size_t team)
{
	printf("\non-time share, c = %d   - bound  o ours  2 with the second "
	    "promise  f FIFO\n", teams[team]);
	for (int level = PLOT_ROWS; level >= 0; level--) {
		char row[LOADS * 9 + 1];

		memset(row, ' ', sizeof(row) - 1);
		row[sizeof(row) - 1] = '\0';
		for (size_t l = 0; l < LOADS; l++) {
			const struct cell *cell = &one[team][l];

			mark(row, cell->bound, level, '-', l * 9 + 2);
			mark(row, cell->ours, level, 'o', l * 9 + 3);
			mark(row, cell->with_second, level, '2', l * 9 + 4);
			mark(row, cell->fifo, level, 'f', l * 9 + 5);
		}
		printf("%4d %% |%s\n", level * 100 / PLOT_ROWS, row);
	}
	printf("%8s", "load ");
	for (size_t l = 0; l < LOADS; l++)
		printf("%6.2f   ", loads[l]);
	printf("\n");
}

static void
draw_line(FILE *file, const char *colour, size_t team, size_t offset)
{
	fprintf(file, "<polyline fill=\"none\" stroke=\"%s\" "
	    "stroke-width=\"2\" points=\"", colour);
	for (size_t l = 0; l < LOADS; l++) {
		double share = *(const double *)(const void *)
		    ((const char *)&one[team][l] + offset);

		fprintf(file, "%.1f,%.1f ",
		    60.0 + 340.0 * (double)(team % 2) +
		    (loads[l] - .7) * 650,
		    40.0 + 260.0 * (double)(team / 2) + (1 - share) * 200);
	}
	fprintf(file, "\"/>\n");
}

static void
draw_team(FILE *file, size_t team)
{
	double x = 60 + 340 * (double)(team % 2);
	double y = 40 + 260 * (double)(team / 2);

	fprintf(file, "<rect x=\"%.0f\" y=\"%.0f\" width=\"260\" "
	    "height=\"200\" fill=\"none\" stroke=\"#999\"/>\n"
	    "<text x=\"%.0f\" y=\"%.0f\">c = %d</text>\n"
	    "<text x=\"%.0f\" y=\"%.0f\">load 0.7</text>\n"
	    "<text x=\"%.0f\" y=\"%.0f\">1.1</text>\n"
	    "<text x=\"%.0f\" y=\"%.0f\">100 %%</text>\n"
	    "<text x=\"%.0f\" y=\"%.0f\">0 %%</text>\n", x, y, x + 8,
	    y + 190, teams[team], x, y + 216, x + 244, y + 216, x - 44,
	    y + 5, x - 30, y + 203);
	draw_line(file, "#888", team, offsetof(struct cell, bound));
	draw_line(file, "#06c", team, offsetof(struct cell, ours));
	draw_line(file, "#c60", team, offsetof(struct cell, with_second));
	draw_line(file, "#c00", team, offsetof(struct cell, fifo));
}

static void
draw(void)
{
	FILE *file;

	if ((mkdir("build", 0777) != 0 && errno != EEXIST) ||
	    (mkdir("build/bench", 0777) != 0 && errno != EEXIST) ||
	    (file = fopen(PLOT, "w")) == NULL) {
		perror(PLOT);
		exit(1);
	}
	fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
	    "width=\"690\" height=\"550\" font-family=\"sans-serif\" "
	    "font-size=\"12\">\n<rect width=\"690\" height=\"550\" "
	    "fill=\"#fff\"/>\n<text x=\"60\" y=\"22\">On-time share, window "
	    "10 min: <tspan fill=\"#888\">best of any order</tspan>, "
	    "<tspan fill=\"#06c\">ours</tspan>, <tspan fill=\"#c60\">ours "
	    "with a second promise</tspan>, <tspan fill=\"#c00\">order of "
	    "arrival</tspan></text>\n");
	for (size_t t = 0; t < TEAMS; t++)
		draw_team(file, t);
	fprintf(file, "</svg>\n");
	if (fclose(file) != 0) {
		perror(PLOT);
		exit(1);
	}
	printf("\nplot: %s\n", PLOT);
}

/* What was said and what came of it; the largest difference, in points. */
static double
print_calibration(void)
{
	double worst = 0;

	printf("\nprobability said, and share on time (one window, second "
	    "promise off)\n%9s %9s %9s\n", "requests", "said", "kept");
	for (size_t i = 0; i < SIM_DECILES; i++) {
		double count = (double)deciles[i].count;
		double said, kept, apart;

		if (count == 0)
			continue;
		said = deciles[i].said / count;
		kept = deciles[i].kept / count;
		apart = 100 * (said < kept ? kept - said : said - kept);
		printf("%9.0f %9.4f %9.4f%s\n", count, said, kept,
		    count < SAID_MIN ? "  (too few to tell)" : "");
		if (count >= SAID_MIN && apart > worst)
			worst = apart;
	}
	printf("at most %.2f points apart; %.1f %% of the calls began in the "
	    "range said\n", worst, 100 * range_sum / (TEAMS * LOADS));
	return worst;
}

static void
print_json(void)
{
	double worst = -100;

	for (size_t t = 0; t < TEAMS; t++) {
		for (size_t l = 0; l < LOADS; l++) {
			double gap = 100 * (one[t][l].bound - one[t][l].ours);

			if (teams[t] >= 5 && loads[l] <= .9 && gap > worst)
				worst = gap;
		}
	}
	printf("{\"worst_gap_points\":%.3f,\"cells\":[", worst);
	for (size_t t = 0; t < TEAMS; t++) {
		for (size_t l = 0; l < LOADS; l++) {
			const struct cell *cell = &one[t][l];

			printf("%s{\"c\":%d,\"rho\":%.2f,\"ours\":%.4f,"
			    "\"fifo\":%.4f,\"edf\":%.4f,\"bound\":%.4f}",
			    t + l == 0 ? "" : ",", teams[t], loads[l],
			    cell->ours, cell->fifo, cell->edf, cell->bound);
		}
	}
	printf("]}\n");
}

static void
usage(void)
{
	fprintf(stderr, "usage: schedule [--seed N] [--requests N]\n");
	exit(64);
}

int
main(int argc, char **argv)
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
		else if (strcmp(argv[i], "--requests") == 0 && value > 0)
			requests = (size_t)value;
		else
			usage();
	}
	printf("seed %" PRIu64 ", %zu requests a cell, handling 6 min\n", seed,
	    requests);
	for (size_t t = 0; t < TEAMS; t++) {
		for (size_t l = 0; l < LOADS; l++) {
			one[t][l] = measure(teams[t], loads[l], false);
			two[t][l] = measure(teams[t], loads[l], true);
		}
	}
	print_table("on-time share, window 10 min                   "
	    "| longest wait, min", one);
	print_table("windows 5 and 15 min, half each; bound: late ones "
	    "never called", two);
	for (size_t t = 0; t < TEAMS; t++)
		print_plot(t);
	print_calibration();
	draw();
	print_json();
	return 0;
}
