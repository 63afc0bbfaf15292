# Every test is a program of its own; `make check` runs those listed in TESTS.
# Pattern:  check_PROGRAMS += tests/unit/NAME
#           tests_unit_NAME_SOURCES = tests/unit/NAME.c
#           tests_unit_NAME_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
#           tests_unit_NAME_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
if HAVE_CMOCKA
UNIT_TESTS =
UNIT_TESTS += tests/unit/http
tests_unit_http_SOURCES = tests/unit/http.c
tests_unit_http_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(EVENT_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_http_LDADD = $(LIBNET_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/log
tests_unit_log_SOURCES = tests/unit/log.c daemon/log.c daemon/log.h
tests_unit_log_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(EVENT_CFLAGS)
tests_unit_log_LDADD = $(EVENT_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/text
tests_unit_text_SOURCES = tests/unit/text.c
tests_unit_text_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_text_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/phone
tests_unit_phone_SOURCES = tests/unit/phone.c
tests_unit_phone_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_phone_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/intake
tests_unit_intake_SOURCES = tests/unit/intake.c
tests_unit_intake_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_intake_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
