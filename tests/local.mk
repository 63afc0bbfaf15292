# Every test is a program of its own; `make check` runs those listed in TESTS.
# Pattern:  check_PROGRAMS += tests/unit/NAME
#           tests_unit_NAME_SOURCES = tests/unit/NAME.c
#           tests_unit_NAME_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
#           tests_unit_NAME_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
if HAVE_CMOCKA
UNIT_TESTS =
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
