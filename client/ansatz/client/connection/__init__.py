"""Reaches a server: channel, credentials, patience with outages, traces."""
