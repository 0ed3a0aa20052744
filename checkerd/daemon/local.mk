# The daemon: main, loop, discovery, log, notify.
