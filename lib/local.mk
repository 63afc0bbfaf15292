# libcallback: the pure core. No I/O, no clock, no sockets, no logging.
noinst_LIBRARIES += lib/libcallback.a
lib_libcallback_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS) $(CONFIG_CFLAGS)
lib_libcallback_a_SOURCES =
if WITH_LIBPHONENUMBER
lib_libcallback_a_SOURCES += lib/phone.h lib/phone_libphonenumber.cc
else
lib_libcallback_a_SOURCES += lib/phone.h lib/phone_plain.c
endif
LIBCALLBACK = lib/libcallback.a
LIBCALLBACK_LIBS = $(LIBCALLBACK) $(PHONE_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS) $(CONFIG_LIBS)
