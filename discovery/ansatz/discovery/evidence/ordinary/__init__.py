"""Ordinary laws: a dictionary of the families that measured data are usually described by, with what each costs."""
