# faulty disks and the tests on them
