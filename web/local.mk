# Pages of the daemon; web/phones is the sandbox's.
