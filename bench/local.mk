# What is measured, and against what. Each bench is bench/NAME.py, or NAME.c
# where it needs no running daemon; the programs they are made of lie in bench/parts.
EXTRA_DIST += bench/demo.py bench/latency.py bench/dispatch.py bench/lifecycle.py bench/intake.py \
	bench/burst.py bench/memory.py bench/parts/rig.py bench/parts/stub.conf
noinst_PROGRAMS += bench/parts/stub bench/parts/load bench/parts/loop bench/parts/order bench/schedule \
	bench/night
bench_schedule_SOURCES = bench/schedule.c bench/parts/queue_sim.c bench/parts/queue_sim.h
bench_schedule_LDADD = $(LIBCALLBACK_LIBS)
bench_night_SOURCES = bench/night.c bench/parts/night_sim.c bench/parts/night_sim.h
bench_night_LDADD = $(LIBCALLBACK_LIBS)
bench_parts_order_SOURCES = bench/parts/order.c
bench_parts_order_LDADD = $(LIBCALLBACK_LIBS)
bench_parts_stub_SOURCES = bench/parts/stub.c
bench_parts_stub_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS)
bench_parts_stub_LDADD = $(EVENT_LIBS)

BENCH_CPPFLAGS = $(AM_CPPFLAGS) -Idaemon $(EVENT_CFLAGS) $(CURL_CFLAGS) $(HIREDIS_CFLAGS) \
	$(CONFIG_CFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS)
BENCH_LIBS = $(LIBCALLBACK_LIBS) $(EVENT_LIBS) $(CURL_LIBS) $(HIREDIS_LIBS) $(CONFIG_LIBS) \
	$(JANSSON_LIBS) $(CRYPTO_LIBS)
BENCH_SOURCES = bench/parts/world.c bench/parts/world.h
bench_parts_load_SOURCES = bench/parts/load.c $(BENCH_SOURCES)
bench_parts_load_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_parts_load_LDADD = $(LIBDAEMON) $(BENCH_LIBS)
bench_parts_loop_SOURCES = bench/parts/loop.c $(BENCH_SOURCES)
bench_parts_loop_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_parts_loop_LDADD = $(LIBDAEMON) $(BENCH_LIBS)
bench/parts/load-load.$(OBJEXT): daemon/scripts.h
bench/parts/loop-loop.$(OBJEXT): daemon/scripts.h
