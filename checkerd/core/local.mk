# libcore.la: pure decisions. Its unit tests are declared here too.
