# libconfig.la: reads and prints the configuration. Its unit tests are declared here too.
