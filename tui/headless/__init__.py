"""The commands for scripts: data to standard output, everything else to standard error."""
