providersdir = $(pkgdatadir)/providers
dist_providers_DATA = config/providers/sandbox.conf config/providers/twilio.conf
# The example configuration finds what it names beside itself; the sandbox's too.
dist_pkgdata_DATA = config/callbackd.conf config/twilio.secret
scriptsdir = $(pkgdatadir)/scripts
dist_scripts_DATA = config/scripts/info.ru.txt config/scripts/delivery.ru.txt \
	config/scripts/directors.ru.txt
messagesdir = $(pkgdatadir)/messages
dist_messages_DATA = config/messages/ru.conf config/messages/en.conf
sandboxdir = $(pkgdatadir)/sandbox
dist_sandbox_DATA = config/sandbox/callbackd.conf config/sandbox/demo.conf \
	config/sandbox/phones.conf
