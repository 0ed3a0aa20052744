# libcontrol.la: the Varlink server. Its unit tests are declared here too.
