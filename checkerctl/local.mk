# checkerctl
