"""The command line: parse, dispatch, print, exit. It is the only place that prints or exits."""
