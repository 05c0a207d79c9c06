"""`ansatz discover`: what is asked, the kind of observations, and a module for each kind."""
