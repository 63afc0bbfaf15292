# Targets for libFuzzer: built with --enable-fuzz and clang alone, by ./dev fuzz.
# Pattern:  FUZZ_TARGETS += tests/fuzz/NAME
#           tests_fuzz_NAME_SOURCES = tests/fuzz/NAME.c $(FUZZ_COMMON)
#           tests_fuzz_NAME_CPPFLAGS = $(FUZZ_CPPFLAGS)
#           tests_fuzz_NAME_LDADD = $(FUZZ_LIBS)
#           tests_fuzz_NAME_LDFLAGS = $(FUZZ_LINK)
# Seeds lie in tests/fuzz/corpus/NAME, inputs that found a bug in tests/fuzz/found/NAME.
FUZZ_TARGETS =
FUZZ_COMMON = tests/fuzz/fuzz.c tests/fuzz/fuzz.h
FUZZ_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) -DFUZZ_SOURCE='"$(abs_top_srcdir)"'
FUZZ_LIBS = $(LIBCALLBACK_LIBS)
FUZZ_LINK = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
FUZZ_TARGETS += tests/fuzz/intake
tests_fuzz_intake_SOURCES = tests/fuzz/intake.c $(FUZZ_COMMON)
tests_fuzz_intake_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_intake_LDADD = $(FUZZ_LIBS)
tests_fuzz_intake_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/phone
tests_fuzz_phone_SOURCES = tests/fuzz/phone.c $(FUZZ_COMMON)
tests_fuzz_phone_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_phone_LDADD = $(FUZZ_LIBS)
tests_fuzz_phone_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/record
tests_fuzz_record_SOURCES = tests/fuzz/record.c $(FUZZ_COMMON)
tests_fuzz_record_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_record_LDADD = $(FUZZ_LIBS)
tests_fuzz_record_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/text
tests_fuzz_text_SOURCES = tests/fuzz/text.c $(FUZZ_COMMON)
tests_fuzz_text_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_text_LDADD = $(FUZZ_LIBS)
tests_fuzz_text_LDFLAGS = $(FUZZ_LINK)
EXTRA_PROGRAMS += $(FUZZ_TARGETS)
EXTRA_DIST += tests/fuzz.sh tests/soak.sh tests/fuzz/corpus tests/fuzz/found
.PHONY: fuzz-targets fuzz-names
fuzz-targets: $(FUZZ_TARGETS)
fuzz-names:
	@echo $(FUZZ_TARGETS)
