"""Files and feeds into layers: read in a child process, pure steps, checks, one load, a report."""
