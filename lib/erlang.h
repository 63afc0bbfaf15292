/* SPDX-License-Identifier: MIT */
/*
 * erlang: what queueing theory says of identical specialists, Poisson arrivals and
 * exponential handling: how much is on time when served in the order of arrival,
 * and the most that any order can reach. Pure.
 *
 * In all of them `specialists` is at least 1; `load` is the offered work in erlang
 * (arrivals per mean handling time), above 0; `window` is the time until the call
 * must begin, in mean handling times. Shares are 0..1.
 */
#ifndef CALLBACKD_LIB_ERLANG_H
#define CALLBACKD_LIB_ERLANG_H

/*
 * Share that meets nobody free where nobody waits (Erlang B), by its recursion
 * B(0) = 1, B(k) = a B(k-1) / (k + a B(k-1)).
 * A. K. Erlang, Elektroteknikeren 13, 1917.
 */
double erlang_b(int specialists, double load);

/*
 * Share that must wait where everybody does (Erlang C), C = B / (1 - a/c (1 - B)).
 * 1 from load = specialists on: the queue then grows for ever. Same source.
 */
double erlang_c(int specialists, double load);

/*
 * On-time share in the order of arrival when everybody is called, however late:
 * 1 - C exp(-(c - a) x); 0 from load = specialists on. From the exponential wait of
 * those who wait in M/M/c: L. Kleinrock, Queueing Systems 1, 1975.
 */
double erlang_fifo_on_time(int specialists, double load, double window);

/*
 * The largest on-time share of any order with one common window: that of M/M/c+D,
 * where who has waited for the window is gone. With D = c - a, s = the sum of
 * p(j)/p(c-1) over j < c, I = a (1 - exp(-D x)) / D (a x where D is 0) and
 * L = a/c exp(-D x), L / (s + I + L) is missed. Any load.
 * D. Y. Barrer, Operations Research 5, 1957 (one server, and several); equal for
 * a < c to N. K. Boots and H. Tijms, Management Science 45, 1999. That no order
 * is better: S. S. Panwar, D. Towsley and J. K. Wolf, J. ACM 35, 1988.
 */
double erlang_best_on_time(int specialists, double load, double window);

/* Probability of at least that many events of a Poisson variable with that mean. */
double erlang_poisson(double mean, int count);

/*
 * Probability that a request begins within the window when all are busy and `ahead`
 * others go first, none of whom leaves: `ahead` + 1 talks must end, and they end as
 * a Poisson process of rate c. The queue-length predictor of W. Whitt, Management
 * Science 45, 1999.
 */
double erlang_promise(int specialists, double window, int ahead);

#endif
