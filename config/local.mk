providersdir = $(pkgdatadir)/providers
dist_providers_DATA = config/providers/sandbox.conf config/providers/twilio.conf
# The example configuration finds what it names beside itself; the sandbox's too.
dist_pkgdata_DATA = config/callbackd.conf config/twilio.secret
scriptsdir = $(pkgdatadir)/scripts
dist_scripts_DATA = config/scripts/info.ru.txt config/scripts/delivery.ru.txt \
	config/scripts/directors.ru.txt
sandboxdir = $(pkgdatadir)/sandbox
dist_sandbox_DATA = config/sandbox/callbackd.conf config/sandbox/demo.conf \
	config/sandbox/phones.conf
asteriskdir = $(pkgdatadir)/asterisk
dist_asterisk_DATA = config/asterisk/queue.conf
