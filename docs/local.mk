# What is read by people; the contract's examples are run by tests/e2e.
dist_doc_DATA = docs/redis.md docs/http.md docs/reliability.md docs/providers.md docs/phone-queue.md \
	docs/asterisk.md docs/freeswitch.md \
	docs/messages.md docs/cases.md docs/abuse.md docs/request.schema.json
