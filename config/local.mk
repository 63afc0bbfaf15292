providersdir = $(pkgdatadir)/providers
dist_providers_DATA = config/providers/sandbox.conf config/providers/twilio.conf
