"""What a discovery answers: plain records that know nothing of how they were found."""
