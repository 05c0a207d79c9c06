"""Servers: a private one for a command, the programs of a server, checks of a machine and of a server that runs."""
